"""Arrays that a person gives: what is none, or holds what is none of its kind, is named."""

from __future__ import annotations

import numpy as np

from plasticity.errors import PlasticityError

#: kinds of numpy's types -> their name
NUMBERS, WHOLE = ("biuf", "numbers"), ("iu", "whole numbers")


def as_array(name: str, values: object, kind: tuple[str, str] = NUMBERS) -> np.ndarray:
    """`values` as an array of a kind; tensors are detached.

    Raises PlasticityError, by `name`, for what is no array, or one of something else, or masked.
    """
    try:
        array = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
    except (TypeError, ValueError):  # lists of unequal lengths, types that numpy does not know
        array = np.array(None)
    if array.dtype.kind not in kind[0] and array.size:
        what = getattr(values, "dtype", None) or " ".join(repr(values).split())[:60]
        raise PlasticityError(f"{name} must be an array of {kind[1]}, got {what}")
    if np.ma.is_masked(values):
        raise PlasticityError(f"{name} is masked in places, which nothing here knows of: fill them (`filled`) first")
    return array


def as_finite(name: str, values: object) -> np.ndarray:
    """`values` as an array of finite floats. Raises PlasticityError, by `name`, for everything else."""
    array = as_array(name, values).astype(float)
    if not np.isfinite(array).all():
        raise PlasticityError(f"{name} holds NaN or infinity")
    return array
