"""Who takes part in a comparison: a learner of any rule, and what is counted of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from plasticity.comparison import counting
from plasticity.comparison.job import Job
from plasticity.comparison.nouns import learner_of, network_text, shaped
from plasticity.comparison.operations import AlignmentRecorder
from plasticity.datasets.tasks import Task
from plasticity.learner import Learner
from plasticity.learner.asked import Asked
from plasticity.learner.experiment import experiment

COMPARED = 32  # samples of a batch whose updates are compared with backpropagation's
LOOKS = 10  # how often in a training they are
#: what a job says of a learner
ASKED = ("network", "rule", "encoder", "engine", "epochs", "batch", "lr", "seed", "device", "augment")


@dataclass(frozen=True)
class Candidate:
    """A learner ready to fit. network: in words. count(x): what is counted on samples once it has learned. shaped:
    samples of the task as it takes them. options: of fit. learned: what is told of it after fit."""

    learner: Learner
    network: str | None
    count: Callable[[np.ndarray], Mapping[str, object]]
    shaped: Callable[[np.ndarray], np.ndarray] = lambda x: x
    options: Mapping[str, object] = field(default_factory=dict)
    learned: Callable[[], Mapping[str, object]] = dict


def candidate(job: Job, task: Task) -> Candidate:
    """The learner of a job, for a task. Raises PlasticityError for names and options that do not exist."""
    learner = learner_of(task, _said(job))
    made = experiment(learner._asked())
    words = made.words["network"] or ", ".join(f"{key}={value}" for key, value in made.rule.options.items())
    taking = partial(shaped, task)
    options, learned = _watched(learner, len(task.train_x)) if made.way.name == "gradients" else ({}, dict)
    return Candidate(learner, words, lambda x: counting.COUNT[made.way.name](learner, learner.taken(taking(x))),
                     taking, options, learned)


def _said(job: Job) -> dict[str, object]:
    """What the job says to its rule: an encoder, a batch and a step size only to rules that have them."""
    said = {name: getattr(job, name) for name in ASKED}
    made = experiment(Asked(rule=job.rule, network=network_text(job.network)))
    spikes = made.way.name == "gradients" or (made.way.name == "method" and made.rule.spikes)
    unheard = () if made.way.learned else ("batch", "lr")
    return {name: value for name, value in said.items() if name not in (*unheard, *(() if spikes else ("encoder",)))}


def _watched(learner: Learner, samples: int) -> tuple[dict[str, object], Callable[[], dict[str, object]]]:
    """What `fit` is given, and what is told afterwards, so that updates are held against backpropagation's."""
    updates = learner.epochs * -(-samples // learner.batch)
    recorder = AlignmentRecorder(learner, max(1, updates // LOOKS), most=COMPARED)

    def learned() -> dict[str, object]:
        means = recorder.mean()
        return {"update_cosine": float(np.mean([cosine for cosine, _ in means.values()])) if means else None,
                "update_alignment": {name: {"cosine": cosine, "norm": norm} for name, (cosine, norm) in means.items()}}

    return {"callback": recorder}, learned
