"""What is learned towards: classes, or values; and how well that is done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity.errors import PlasticityError
from plasticity.learner import by_step, health, labels
from plasticity.learner.targets import Targets
from plasticity.learner.trainer import Trainer
from plasticity.readout.answers import probabilities, share, softmax
from plasticity.readout.losses import LOSSES, LossKind, kind_of

no_answer = labels.no_answer


@dataclass(frozen=True)
class Goal:
    """classes: the labels in order; None where targets are values or nothing is known. outputs: how many numbers the
    network answers; 0 without targets. by_step: whether each step has a target. kind: of the loss; None for a
    person's own, and where none is minimised. single: whether values are one number per sample, [samples]."""

    classes: np.ndarray | None
    outputs: int
    by_step: bool = False
    kind: LossKind | None = None
    single: bool = False


def goal_of(experiment, y, n_samples: int, announced=None) -> tuple[Goal, np.ndarray]:
    """The goal that targets tell of, and the targets as numbers."""
    if y is None:
        if experiment.way.learned:
            name = "this rule" if experiment.rule is None else experiment.rule.name
            raise PlasticityError(f"{name} requires y to be passed, but the target y is None: it learns from labels")
        return Goal(None, 0), np.zeros(n_samples, np.int64)
    kind = _kind(experiment)
    if _values(experiment, kind, y):
        values = as_values(y, n_samples)
        return Goal(None, values.shape[-1], values.ndim == 3, kind, np.asarray(y).ndim == 1), values
    array = np.asarray(y)
    steps = experiment.way.name == "gradients" and array.ndim == 2 and array.shape[1] > 1 and array.dtype.kind in "iu"
    given = labels.as_labels(array.reshape(-1) if steps else y, array.size if steps else n_samples)
    classes = labels.classes_of(given, announced)
    numbers = labels.numbered(given, classes)
    return Goal(classes, len(classes), steps, kind), numbers.reshape(array.shape) if steps else numbers


def _kind(experiment) -> LossKind | None:
    """What the loss takes; cross-entropy where none is named."""
    if experiment.way.name != "gradients":
        return None
    loss = experiment.asked.loss
    if loss is None:
        return LOSSES["cumulative_cross_entropy" if experiment.readouts[0].outputs else "cross_entropy"]
    return kind_of(loss)


def of_values(experiment) -> bool:
    """Whether the loss takes numbers for targets, and no labels."""
    kind = _kind(experiment)
    return kind is not None and not kind.labels


def has_chances(experiment) -> bool:
    """Whether answers have probabilities: those of labels, or where the loss gives outputs that meaning."""
    return not of_values(experiment) or bool(_kind(experiment).chance)


def _values(experiment, kind: LossKind | None, y) -> bool:
    """Whether targets are numbers, not classes: the loss says so, or, of a person's own, their type."""
    if experiment.way.name != "gradients":
        return False
    array = np.asarray(y)
    if kind is None:
        return array.dtype.kind == "f"
    return not kind.labels or (array.dtype.kind == "f" and array.ndim == 3)


def values_of(goal: Goal, y, n_samples: int) -> np.ndarray:
    """Targets as numbers, for a goal that is known."""
    if goal.outputs == 0:
        return np.zeros(n_samples, np.int64)
    if goal.classes is None:
        values = as_values(y, n_samples)
        if values.shape[-1] != goal.outputs:
            raise PlasticityError(f"y holds {values.shape[-1]} values, the network was built for {goal.outputs}")
        return values
    if goal.by_step:
        array = np.asarray(y)
        if array.ndim != 2 or len(array) != n_samples:
            raise PlasticityError(f"y must hold a label for each step, [samples, steps] with {n_samples} samples, got "
                                  f"shape {array.shape}")
        return labels.numbered(labels.as_labels(array.reshape(-1), array.size), goal.classes).reshape(array.shape)
    return labels.numbered(labels.as_labels(y, n_samples), goal.classes)


def as_numbers(values: np.ndarray) -> np.ndarray:
    """Objects as numbers, where they are some; all else as it is."""
    try:
        return values.astype(np.float64) if values.dtype.kind == "O" else values
    except (TypeError, ValueError):
        return values


