"""What is learned towards: classes, or values; and how well that is done."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner import labels
from plasticity.learner.targets import Targets
from plasticity.learner.trainer import Trainer

no_answer = labels.no_answer
#: losses whose targets are values, not classes
VALUES = ("mse", "bernoulli")


@dataclass(frozen=True)
class Goal:
    """classes: the labels in order; None where targets are values or nothing is known. outputs: how many numbers the
    network answers; 0 without targets."""

    classes: np.ndarray | None
    outputs: int


def goal_of(experiment, y, n_samples: int, announced=None) -> tuple[Goal, np.ndarray]:
    """The goal that targets tell of, and the targets as numbers."""
    if y is None:
        if experiment.way.learned:
            name = "this rule" if experiment.rule is None else experiment.rule.name
            raise PlasticityError(f"{name} requires y to be passed, but the target y is None: it learns from labels")
        return Goal(None, 0), np.zeros(n_samples, np.int64)
    if _values(experiment):
        values = as_values(y, n_samples)
        return Goal(None, values.shape[-1]), values
    per_step = _per_step(experiment, y)
    given = labels.as_labels(np.asarray(y).reshape(-1) if per_step else y,
                             np.asarray(y).size if per_step else n_samples)
    classes = labels.classes_of(given, announced)
    numbers = labels.numbered(given, classes)
    return Goal(classes, len(classes)), numbers.reshape(np.asarray(y).shape) if per_step else numbers


def _per_step(experiment, y) -> bool:
    """Whether y holds a label per step."""
    shape = np.shape(y)
    return experiment.way.name == "gradients" and len(shape) == 2 and shape[1] > 1 and np.asarray(y).dtype.kind in "iu"


def _values(experiment) -> bool:
    loss = experiment.asked.loss
    name = getattr(loss, "name", loss)
    return isinstance(name, str) and name.partition("(")[0] in VALUES


def values_of(goal: Goal, y, n_samples: int) -> np.ndarray:
    """Targets as numbers, for a goal that is known."""
    if goal.outputs == 0:
        return np.zeros(n_samples, np.int64)
    if goal.classes is None:
        values = as_values(y, n_samples)
        if values.shape[-1] != goal.outputs:
            raise PlasticityError(f"y holds {values.shape[-1]} values, the network was built for {goal.outputs}")
        return values
    if np.ndim(y) == 2 and np.shape(y)[1] > 1:
        return labels.numbered(labels.as_labels(np.asarray(y).reshape(-1), np.asarray(y).size),
                               goal.classes).reshape(np.shape(y))
    return labels.numbered(labels.as_labels(y, n_samples), goal.classes)


def as_values(y, n_samples: int) -> np.ndarray:
    """Finite numbers [samples, n] or [samples, steps, n]. Raises PlasticityError for anything else."""
    values = np.asarray(y)
    if values.dtype.kind not in "biuf" or values.ndim not in (1, 2, 3) or len(values) != n_samples:
        raise PlasticityError(f"y must hold numbers, [samples, n] or [samples, steps, n] with {n_samples} samples, got "
                              f"{values.dtype} of shape {values.shape}")
    values = values.astype(np.float32 if values.dtype.kind != "f" else values.dtype)
    if not np.isfinite(values).all():
        raise PlasticityError("y holds NaN or infinity; give steps without a target the weight 0 and any number")
    return values[:, None] if values.ndim == 1 else values


def answers(goal: Goal, trainer: Trainer, x: np.ndarray) -> np.ndarray:
    """Labels, or values."""
    if goal.classes is None:
        return trainer.scores(x)
    return labels.answers(trainer.places(x), goal.classes) if not trainer_learns(trainer) else goal.classes[
        trainer.places(x)]


def trainer_learns(trainer: Trainer) -> bool:
    """Whether the trainer always has an answer."""
    return not hasattr(trainer, "reading")


def decision(goal: Goal, trainer: Trainer, x: np.ndarray) -> np.ndarray:
    """Scores; of two classes one number, how much more speaks for the second."""
    scores = trainer.scores(x)
    return scores[:, 1] - scores[:, 0] if goal.classes is not None and len(goal.classes) == 2 else scores


def probabilities(described, trainer: Trainer, x: np.ndarray) -> np.ndarray:
    """Softmax of scores where the network learned from labels, shares of votes where readouts were fitted to them."""
    goal = described.goal
    if goal.classes is None:
        raise RefusedError("targets are values, so there are no probabilities of classes; use predict")
    scores = np.asarray(trainer.scores(x), np.float64)
    if trainer_learns(trainer):
        powers = np.exp(scores - scores.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)
    total = scores.sum(1, keepdims=True)
    return np.divide(scores, total, out=np.full_like(scores, 1 / scores.shape[1]), where=total > 0)


def score(described, trainer: Trainer, x: np.ndarray, targets: Targets) -> float:
    """Accuracy (weighted), or R2 of values."""
    if described.goal.classes is None:
        from sklearn.metrics import r2_score

        predicted = trainer.scores(x)
        values = targets.values if targets.values.ndim == 2 else targets.values.mean(1)
        return float(r2_score(values, predicted, sample_weight=targets.weight))
    right = (trainer.places(x) == targets.values).astype(float)
    return float(np.average(right, weights=targets.weight))
