"""A process that trains job after job, and ends with the process that started it; see `plasticity.comparison.workers`.

It imports nothing that takes time before the environment says how many threads there are. Jobs come in and answers go
out through pipes that nothing else writes to: what a training prints, compilers and C code included, goes to its log.
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import os
import pickle
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from plasticity.errors import PlasticityError

_PDEATHSIG = 1  # of prctl, in linux/prctl.h


def main(train: str, parent: int) -> None:
    """Trains what comes in by `train`, "module:function", until the pipe ends. parent: the process that started it."""
    requests, answers = _apart(0, os.O_RDONLY, "rb"), _apart(1, os.O_WRONLY, "wb")
    faulthandler.enable()
    _end_with(parent)
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    module, _, function = train.partition(":")
    function = getattr(importlib.import_module(module), function)
    for payload, threads, log in iter(waiting.get, None):
        _log_to(log)
        _limit(threads)
        answer, leaves = answered(function, payload)
        pickle.dump((answer, leaves), answers)
        answers.flush()
        if leaves:
            return


def answered(train: Callable[[object], Mapping], payload: bytes) -> tuple[dict, bool]:
    """What `train` says of a pickled job, or {"error": in one line}; and whether the process should end.

    It should after any error that the library does not know, memory that ran out included: nobody can say what state it
    left behind.
    """
    try:
        return dict(train(pickle.loads(payload))), False
    except PlasticityError as error:
        traceback.print_exc()
        return {"error": " ".join(str(error).split())}, False
    except Exception as error:
        traceback.print_exc()
        return {"error": " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")}, True


def _apart(number: int, mode: int, how: str) -> BinaryIO:
    """A standard stream for this process alone; whoever else reads or writes there, or is started, finds nothing."""
    kept = os.fdopen(os.dup(number), how)
    nothing = os.open(os.devnull, mode)
    os.dup2(2 if number == 1 else nothing, number)
    os.close(nothing)
    return kept


def _end_with(parent: int) -> None:
    """On Linux the kernel ends this process with its parent, whatever it is doing at that moment."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != parent:
        _end()


def _listen(requests: BinaryIO, waiting: queue.SimpleQueue) -> None:
    """Passes jobs on; the pipe ends when its other side is closed, or gone, and this process with it."""
    try:
        while True:
            waiting.put(pickle.load(requests))
    except (EOFError, OSError, pickle.UnpicklingError):
        _end()


def _end() -> None:
    """At once, with all that this process has started."""
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _log_to(path: str) -> None:
    """From now on both standard streams go there, those of C code too."""
    sys.stdout.flush()
    sys.stderr.flush()
    with Path(path).open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def _limit(threads: int) -> None:
    """The environment said so before they were imported; this also holds for what a training has changed."""
    for name in ("torch", "numba"):
        if name in sys.modules:
            sys.modules[name].set_num_threads(threads)
