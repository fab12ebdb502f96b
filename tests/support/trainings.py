"""Trainings that take no time and no torch, and end in every way a training can end."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from types import MappingProxyType

from plasticity._utils.catalogue import parse
from plasticity.comparison.job import Job
from plasticity.errors import PlasticityError

TRAIN = "support.trainings:train"
#: how many trainings this process has seen
NUMBERS = count()


def train(job: Job) -> dict:
    """What the rule's name says, with its options."""
    call = parse(job.text)
    measured = BEHAVIOURS[call.name](**call.options)
    return {"accuracy": 0.5 + job.seed / 10, "train_seconds": 0.0, "pid": os.getpid(), "number": next(NUMBERS),
            **(measured or {})}


def built(job: Job) -> dict:
    """What a method's network is, for jobs whose rule is an object."""
    return {"accuracy": job.rule.build(20), "train_seconds": 0.0, "name": job.rule.name}


def steady(file: str = "") -> None:
    """Leaves a line in a file."""
    if file:
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write("trained\n")


def killed(once: str = "") -> None:
    """By signal 9; with a file's name only where that file is not there yet."""
    if _first(once):
        os.kill(os.getpid(), 9)


def _first(once: str) -> bool:
    """Whether it is always to be, or the file is not there yet, which then is."""
    if once and Path(once).exists():
        return False
    if once:
        Path(once).touch()
    return True


def sleeps(file: str, seconds: float = 60.0) -> None:
    """With a process of its own; both of their numbers are in a file."""
    child = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])
    _tell(file, f"{os.getpid()} {child.pid}")
    time.sleep(seconds)


def holds(file: str, seconds: int = 60) -> None:
    """In C code that lets no other thread run."""
    _tell(file, str(os.getpid()))
    ctypes.PyDLL(None).sleep(seconds)


def _tell(file: str, text: str) -> None:
    Path(f"{file}.growing").write_text(text, encoding="ascii")
    Path(f"{file}.growing").replace(file)


def crashes() -> None:
    ctypes.string_at(0)


def exhausts() -> None:
    raise MemoryError


def refuses() -> None:
    raise PlasticityError("the loss is\nnot finite")


def breaks() -> None:
    raise KeyError("weights")


def leaves(once: str = "") -> None:
    if _first(once):
        print("the last words")
        sys.exit(3)


def prints() -> None:
    """Into both streams, from Python and from C."""
    print("of Python")
    os.write(1, b"of C\n")
    print("of stderr", file=sys.stderr)


def answers_nothing_readable() -> dict:
    return {"thread": sys.stdin, "lambda": lambda: None}


def environment() -> dict:
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")}


BEHAVIOURS: Mapping[str, Callable] = MappingProxyType({each.__name__: each for each in (
    steady, killed, sleeps, holds, crashes, exhausts, refuses, breaks, leaves, prints, answers_nothing_readable,
    environment)})
