"""Checks of what encoders are given."""

from __future__ import annotations

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.ranges import FINITE, POSITIVE, Range, at_least, require
from plasticity.errors import PlasticityError

_SHAPES = {2: "[samples, n]", 3: "[samples, steps, n]"}


def non_negative(name: str, values: np.ndarray, dimensions: int) -> np.ndarray:
    """`values` as float64 with so many dimensions, finite and not negative."""
    values = as_array(name, values).astype(np.float64, copy=False)
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
    require(at_least(0), **{name: value})
    return int(value)


def sound_of(sound: np.ndarray, rate: float) -> np.ndarray:
    """`sound` as float64 [n] or [samples, n], finite."""
    require(Range("positive and finite (samples per second)", POSITIVE.holds), rate=rate)
    try:
        sound = as_array("sound", sound).astype(np.float64, copy=False)
    except PlasticityError as error:
        raise PlasticityError(f"{error}; bring sounds to one length with `fit_length`") from None
    if sound.ndim not in (1, 2):
        raise PlasticityError(f"sound must have shape [n] or [samples, n], got {sound.shape}")
    if not np.isfinite(sound).all():
        raise PlasticityError("sound holds NaN or infinity")
    return sound


def within_rate(low: float, high: float, rate: float) -> None:
    """Raises PlasticityError unless 0 <= low < high <= rate/2."""
    require(FINITE, low=low, high=high)
    if not 0 <= low < high <= rate / 2:
        raise PlasticityError(f"low={low!r} and high={high!r} (Hz) must satisfy 0 <= low < high <= {rate / 2:g}, half "
                              "the rate of the sound")
