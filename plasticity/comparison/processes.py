"""Runs jobs, each in a process of its own, so many at a time; what has finished stays on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from plasticity._utils.progress import progress
from plasticity._utils.stopping import stop_requests
from plasticity.comparison.candidates import Job
from plasticity.runs.files import read_json, write_json


def run_all(jobs: Sequence[Job], folder: Path, at_once: int = 1, say: Callable[[str], None] = lambda line: None,
            verbose: bool = False) -> list[dict]:
    """The results of all jobs, in their order. Those that `folder` holds already are not run again.

    The children of a call that Ctrl-C or a terminate signal stops are ended, and KeyboardInterrupt is raised; nothing
    of what they had not finished is kept.
    """
    places = [folder / "runs" / f"{number:03d}-{job.name}-seed{job.seed}" for number, job in enumerate(jobs)]
    waiting = [(job, place) for job, place in zip(jobs, places, strict=True) if not _result(place).exists()]
    running: dict[Path, subprocess.Popen] = {}
    with stop_requests() as stop, progress(len(jobs), len(jobs) - len(waiting), verbose) as advance:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    job, place = waiting.pop(0)
                    running[place] = _started(job, place)
                for place in [place for place, child in running.items() if child.poll() is not None]:
                    _ended(place, running.pop(place).returncode)
                    say(_line(read_json(_result(place))))
                    advance(1, place.name)
                if stop.asked:
                    raise KeyboardInterrupt
                time.sleep(0.05)
        finally:
            for child in running.values():
                child.terminate()
            for child in running.values():
                child.wait()
    return [read_json(_result(place)) for place in places]


def _result(place: Path) -> Path:
    return place / "result.json"


def _started(job: Job, place: Path) -> subprocess.Popen:
    place.mkdir(parents=True, exist_ok=True)
    write_json(place / "job.json", asdict(job))
    threads = str(job.threads)
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads, "NUMBA_NUM_THREADS": threads}
    with (place / "log.txt").open("w", encoding="utf-8") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "plasticity.comparison.one", str(place / "job.json"), str(_result(place))],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment, start_new_session=True)


def _ended(place: Path, code: int) -> None:
    """A child that died without a word has a result that says so."""
    if _result(place).exists():
        return
    job = json.loads((place / "job.json").read_text(encoding="utf-8"))
    said = (place / "log.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
    write_json(_result(place), {"rule": job["rule"], "seed": job["seed"],
                                "error": f"ended with code {code}: {said[-1] if said else 'no message'}"})


def _line(found: dict) -> str:
    name = f"{found['rule']}, seed {found['seed']}"
    if "error" in found:
        return f"{name} failed: {found['error']}"
    return f"{name}: {100 * found['accuracy']:.2f} % in {found['train_seconds']:.0f} s"
