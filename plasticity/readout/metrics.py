"""Figures that describe a run: accuracy, confusion, activity, and the spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError

NO_ANSWER = -1


def accuracy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Share of right answers; no answer (-1) is wrong. labels, predictions: int [samples]."""
    labels, predictions = _pair(labels, predictions)
    return float(np.mean(labels == predictions))


def confusion(labels: np.ndarray, predictions: np.ndarray, n_classes: int) -> np.ndarray:
    """How often class i (row) was answered by class j (column), int64 [n_classes, n_classes + 1].

    The last column counts samples without an answer (-1).
    """
    from sklearn.metrics import confusion_matrix

    labels, predictions = _pair(labels, predictions)
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
        counts = np.asarray(responses)
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
    if not values:
        raise PlasticityError("values are empty; a summary needs one seed or more")
    seeds = tuple(sorted(values))
    figures = tuple(float(values[seed]) for seed in seeds)
    sd = float(np.std(figures, ddof=1)) if len(figures) > 1 else None
    return Summary(float(np.mean(figures)), sd, seeds, figures)


def _pair(labels: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.shape != predictions.shape or labels.ndim != 1 or not labels.size:
        raise PlasticityError(f"labels and predictions must have the same shape [samples] with one sample or more, got "
                              f"{labels.shape} and {predictions.shape}")
    return labels, predictions
