"""Scores that follow the loss: what is told about outputs, from what they were trained for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from plasticity.errors import RefusedError, choice
from plasticity.readout import metrics
from plasticity.readout.answers import probabilities
from plasticity.readout.losses import LossKind


@dataclass(frozen=True)
class Score:
    """of(targets, answers, weight, kind): a number. better: "higher" or "lower". unit: of the number."""

    name: str
    of: Callable[[np.ndarray, np.ndarray, np.ndarray | None, LossKind], float]
    better: str = "higher"
    unit: str = ""


def _labels(targets: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Labels as they are; of one-hot targets or probabilities the likeliest."""
    return targets.argmax(-1) if targets.ndim == answers.ndim else targets


def _accuracy(targets: np.ndarray, answers: np.ndarray, weight: np.ndarray | None, kind: LossKind) -> float:
    return metrics.accuracy(_labels(targets, answers), answers.argmax(-1), weight)


def _nll(targets: np.ndarray, answers: np.ndarray, weight: np.ndarray | None, kind: LossKind) -> float:
    likelihood = metrics.binary_nll if kind.chance == "sigmoid" else metrics.nll
    return likelihood(targets, probabilities(answers, kind), weight)


def _perplexity(targets: np.ndarray, answers: np.ndarray, weight: np.ndarray | None, kind: LossKind) -> float:
    if kind.chance == "sigmoid":
        raise RefusedError("perplexity is told of one answer among several classes, and this loss takes each output "
                           "for itself; use nll")
    return metrics.perplexity(targets, probabilities(answers, kind), weight)


def _r2(targets: np.ndarray, answers: np.ndarray, weight: np.ndarray | None, kind: LossKind) -> float:
    return metrics.r2(targets, answers, weight)


#: name -> score
SCORES: Mapping[str, Score] = MappingProxyType({score.name: score for score in (
    Score("accuracy", _accuracy), Score("nll", _nll, "lower", "nats"), Score("perplexity", _perplexity, "lower"),
    Score("r2", _r2))})


def score(targets: np.ndarray, answers: np.ndarray, kind: LossKind, weight: np.ndarray | None = None,
          name: str | None = None) -> float:
    """The figure that a loss is told by, or the score of that name.

    targets: one per answer, labels or vectors. answers: outputs [samples, steps, n], or `per_sample` of them [samples,
    n]. weight: of the answers, [samples] or [samples, steps].
    """
    return SCORES[choice("score", name or kind.score, SCORES)].of(np.asarray(targets), answers, weight, kind)
