"""Checks of numbers and flags that a person gives; everything that learns shares them."""

from __future__ import annotations

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.ranges import POSITIVE, at_least, require
from plasticity.errors import PlasticityError


def together(**values: object) -> tuple[np.ndarray, ...]:
    """Several arrays of numbers as float64. Raises PlasticityError where their shapes do not fit each other."""
    arrays = [as_array(name, each).astype(np.float64, copy=False) for name, each in values.items()]
    try:
        np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(values, arrays, strict=True))
        raise PlasticityError(f"shapes must fit each other, got {shapes}") from None
    return tuple(arrays)


def require_flags(**values: bool) -> None:
    """Raises PlasticityError unless every value is True or False."""
    for name, value in values.items():
        if not isinstance(value, bool | np.bool_):
            raise PlasticityError(f"{name} must be True or False, got {value!r}")


def require_positive(**values: int) -> None:
    """Raises PlasticityError unless every value is a whole number >= 1."""
    require_whole(1, **values)


def require_above_zero(**values: float) -> None:
    """Raises PlasticityError unless every value is a positive, finite number."""
    require(POSITIVE, **values)


def require_whole(least: int, **values: int) -> None:
    """Raises PlasticityError unless every value is a whole number of at least `least`."""
    require(at_least(least), **values)
