"""Scores that follow the loss: what is told about outputs, from what they were trained for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from plasticity.errors import PlasticityError, RefusedError, choice
from plasticity.readout import metrics
from plasticity.readout.answers import probabilities
from plasticity.readout.losses import LossKind


@dataclass(frozen=True)
class Score:
    """of(targets, answers, weight, kind): a number. better: "higher" or "lower". unit: of the number.

    mean: whether that number is a mean over answers by their weight, so that a part at a time will do. told: what is
    told of it in the end.
    """

    name: str
    of: Callable[[np.ndarray, np.ndarray, np.ndarray | None, LossKind], float]
    better: str = "higher"
    unit: str = ""
    mean: bool = True
    told: Callable[[float], float] = float

    def text(self, number: float, digits: int = 1) -> str:
        """The number as it is said: accuracy in percent, with so many digits; all else with its unit."""
        if self.name == "accuracy":
            return f"{100 * number:.{digits}f} %"
        return f"{number:.3f} {self.unit}".rstrip()

    def turned(self, number: float) -> float:
        """A figure of which more is better from the number, and the number from the figure."""
        return number if self.better == "higher" else -number


def _labels(targets: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Labels as they are; of one-hot targets or probabilities the likeliest."""
    return targets.argmax(-1) if targets.ndim == answers.ndim else targets


def _accuracy(targets: np.ndarray, answers: np.ndarray, weight: np.ndarray | None, kind: LossKind) -> float:
    return metrics.accuracy(_labels(targets, answers), answers.argmax(-1), weight)


def _nll(targets: np.ndarray, answers: np.ndarray, weight: np.ndarray | None, kind: LossKind) -> float:
    likelihood = metrics.binary_nll if kind.chance == "sigmoid" else metrics.nll
    return likelihood(targets, probabilities(answers, kind), weight)


def _surprise(targets: np.ndarray, answers: np.ndarray, weight: np.ndarray | None, kind: LossKind) -> float:
    """The logarithm of perplexity."""
    if kind.chance == "sigmoid":
        raise RefusedError("perplexity is told of one answer among several classes, and this loss takes each output "
                           "for itself; use nll")
    return metrics.nll(targets, probabilities(answers, kind), weight)


def _r2(targets: np.ndarray, answers: np.ndarray, weight: np.ndarray | None, kind: LossKind) -> float:
    return metrics.r2(targets, answers, weight)


#: name -> score
SCORES: Mapping[str, Score] = MappingProxyType({score.name: score for score in (
    Score("accuracy", _accuracy), Score("nll", _nll, "lower", "nats"),
    Score("perplexity", _surprise, "lower", told=lambda nll: float(np.exp(nll))), Score("r2", _r2, mean=False))})


def score(targets: np.ndarray, answers: np.ndarray, kind: LossKind, weight: np.ndarray | None = None,
          name: str | None = None) -> float:
    """The figure that a loss is told by, or the score of that name.

    targets: one per answer, labels or vectors. answers: outputs [samples, steps, n], or `per_sample` of them [samples,
    n]. weight: of the answers, [samples] or [samples, steps].
    """
    return of_parts([(np.asarray(targets), answers, weight)], kind, name)


def of_parts(parts: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray | None]], kind: LossKind,
             name: str | None = None) -> float:
    """`score` of (targets, answers, weight) that come a part of the samples at a time, none of which is kept where the
    score is a mean.

    Raises PlasticityError where nothing weighs anything.
    """
    figure = SCORES[choice("score", name or kind.score, SCORES)]
    return figure.told(_mean(figure, parts, kind) if figure.mean else figure.of(*_joined(parts), kind))


def _mean(figure: Score, parts: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray | None]], kind: LossKind) -> float:
    mean = weighed = 0.0
    for targets, answers, weight in parts:
        if weight is None or np.any(weight):
            figured, within = figure.of(targets, answers, weight, kind), _weighed(answers.shape[:-1], weight)
            weighed += within
            mean += (figured - mean) * (within / weighed)
    if not weighed:
        raise PlasticityError("weight must be above 0 for one sample or more")
    return mean


def _weighed(rows: tuple[int, ...], weight: np.ndarray | None) -> float:
    """What rows [samples] or [samples, steps] weigh together."""
    if weight is None:
        return float(np.prod(rows))
    weight = np.asarray(weight, float)
    return float(np.broadcast_to(weight[:, None] if weight.ndim == 1 and len(rows) == 2 else weight, rows).sum())


def _joined(parts: Iterable[tuple[np.ndarray, np.ndarray, np.ndarray | None]]) -> tuple:
    targets, answers, weights = zip(*parts, strict=True)
    return np.concatenate(targets), np.concatenate(answers), None if weights[0] is None else np.concatenate(weights)
