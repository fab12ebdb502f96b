"""From what a person asks of a task to a learner: the same for a run and for a comparison."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from plasticity.comparison import settings
from plasticity.datasets.tasks import Task
from plasticity.errors import PlasticityError
from plasticity.learner import Learner
from plasticity.learner.asked import Asked
from plasticity.learner.experiment import Experiment, experiment

_BEFORE = re.compile(r"(?P<name>layers|recurrent)-(?P<sizes>\d+(-\d+)*)")
#: arguments of `Learner` that a run or a comparison may set
ARGUMENTS = ("network", "rule", "encoder", "readout", "engine", "loss", "epochs", "batch", "lr", "optimizer",
             "schedule", "patience", "seed", "device", "dtype", "verbose", "augment")


def learner_of(task: Task, asked: Mapping[str, object]) -> Learner:
    """The learner of what is asked (None: nothing is said); what the task asks of its way of learning where it is not.

    Raises PlasticityError for what there is not, RefusedError for what does not fit together.
    """
    said = {name: value for name, value in asked.items() if name in ARGUMENTS and value is not None}
    if "network" in said:
        said["network"] = network_text(said["network"])
    made = _nouns(said)
    way, options = made.way.name, dict(settings.of_task(task, made.way.name))
    if way == "method" and made.rule.spikes:
        options["encoder"] = settings.of_task(task, "gradients")["encoder"]
    rate = settings.rate_of(said["rule"], None) if isinstance(said.get("rule"), str) else None
    if way in ("gradients", "method") and (rate is not None or way == "gradients"):
        options["lr"] = settings.RATE if rate is None else rate
    if "network" in said and way == "method" and said.get("rule") in (None, "backprop"):
        options["lr"] = settings.rate_of(str(said["network"]), None)
    _require_streams(task, options, said)
    return Learner(**{**options, **said})


def classes_of(task: Task) -> np.ndarray | None:
    """All classes of a task, where a label stands in every step, so that a few samples need not hold them all."""
    return np.arange(len(task.classes)) if task.targets == "labels per step" else None


def _require_streams(task: Task, options: Mapping[str, object], said: Mapping[str, object]) -> None:
    """Raises PlasticityError for a batch that is not that of a task's streams, which it would mix."""
    side_by_side = options.get("batch")
    if options.get("shuffle") is False and "encoder" not in said and said.get("batch", side_by_side) != side_by_side:
        raise PlasticityError(f"batch={said['batch']} would mix the streams of {task.name}, of which there are "
                              f"{side_by_side} side by side; take the task {task.name}(batch={said['batch']}) with it")


def way_of(asked: Mapping[str, object]) -> str:
    """The way of learning of what is asked."""
    return _nouns(asked).way.name


def _nouns(asked: Mapping[str, object]) -> Experiment:
    network = network_text(asked.get("network"))
    return experiment(Asked(network=network, rule=asked.get("rule")))


def network_text(network: object) -> object:
    """A network as it is written now: "layers-200-200" of before is "layers(200, 200)"."""
    found = _BEFORE.fullmatch(network) if isinstance(network, str) else None
    if found is None:
        return network
    now = f"{found['name']}({found['sizes'].replace('-', ', ')})"
    warnings.warn(f"network {network!r} is written {now!r} now; the old form goes with the next release",
                  DeprecationWarning, stacklevel=2)
    return now


def shaped(task: Task, x: np.ndarray) -> np.ndarray:
    """Samples of a task as a learner takes them."""
    return in_maps(x, task.form, task.image_shape)


def in_maps(x: np.ndarray, form: str, image_shape: Sequence[int]) -> np.ndarray:
    """Images in rows and columns, [samples, rows, columns], those in colour as three maps, [samples, 3, rows, columns],
    as convolutions take them; all else as it is. form, image_shape: as `Task` has them."""
    if form != "images":
        return x
    images = x.reshape(len(x), *image_shape)
    return images if images.ndim == 3 else np.moveaxis(images, -1, 1)
