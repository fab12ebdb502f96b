"""Checks of numbers that a person gives; everything that learns shares them."""

from __future__ import annotations

import numpy as np

from plasticity._utils.ranges import POSITIVE, at_least, require
from plasticity.errors import PlasticityError, quoted


def require_unmasked(name: str, values: object) -> None:
    """Raises PlasticityError for an array with masked values."""
    if np.ma.is_masked(values):
        raise PlasticityError(f"{name} is a masked array with masked values, which are no numbers; fill them in, "
                              f"{name}.filled(0), or leave them out")


def as_numbers(name: str, values: object) -> np.ndarray:
    """Numbers as an array of whatever type they have, objects as float64.

    Raises PlasticityError for masked values, which are no numbers, for texts, and for what has no shape.
    """
    require_unmasked(name, values)
    try:
        array = np.asarray(values)
        array = array.astype(np.float64) if array.dtype.kind == "O" else array
    except (TypeError, ValueError, OverflowError, RuntimeError):  # RuntimeError: a tensor that asks for gradients
        raise PlasticityError(f"{name} must hold numbers, got {quoted(values, 60)}") from None
    if array.dtype.kind not in "biuf":
        raise PlasticityError(f"{name} must hold numbers, got {quoted(values, 60)}")
    return array


def together(**values: object) -> tuple[np.ndarray, ...]:
    """Several arrays of numbers as float64. Raises PlasticityError where their shapes do not fit each other."""
    arrays = [as_numbers(name, each).astype(np.float64, copy=False) for name, each in values.items()]
    try:
        np.broadcast_shapes(*(array.shape for array in arrays))
    except ValueError:
        shapes = ", ".join(f"{name} {array.shape}" for name, array in zip(values, arrays, strict=True))
        raise PlasticityError(f"shapes must fit each other, got {shapes}") from None
    return tuple(arrays)


def require_positive(**values: int) -> None:
    """Raises PlasticityError unless every value is a whole number >= 1."""
    require_whole(1, **values)


def require_above_zero(**values: float) -> None:
    """Raises PlasticityError unless every value is a positive, finite number."""
    require(POSITIVE, **values)


def require_whole(least: int, **values: int) -> None:
    """Raises PlasticityError unless every value is a whole number of at least `least`."""
    require(at_least(least), **values)
