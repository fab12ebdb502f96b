"""Checks of samples, labels and counts that a person gives; everything that learns shares them."""

from __future__ import annotations

import math

import numpy as np

from plasticity._utils.ranges import POSITIVE, at_least, require
from plasticity.errors import PlasticityError


def require_samples(x: np.ndarray, n_inputs: int | None = None) -> np.ndarray:
    """Intensities as floats [samples, n] (images are flattened). Raises PlasticityError for what cannot be shown."""
    x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise PlasticityError(f"X must hold numbers, shape [samples, inputs]; got {x.dtype}")
    x = x if x.dtype.kind == "f" else x.astype(np.float32)
    if x.ndim < 2:
        raise PlasticityError(f"X must have shape [samples, inputs] or [samples, height, width], got {x.shape}")
    x = x.reshape(len(x), -1) if len(x) else x.reshape(0, math.prod(x.shape[1:]))
    if not x.size:
        raise PlasticityError(f"X holds no samples or no inputs (shape {x.shape})")
    if n_inputs is not None and x.shape[1] != n_inputs:
        raise PlasticityError(f"X has {x.shape[1]} inputs per sample, the network was built for {n_inputs}")
    lowest, highest = x.min(), x.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise PlasticityError("X holds NaN or infinity")
    if lowest < 0 or highest > 1:
        raise PlasticityError(f"X must hold intensities in [0, 1], got {lowest:g} to {highest:g}; scale it")
    return x


def require_labels(y: np.ndarray, n_samples: int, classes: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(classes, index of each sample's class). Raises PlasticityError for a wrong length, NaN, or unknown labels."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape != (n_samples,):
        raise PlasticityError(f"y must hold one label per sample, shape ({n_samples},), got {y.shape}")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise PlasticityError("y holds NaN or infinity")
    if y.dtype.kind == "f" and (y != np.round(y)).any():
        raise PlasticityError("y must hold class labels, got numbers with fractions")
    found = np.unique(y)
    classes = found if classes is None else np.asarray(classes)
    strange = np.setdiff1d(found, classes)
    if strange.size:
        raise PlasticityError(f"y holds the label {strange[0]!r}, which is not one of the classes {classes.tolist()}")
    return classes, np.searchsorted(classes, y)


def require_positive(**values: int) -> None:
    """Raises PlasticityError unless every value is a whole number >= 1."""
    require_whole(1, **values)


def require_above_zero(**values: float) -> None:
    """Raises PlasticityError unless every value is a positive, finite number."""
    require(POSITIVE, **values)


def require_whole(least: int, **values: int) -> None:
    """Raises PlasticityError unless every value is a whole number of at least `least`."""
    require(at_least(least), **values)
