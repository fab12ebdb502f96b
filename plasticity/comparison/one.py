"""One training, and what is measured of it.

peak_mb is the most memory that this process held while it learned, above what it held when libraries and data were
loaded and a few samples had been learned from by another learner of the same kind (which compiles what has to be
compiled, so that neither the compiler's memory nor its time is counted). Processes are kept for the next training, so
what the last one left behind is given back to the system before: room that is taken again counts again. On a GPU it is
the most memory of tensors there, above what was held before.
"""

from __future__ import annotations

import time
from functools import lru_cache

import numpy as np
import torch
from sklearn.base import clone

from plasticity._utils import memory
from plasticity.comparison.candidates import Candidate, candidate
from plasticity.comparison.job import Job
from plasticity.comparison.nouns import classes_of
from plasticity.datasets.tasks import Task
from plasticity.learner import goals
from plasticity.learner.health import overheard, quiet

COUNTED = 100  # held-out samples on which spikes and operations are counted
FIRST = 4  # samples of the training before the training


def train_one(job: Job) -> dict[str, object]:
    """Trains on the task's training part and answers what was measured; accuracy is that on the held-out part.
    warnings: what was said of the network meanwhile."""
    task = _loaded(job.task, job.train_samples, job.test_samples, job.validation)
    entrant = candidate(job, task)
    with quiet():
        _first(entrant, task)
    with overheard() as told:
        measured = _measured(job, entrant, task)
    return measured | {"warnings": told}


def _measured(job: Job, entrant: Candidate, task: Task) -> dict[str, object]:
    x = entrant.shaped(task.train_x)
    before = _start(job.device)
    begun = time.perf_counter()
    entrant.learner.fit(x, task.train_y, task.train_weight, classes=classes_of(task), **entrant.options)
    whole = time.perf_counter() - begun
    held = entrant.shaped(task.test_x)
    peak = _peak(job.device) - before
    begun = time.perf_counter()
    by_readout, _ = entrant.learner.read(held, task.test_y, task.test_weight)
    accuracy = next(iter(by_readout.values()))
    made = entrant.learner.described_.experiment
    return {"rule": job.text, "seed": job.seed, "network": entrant.network, "accuracy": accuracy,
            "score": goals.score_name(entrant.learner.described_.goal),
            "train_seconds": getattr(entrant.learner.training_, "seconds", whole), "fit_seconds": whole,
            "test_seconds": time.perf_counter() - begun, "peak_mb": peak, "epochs": made.epochs, "lr": made.lr,
            "train_samples": len(x), "test_samples": len(held),
            "held_out": task.held_out, "losses": getattr(entrant.learner, "losses_", None),
            **entrant.count(task.test_x[:COUNTED]), **entrant.learned()}


@lru_cache(maxsize=1)
def _loaded(task: str, train_samples: int | None, test_samples: int | None, validation: bool) -> Task:
    """The data of a job; the next one most often asks for the same."""
    return Job(task, "", train_samples=train_samples, test_samples=test_samples, validation=validation).load()


def _first(entrant: Candidate, task: Task) -> None:
    """A training on a few samples of two classes or more, of a copy."""
    chosen = np.unique(task.train_y, return_index=True)[1][:FIRST] if task.targets == "labels" else np.arange(FIRST)
    clone(entrant.learner).set_params(epochs=1).fit(entrant.shaped(task.train_x[chosen]), task.train_y[chosen])


def _start(device: str) -> float:
    """What is held now, in MB, without what was left behind."""
    memory.release()
    if device != "cpu":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device) / 2**20
    memory.forget_peak()
    return memory.rss_mb("VmRSS")


def _peak(device: str) -> float:
    return memory.rss_mb("VmHWM") if device == "cpu" else torch.cuda.max_memory_allocated(device) / 2**20
