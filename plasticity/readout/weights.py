"""Weights of samples and steps, [samples, steps]: what counts, and how much. They are at least 0; 0 is padding.

A sample's own weight is the largest of its steps' weights: what a step counts within its sample is relative to that.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.memory import require_memory
from plasticity._utils.ranges import WEIGHT, Count, Steps, require
from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError


@checked
def step_weights(samples: Steps, steps: Steps, lengths: np.ndarray | None = None,
                 sample_weight: np.ndarray | None = None, class_weight: str | Mapping | None = None,
                 labels: np.ndarray | None = None, last: Count | None = None) -> np.ndarray:
    """The product of all that is said about samples and steps, float64 [samples, steps].

    lengths: steps of each sample, [samples]; those after it are padding and weigh 0. sample_weight: [samples], or
    [samples, steps] by step. class_weight: {label: weight}, labels that are not in it weigh 1; or "balanced", see
    `balanced`. labels: [samples] or [samples, steps]; class_weight needs them. last: only the last so many steps of
    each sample count, of those that weigh something.
    Raises PlasticityError for negative or infinite weights, NaN, and shapes that do not fit.
    """
    require_memory(8.0 * samples * steps, f"weights of {samples:,} samples over {steps:,} steps")
    weight = np.ones((samples, steps))
    if lengths is not None:
        weight *= np.arange(steps) < _lengths(lengths, samples, steps)[:, None]
    if sample_weight is not None:
        weight = weight * by_step(sample_weight, samples, steps, "sample_weight")
    if class_weight is not None:
        weight = weight * _of_classes(class_weight, labels, weight)
    return latest(weight, last)


def by_step(weight: np.ndarray, samples: int, steps: int, name: str = "weight") -> np.ndarray:
    """Weights [samples], [samples, 1] or [samples, steps] as float64 [samples, steps], checked."""
    weight = as_array(name, weight).astype(float, copy=False)
    wide = weight[:, None] if weight.ndim == 1 else weight
    if wide.shape not in ((samples, 1), (samples, steps)):
        raise PlasticityError(f"{name} must have shape ({samples},) or ({samples}, {steps}), got {weight.shape}")
    if not (np.isfinite(wide).all() and wide.min(initial=0.0) >= 0):
        raise PlasticityError(f"{name} must be finite and not negative")
    return np.broadcast_to(wide, (samples, steps))


def require_by_class(class_weight: Mapping) -> None:
    """Raises PlasticityError for the first class whose weight is no finite number that is not negative."""
    for label, value in class_weight.items():
        require(WEIGHT, **{f"class_weight of {label!r}": value})


def balanced(labels: np.ndarray, weight: np.ndarray | None = None) -> dict:
    """{label: weight} with which all classes count the same: total / (classes * share of the class).

    labels: [samples] or [samples, steps]; weight: of the same shape, how much each counts (0: not looked at).

    Source: King & Zeng 2001, as scikit-learn's class_weight="balanced".
    """
    labels = np.asarray(labels)
    weight = np.ones(labels.shape) if weight is None else as_array("weight", weight).astype(float, copy=False)
    if weight.shape != labels.shape or not labels.ndim:
        raise PlasticityError(f"labels and weight must have one shape, got {labels.shape} and {weight.shape}")
    counts = weight > 0
    classes, index = np.unique(labels[counts], return_inverse=True)
    shares = np.bincount(index.ravel(), weight[counts])
    return {label.item(): float(shares.sum() / (len(classes) * share))
            for label, share in zip(classes, shares, strict=True)}


@checked
def latest(weight: np.ndarray, last: Count | None) -> np.ndarray:
    """The weights of the last so many steps that weigh something, 0 for the others. weight: [samples, steps]."""
    if last is None:
        return weight
    behind = (weight > 0)[:, ::-1].cumsum(1)[:, ::-1]
    return np.where(behind <= last, weight, 0.0)


def split(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(weights of steps within their sample [samples, steps], the largest 1; weights of samples [samples])."""
    samples = weight.max(1)
    return np.divide(weight, samples[:, None], out=np.zeros(weight.shape), where=samples[:, None] > 0), samples


def _lengths(lengths: np.ndarray, samples: int, steps: int) -> np.ndarray:
    lengths = np.asarray(lengths)
    if lengths.shape != (samples,) or lengths.dtype.kind not in "iu":
        raise PlasticityError(f"lengths must be whole numbers of shape ({samples},), got {lengths.dtype} "
                              f"{lengths.shape}")
    if lengths.min(initial=0) < 0 or lengths.max(initial=0) > steps:
        raise PlasticityError(f"lengths must stay within 0..{steps}, the steps there are, got {lengths.min()}.."
                              f"{lengths.max()}")
    return lengths


def _of_classes(class_weight: str | Mapping, labels: np.ndarray | None, weight: np.ndarray) -> np.ndarray:
    """What the classes of samples or steps weigh, [samples, 1 or steps]."""
    if labels is None:
        raise PlasticityError("class_weight needs labels, one per sample or per step")
    labels, (samples, steps) = np.asarray(labels), weight.shape
    wide = labels[:, None] if labels.ndim == 1 else labels
    if wide.shape not in ((samples, 1), (samples, steps)):
        raise PlasticityError(f"labels must have shape ({samples},) or ({samples}, {steps}), got {labels.shape}")
    counted = weight if wide.shape == weight.shape else weight.max(1, keepdims=True)
    table = _table(class_weight, wide, counted)
    return np.vectorize(lambda label: table.get(label, 1.0), otypes=[float])(wide)


def _table(class_weight: str | Mapping, labels: np.ndarray, weight: np.ndarray) -> Mapping:
    if isinstance(class_weight, Mapping):
        require_by_class(class_weight)
        return class_weight
    if class_weight != "balanced":
        raise PlasticityError(f"class_weight must be {{label: weight}} or 'balanced', got {class_weight!r}")
    return balanced(labels, weight)
