"""Processes that live on and take job after job: imports, compiled programs and loaded data are there for the next."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock

from plasticity.comparison.job import Job
from plasticity.errors import PlasticityError

_PROGRAM = ("import json, sys; sys.path[:] = json.loads(sys.argv[1]); from plasticity.comparison.worker import main; "
            "main(sys.argv[2], int(sys.argv[3]))")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")
#: freed memory of one arena can be given back whole, so that the next training's is counted whole
_MEMORY = {"MALLOC_ARENA_MAX": "1"}
KILLED = "killed"  # in an answer: whether a signal ended the process
LAST = 5.0  # s that a process has to end in by itself, once it answers no more


def packed(job: Job) -> bytes:
    """A job for another process: what a person's own program defines travels whole.

    Raises PlasticityError for an object that cannot.
    """
    import cloudpickle

    try:
        return cloudpickle.dumps(job)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise PlasticityError(f"rule {job.text!r} cannot be sent to another process ({error}); make it of functions "
                              "that a module defines, or name it as FILE.py:OBJECT") from None


class Worker:
    """One process that trains by `train`, "module:function", and writes what it prints while it starts to `log`."""

    def __init__(self, train: str, threads: int, log: Path):
        environment = {**_MEMORY, **os.environ, **dict.fromkeys(_THREADS, str(threads))}
        self.threads = threads
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, json.dumps(sys.path), train, str(os.getpid())], env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, start_new_session=True)

    def train(self, payload: bytes, log: Path) -> tuple[dict, bool]:
        """What a training answers, {"error": ...} if it failed; and whether this process should take no other."""
        try:
            pickle.dump((payload, self.threads, str(log)), self.process.stdin)
            self.process.stdin.flush()
            return pickle.load(self.process.stdout)
        except (EOFError, OSError, ValueError, pickle.UnpicklingError):
            code = self._code()
            return {"error": _last_words(code, log), KILLED: code < 0}, True

    def _code(self) -> int:
        try:
            return self.process.wait(LAST)
        except subprocess.TimeoutExpired:
            self.end()
            return self.process.wait()

    def end(self) -> None:
        """At once, with all that it has started."""
        with suppress(ProcessLookupError, PermissionError):  # it has ended; the latter where only its remains are there
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait()

    def close(self) -> None:
        self.end()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):  # of a job that it had not taken
                pipe.close()


class Pool:
    """At most so many workers at a time; one that ended is replaced when the next job comes. Leaving ends them all."""

    def __init__(self, at_once: int, train: str, threads: int = 1):
        self._at, self._lock, self._closed = (train, threads), Lock(), False
        self._workers: set[Worker] = set()
        self._idle: list[Worker] = []
        self._turns = ThreadPoolExecutor(at_once, thread_name_prefix="plasticity-compare")

    def submit(self, payload: bytes, log: Path) -> Future:
        """What `Worker.train` will answer first; what a signal has ended is done once more."""
        return self._turns.submit(self._twice, payload, log)

    def _twice(self, payload: bytes, log: Path) -> dict:
        answer = self._train(payload, log)
        if not answer.pop(KILLED, False):
            return answer
        again = self._train(payload, log)
        if again.pop(KILLED, False):
            return {"error": f"{answer['error']}; once more: {again['error']}"}
        return {**again, "before": answer["error"]}

    def _train(self, payload: bytes, log: Path) -> dict:
        worker = self._taken(log)
        answer, leaves = worker.train(payload, log)
        if leaves:
            worker.close()
        with self._lock:
            if leaves:
                self._workers.discard(worker)
            else:
                self._idle.append(worker)
        return answer

    def _taken(self, log: Path) -> Worker:
        with self._lock:
            if self._closed:
                raise PlasticityError("these workers have ended")
            worker = self._idle.pop() if self._idle else Worker(*self._at, log)
            self._workers.add(worker)
            return worker

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error) -> None:
        with self._lock:
            self._closed = True
            for worker in self._workers:
                worker.end()
        self._turns.shutdown(wait=True, cancel_futures=True)
        for worker in self._workers:
            worker.close()


def _last_words(code: int, log: Path) -> str:
    """Of a process that answered nothing."""
    if code < 0:
        return f"worker ended with signal {-code} ({signal.Signals(-code).name})"
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"worker ended with code {code}: {lines[-1].strip() if lines else 'no message'}"
