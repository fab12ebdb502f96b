"""Inputs are tried in children of this process: one that crashes or never ends is counted, and the rest goes on."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from plasticity.errors import PlasticityError

CPU_SECONDS = 10  # of one input; more is a hang
WALL_SECONDS = 60  # the same for one that waits
#: what may become of an input -> whether that is a fault
KINDS: Mapping[str, bool] = MappingProxyType({
    "refused": False, "harmless": False, "accepted": True, "traceback": True, "crash": True, "hang": True})
_ENDS = {signal.SIGPROF: "hang", signal.SIGALRM: "hang"}


class Outcome(NamedTuple):
    """kind: of `KINDS`. said: the error, or what was accepted though its fault could be noticed."""

    kind: str
    said: str = ""


def outcome(do: Callable[[], str]) -> Outcome:
    """What becomes of a call. It answers what is wrong with what it made of its input; "" if nothing is."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wrong = do()
    except PlasticityError as error:
        return Outcome("refused", str(error)) if "\n" not in str(error) else Outcome("traceback", f"lines: {error}")
    except Exception as error:
        return Outcome("traceback", f"{type(error).__name__}: {error}"[:300])
    return Outcome("accepted", wrong) if wrong else Outcome("harmless")


def tried(do: Callable[[object], str], inputs: Sequence[object]) -> Iterator[Outcome]:
    """The outcome of each input, in order. do: a function of one input, see `outcome`."""
    place = 0
    while place < len(inputs):
        for found in _child(do, inputs[place:]):
            place += 1
            yield found


def _child(do: Callable[[object], str], inputs: Sequence[object]) -> Iterator[Outcome]:
    """Outcomes up to the first input that ends the child."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _try_all(do, inputs, writing)
    os.close(writing)
    done = 0
    with os.fdopen(reading, "rb") as answers:
        for found in _lines(answers, child):
            done += 1
            yield found
    _, status = os.waitpid(child, 0)
    if done < len(inputs):
        ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
        yield Outcome(_ENDS.get(ended, "crash"), f"signal {ended}" if ended else f"exit {os.WEXITSTATUS(status)}")


def _try_all(do: Callable[[object], str], inputs: Sequence[object], writing: int) -> None:
    """In the child: a line of JSON per input. It does not come back."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):  # what an input prints is not asked for
        os.dup2(null, stream)
    for each in inputs:
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        signal.alarm(WALL_SECONDS)
        found = outcome(lambda each=each: do(each))
        os.write(writing, json.dumps(found).encode() + b"\n")
    os._exit(0)


def _lines(answers, child: int) -> Iterator[Outcome]:
    ready = time.monotonic() + (WALL_SECONDS + CPU_SECONDS)
    pending = b""
    while True:
        if not select.select([answers], [], [], max(0.0, ready - time.monotonic()))[0]:
            os.kill(child, signal.SIGKILL)  # it does not even hear its alarm
            return
        piece = os.read(answers.fileno(), 65536)
        if not piece:
            return
        *whole, pending = (pending + piece).split(b"\n")
        for line in whole:
            ready = time.monotonic() + (WALL_SECONDS + CPU_SECONDS)
            yield Outcome(*json.loads(line))


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
