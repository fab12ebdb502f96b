"""One training in a process of its own: `python -m plasticity.comparison.one JOB.json RESULT.json`.

Its own process, because memory can only be told apart where nothing else has run before. peak_mb is the most memory
that this process held while it learned, above what it held when libraries and data were loaded and a few samples had
been learned from by another learner of the same kind (which compiles what has to be compiled, so that neither the
compiler's memory nor its time is counted). On a GPU it is the most memory of tensors there, above what was held before.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.base import clone

from plasticity._utils import memory
from plasticity.comparison.candidates import Candidate, Job, candidate
from plasticity.datasets.tasks import Task
from plasticity.errors import PlasticityError
from plasticity.runs import write_json

COUNTED = 100  # held-out samples on which spikes and operations are counted
FIRST = 4  # samples of the training before the training


def train_one(job: Job) -> dict[str, object]:
    """Trains on the task's training part and answers what was measured; accuracy is that on the held-out part."""
    task = job.load()
    given = candidate(job, task)
    _first(given, task)
    x = given.shaped(task.train_x)
    before = _start(job.device)
    begun = time.perf_counter()
    given.learner.fit(x, task.train_y, **given.options)
    whole = time.perf_counter() - begun
    held = given.shaped(task.test_x)
    peak = _peak(job.device) - before
    begun = time.perf_counter()
    accuracy = float((given.learner.predict(held) == task.test_y).mean())
    return {"rule": job.rule, "seed": job.seed, "network": given.network, "accuracy": accuracy,
            "train_seconds": getattr(given.learner.training_, "seconds", whole), "fit_seconds": whole,
            "test_seconds": time.perf_counter() - begun, "peak_mb": peak, "epochs": given.learner.epochs,
            "lr": getattr(given.learner, "lr", None), "train_samples": len(x), "test_samples": len(held),
            "held_out": task.held_out, "losses": getattr(given.learner, "losses_", None),
            **given.count(task.test_x[:COUNTED]), **given.learned()}


def _first(given: Candidate, task: Task) -> None:
    """A training on a few samples of two classes or more, of a copy."""
    chosen = np.unique(task.train_y, return_index=True)[1][:FIRST]
    clone(given.learner).set_params(epochs=1).fit(given.shaped(task.train_x[chosen]), task.train_y[chosen])


def _start(device: str) -> float:
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device) / 2**20
    memory.forget_peak()
    return memory.held("VmRSS")


def _peak(device: str) -> float:
    return memory.held("VmHWM") if device == "cpu" else torch.cuda.max_memory_allocated(device) / 2**20


def main(job_file: str, result_file: str) -> int:
    """0: a result is written. 1: it says what went wrong, in one line."""
    job = Job(**json.loads(Path(job_file).read_text(encoding="utf-8")))
    torch.set_num_threads(job.threads)
    try:
        found = train_one(job)
    except (PlasticityError, MemoryError, RuntimeError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        found = {"rule": job.rule, "seed": job.seed, "error": " ".join(str(error).split())}
    write_json(Path(result_file), found)
    return int("error" in found)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