def as_values(y, n_samples: int) -> np.ndarray:
    """Finite numbers [samples, n] or [samples, steps, n]. Raises PlasticityError for anything else."""
    values = as_numbers(np.asarray(y))
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2, 3) or len(values) != n_samples:
        raise PlasticityError(f"y must hold numbers, [samples, n] or [samples, steps, n] with {n_samples} samples, got "
                              f"{values.dtype} of shape {values.shape}")
    values = values.astype(np.float32 if values.dtype.kind != "f" else values.dtype)
    if not np.isfinite(values).all():
        raise PlasticityError("y holds NaN or infinity; give steps without a target the weight 0 and any number")
    return values[:, None] if values.ndim == 1 else values


def answers(goal: Goal, trainer: Trainer, x: np.ndarray) -> np.ndarray:
    """Labels, or values; of each step where steps have targets."""
    if goal.by_step:
        return by_step.answers(trainer.presented, x, goal.classes)
    if goal.classes is None:
        return trainer.scores(x)[:, 0] if goal.single else trainer.scores(x)
    return labels.answers(trainer.places(x), goal.classes) if has_readouts(trainer) else goal.classes[trainer.places(x)]


def has_readouts(trainer: Trainer) -> bool:
    """Whether readouts were fitted after learning, which may have no answer."""
    return hasattr(trainer, "reading")


def decision(goal: Goal, trainer: Trainer, x: np.ndarray) -> np.ndarray:
    """Scores; of two classes one number, how much more speaks for the second."""
    outputs = trainer.presented.outputs(x) if goal.by_step else trainer.scores(x)
    return outputs[..., 1] - outputs[..., 0] if goal.classes is not None and len(goal.classes) == 2 else outputs


def chances(goal: Goal, trainer: Trainer, x: np.ndarray) -> np.ndarray:
    """Probabilities: as the loss reads outputs, softmax of scores, or shares of votes where readouts were fitted."""
    outputs = np.asarray(trainer.presented.outputs(x) if goal.by_step else trainer.scores(x), np.float64)
    if has_readouts(trainer):
        return share(outputs)
    return probabilities(outputs, goal.kind) if goal.kind is not None else softmax(outputs)


def read(goal: Goal, trainer: Trainer, x: np.ndarray, targets: Targets, name: str) -> tuple[dict, np.ndarray]:
    """({name: score}, answers), showing x once; of labels of samples the answers are places in `classes`."""
    if goal.by_step:
        told: list[np.ndarray] = []
        figure = by_step.figure(trainer.presented, x, targets, goal.kind,
                                lambda outputs: told.append(by_step.answered(outputs, goal.classes)))
        return {name: figure}, np.concatenate(told)
    if goal.classes is None:
        return {name: score(goal, trainer, x, targets)}, answers(goal, trainer, x)
    places = answered(goal, trainer.places(x), targets)
    weight = targets.of_samples
    return {name: float(np.average(places == targets.values, weights=weight))}, places


def answered(goal: Goal, places: np.ndarray, targets: Targets) -> np.ndarray:
    """`places` as they are; warns where they are all one class and targets are not."""
    health.warn(health.one_class(places, targets.values, goal.classes))
    return places


def score_name(goal: Goal) -> str:
    """What `score` tells, as `readout.scores.SCORES` names it."""
    return "accuracy" if goal.kind is None or (goal.classes is not None and not goal.by_step) else goal.kind.score


def score(goal: Goal, trainer: Trainer, x: np.ndarray, targets: Targets) -> float:
    """Accuracy (weighted) for labels, the loss's own figure for values, so that more is better: R2, or minus NLL."""
    if goal.classes is not None and not goal.by_step:
        right = (answered(goal, trainer.places(x), targets) == targets.values).astype(float)
        weight = targets.of_samples
        return float(np.average(right, weights=weight))
    if targets.by_step:
        return by_step.figure(trainer.presented, x, targets, goal.kind)
    return by_step.of_parts(iter([(targets.values, trainer.scores(x), targets.of_samples)]), goal.kind)
