"""Figures that describe a run: accuracy, likelihood, explained variance, confusion, activity, and spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.ranges import Count
from plasticity._utils.typed import checked
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError

NO_ANSWER = -1


def accuracy(labels: np.ndarray, predictions: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Share of right answers; no answer (-1) is wrong. labels, predictions, weight: [samples] or [samples, steps]."""
    labels, predictions = _pair(labels, predictions)
    right, weight = _counted(labels.shape, weight, labels == predictions)
    return float(np.average(right, weights=weight))


def nll(targets: np.ndarray, probabilities: np.ndarray, weight: np.ndarray | None = None) -> float:
    """Negative log-likelihood -sum_k target_k log p_k in nats, averaged over samples and steps by their weight.

    probabilities: [..., classes], whose last axis sums to 1. targets: labels [...], or probabilities [..., classes].
    weight: [...]; where it is 0, nothing is looked at. A p of 0 counts as the smallest number of its type.
    """
    targets, probabilities = np.asarray(targets), np.asarray(probabilities)
    if targets.shape == probabilities.shape[:-1]:
        labels, p, weight = _counted(targets.shape, weight, targets, probabilities)
        _require_labels(labels, p.shape[-1])
        each = -_log(p[np.arange(len(labels)), labels])
    else:
        targets, probabilities = _same(targets, probabilities)
        wished, p, weight = _counted(targets.shape[:-1], weight, targets, probabilities)
        each = -(wished * _log(p)).sum(-1)
    return float(np.average(each, weights=weight))


def binary_nll(targets: np.ndarray, probabilities: np.ndarray, weight: np.ndarray | None = None) -> float:
    """-sum_k [t_k log p_k + (1 - t_k) log(1 - p_k)] in nats, averaged over samples and steps by their weight.

    targets, probabilities: [..., outputs], each output for itself, as the keys of a chord. weight: [...].
    """
    targets, probabilities = _same(targets, probabilities)
    wished, p, weight = _counted(targets.shape[:-1], weight, targets, probabilities)
    each = -(wished * _log(p) + (1 - wished) * _log(1 - p)).sum(-1)
    return float(np.average(each, weights=weight))


def perplexity(targets: np.ndarray, probabilities: np.ndarray, weight: np.ndarray | None = None) -> float:
    """exp(nll): among how many equally likely answers the right one hides. Arguments as for `nll`."""
    return float(np.exp(nll(targets, probabilities, weight)))


def r2(targets: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None = None) -> float:
    """1 - sum (target - y)^2 / sum (target - mean target)^2 per output, averaged over outputs: explained variance.

    targets, outputs: [..., n], weight: [...], as scikit-learn's r2_score: an output whose target never changes gives 1
    if it is met exactly and else 0.
    """
    from sklearn.metrics import r2_score

    targets, outputs = _same(targets, outputs)
    wished, y, weight = _counted(targets.shape[:-1], weight, targets, outputs)
    return float(r2_score(wished, y, sample_weight=weight))


@checked
def confusion(labels: np.ndarray, predictions: np.ndarray, n_classes: Count) -> np.ndarray:
    """How often class i (row) was answered by class j (column), int64 [n_classes, n_classes + 1].

    The last column counts samples without an answer (-1).
    """
    from sklearn.metrics import confusion_matrix

    labels, predictions = _pair(labels, predictions)
    if labels.ndim != 1:
        raise PlasticityError(f"a table of confusion takes labels [samples], got {labels.shape}; use labels.ravel()")
    for name, values, lowest in (("labels", labels, 0), ("predictions", predictions, NO_ANSWER)):
        if values.min() < lowest or values.max() >= n_classes:
            raise PlasticityError(f"{name} must stay within {lowest}..{n_classes - 1}, got {values.min()}.."
                                  f"{values.max()}")
    table = confusion_matrix(labels, predictions, labels=[*range(n_classes), NO_ANSWER])
    return table[:n_classes].astype(np.int64)


def spikes_per_sample(responses: np.ndarray | Spikes) -> float:
    """Mean number of spikes of a whole population per sample. responses: Spikes or counts [samples, n]."""
    if isinstance(responses, Spikes):
        total, samples = int((responses.ptr[:, -1] - responses.ptr[:, 0]).sum()), responses.samples
    else:
        counts = as_array("responses", responses)
        if not counts.ndim:
            raise PlasticityError("responses must have shape [samples, n], got one number")
        total, samples = counts.sum(dtype=np.float64 if counts.dtype.kind == "f" else np.int64), len(counts)
    if not samples:
        raise PlasticityError("responses hold no sample")
    return float(total) / samples


@dataclass(frozen=True)
class Summary:
    """One figure over seeds: mean, sample standard deviation (None for one seed), the seeds and their values."""

    mean: float
    sd: float | None
    seeds: tuple[int, ...]
    values: tuple[float, ...]

    def __str__(self) -> str:
        spread = "" if self.sd is None else f" ± {self.sd:.4f}"
        return f"{self.mean:.4f}{spread} (n = {len(self.seeds)})"


def summarise(values: Mapping[int, float]) -> Summary:
    """The mean over seeds, never the best. values: seed -> figure."""
    if not isinstance(values, Mapping) or not values:
        raise PlasticityError("values are empty; a summary needs one seed or more")
    seeds = tuple(sorted(values))
    figures = tuple(float(values[seed]) for seed in seeds)
    sd = float(np.std(figures, ddof=1)) if len(figures) > 1 else None
    return Summary(float(np.mean(figures)), sd, seeds, figures)


def _pair(labels: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or not labels.ndim or not labels.size:
        raise PlasticityError(f"labels and predictions must have the same shape [samples] with one sample or more, got "
                              f"{labels.shape} and {predictions.shape}")
    return labels, predictions


def _same(targets: np.ndarray, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    targets, outputs = np.asarray(targets), np.asarray(outputs)
    if targets.shape != outputs.shape or not targets.ndim or not targets.size:
        raise PlasticityError(f"targets and outputs must have the same shape [samples, ..., n] with one sample or "
                              f"more, got {targets.shape} and {outputs.shape}")
    return targets, outputs


def _counted(shape: tuple[int, ...], weight: np.ndarray | None, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """What weighs something as rows: values [*shape, ...] become [rows, ...], and then the weights [rows]."""
    weight = np.ones(shape) if weight is None else as_array("weight", weight).astype(float, copy=False)
    wide = weight[:, None] if weight.ndim == 1 and len(shape) == 2 else weight
    if wide.ndim != len(shape) or any(n not in (1, m) for n, m in zip(wide.shape, shape, strict=True)):
        raise PlasticityError(f"weight must have shape {shape} or {shape[:1]}, got {weight.shape}")
    counts = np.broadcast_to(wide, shape) > 0
    if not np.isfinite(wide).all() or wide.min() < 0 or not counts.any():
        raise PlasticityError("weight must be finite and not negative, and above 0 for one sample or more")
    return *(part[counts] for part in values), np.broadcast_to(wide, shape)[counts]


def _require_labels(labels: np.ndarray, classes: int) -> None:
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise PlasticityError(f"labels must be whole numbers from 0 to {classes - 1}, got {labels.dtype} "
                              f"{labels.min()}..{labels.max()}")


def _log(p: np.ndarray) -> np.ndarray:
    p = p if p.dtype.kind == "f" else p.astype(float)
    return np.log(np.maximum(p, np.finfo(p.dtype).tiny))
