"""From what a person asks of a task to a learner: the same for a run and for a comparison."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from plasticity.comparison import settings
from plasticity.datasets.tasks import Task
from plasticity.learner import Learner
from plasticity.learner.asked import Asked
from plasticity.learner.experiment import experiment

#: arguments of `Learner` that a run or a comparison may set
ARGUMENTS = ("network", "rule", "encoder", "readout", "engine", "loss", "epochs", "batch", "lr", "optimizer",
             "schedule", "patience", "seed", "device", "dtype", "verbose")


def learner_of(task: Task, asked: Mapping[str, object], defaults: bool = True) -> Learner:
    """The learner of what is asked (None: nothing is said); what the task asks of its way of learning where it is not.

    defaults: whether the network of the task is taken for rules that learn in many (else the rule's usual one).
    Raises PlasticityError for what there is not, RefusedError for what does not fit together.
    """
    said = {name: value for name, value in asked.items() if name in ARGUMENTS and value is not None}
    nouns = {name: said[name] for name in ("network", "rule") if name in said}
    way = experiment(Asked(**nouns)).way.name
    options = dict(settings.of_task(task, way))
    if way == "method" and task.form != "images":
        options.pop("encoder", None)
    rate = settings.rate_of(said["rule"], None) if isinstance(said.get("rule"), str) else None
    if way in ("gradients", "method") and (rate is not None or way == "gradients"):
        options["lr"] = settings.RATE if rate is None else rate
    if "network" in said and way == "method" and said.get("rule") in (None, "backprop"):
        options["lr"] = settings.rate_of(str(said["network"]), None)
    return Learner(**{**options, **said})


def shaped(task: Task, x: np.ndarray) -> np.ndarray:
    """Samples of a task as a learner takes them: images in rows and columns."""
    return x.reshape(len(x), *task.image_shape) if task.form == "images" else x
