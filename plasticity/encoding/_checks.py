"""Checks of what encoders are given."""

from __future__ import annotations

import operator

import numpy as np

from plasticity.errors import PlasticityError

_SHAPES = {2: "[samples, n]", 3: "[samples, steps, n]"}


def non_negative(name: str, values: np.ndarray, dimensions: int) -> np.ndarray:
    """`values` as float64 with so many dimensions, finite and not negative."""
    try:
        values = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise PlasticityError(f"{name} must hold numbers") from None
    if values.ndim != dimensions:
        raise PlasticityError(f"{name} must have shape {_SHAPES[dimensions]}, got {values.shape}")
    lowest, highest = values.min(initial=0.0), values.max(initial=0.0)
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise PlasticityError(f"{name} holds NaN or infinity")
    if lowest < 0:
        raise PlasticityError(f"{name} must not be negative, got {lowest:g}")
    return values


def whole(name: str, value: int) -> int:
    """`value` as an int >= 0."""
    try:
        value = operator.index(value)
    except TypeError:
        raise PlasticityError(f"{name} must be a whole number, got {value!r}") from None
    if value < 0:
        raise PlasticityError(f"{name} must not be negative, got {value}")
    return value
