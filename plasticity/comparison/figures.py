"""The figures of a run: what it learned, how, and where it errs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plasticity import plots
from plasticity.datasets.tasks import Task
from plasticity.learner import Learner
from plasticity.readout.metrics import confusion

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(learner: Learner, task: Task, result: Mapping, answers: np.ndarray, folder: Path) -> dict[str, Path]:
    """All figures that a rule and a task have: what it shows -> file. answers: places of classes, -1 for none."""
    figures = {name: make(learner, task, result, answers) for name, make in FIGURES.items()}
    return {name: plots.save(figure, folder / f"{name}.png") for name, figure in figures.items() if figure is not None}


def _fields(learner: Learner, task: Task, result: Mapping, answers: np.ndarray) -> Figure | None:
    if not hasattr(learner.trainer_, "reading") or task.form != "images" or len(task.image_shape) != 2:
        return None
    return plots.receptive_fields(learner.weights_, task.image_shape, learner.labels_)


def _curve(learner: Learner, task: Task, result: Mapping, answers: np.ndarray) -> Figure | None:
    if not any("running_accuracy" in line for line in learner.training_.history):
        return None
    return plots.learning_curve(learner.training_.history, result["accuracy"], result.get("accuracy_untrained"),
                                1 / max(len(task.classes), 1))


def _confusion(learner: Learner, task: Task, result: Mapping, answers: np.ndarray) -> Figure | None:
    if task.targets != "labels":
        return None
    return plots.confusion(confusion(task.test_y, answers, len(task.classes)), task.classes)


def _raster(learner: Learner, task: Task, result: Mapping, answers: np.ndarray) -> Figure | None:
    trainer = learner.trainer_
    if not hasattr(trainer, "trains"):
        return None
    return plots.raster(trainer.trains(learner.taken(task.test_x[:1])), trainer.model.network.dt,
                        title="First held-out sample")


def _window(learner: Learner, task: Task, result: Mapping, answers: np.ndarray) -> Figure | None:
    plastic = getattr(getattr(learner.trainer_, "model", None), "network", None)
    rule = plastic.plastic[0].rule if plastic is not None else None
    return None if rule is None or rule.reads or rule.signals else plots.stdp_window(rule)


#: name -> function of a fitted learner, its task, the result and the answers; None where there is nothing to draw
FIGURES: Mapping[str, Callable[..., Figure | None]] = {
    "receptive_fields": _fields, "learning_curve": _curve, "confusion": _confusion, "raster": _raster,
    "stdp_window": _window}
