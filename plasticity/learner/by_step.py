"""Answers and scores where steps have targets, a part of the samples at a time, as outputs of all take much memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np

from plasticity.errors import RefusedError
from plasticity.learner.targets import Targets
from plasticity.readout import scores
from plasticity.readout.losses import LossKind


class InParts(Protocol):
    """What shows samples and has outputs for each step."""

    def parts(self, x: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Which samples, and their outputs [samples, steps, n], in order."""


def figure(presented: InParts, x: np.ndarray, targets: Targets, kind: LossKind | None,
           told: Callable[[np.ndarray], None] = lambda outputs: None) -> float:
    """The loss's own figure, so that more is better: accuracy, R2, or minus NLL. told(outputs): called for each part.

    Raises RefusedError for a loss of one's own.
    """
    def parts() -> Iterator[tuple]:
        for part, outputs in presented.parts(x):
            told(outputs)
            chosen = targets[part]
            yield chosen.values, outputs, chosen.weight

    return of_parts(parts(), kind)


def of_parts(parts: Iterator[tuple], kind: LossKind | None) -> float:
    """The loss's own figure of (targets, outputs, weight), so that more is better."""
    if kind is None:
        raise RefusedError("there is no score for a loss of your own; compare predict(X) with y")
    return scores.SCORES[kind.score].turned(scores.of_parts(parts, kind))


def answers(presented: InParts, x: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    """Labels [samples, steps], or values [samples, steps, n]."""
    return np.concatenate([answered(outputs, classes) for _, outputs in presented.parts(x)])


def answered(outputs: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
    """What outputs answer: the likeliest of the classes, or themselves."""
    return outputs if classes is None else classes[outputs.argmax(-1)]
