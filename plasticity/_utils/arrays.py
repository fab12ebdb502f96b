"""Arrays that a person gives: what is none, or holds what is none of its kind, is named."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from plasticity.errors import PlasticityError, quoted

#: kinds of numpy's types -> their name
NUMBERS, WHOLE = ("biuf", "numbers"), ("iu", "whole numbers")


def require_unmasked(name: str, values: object) -> None:
    """Raises PlasticityError for an array with masked values."""
    if np.ma.is_masked(values):
        raise PlasticityError(f"{name} is a masked array with masked values, which are no numbers; fill them in, "
                              f"{name}.filled(0), or leave them out")


def as_array(name: str, values: object, kind: tuple[str, str] = NUMBERS) -> np.ndarray:
    """`values` as an array of a kind, of whatever type they have; objects that are numbers as float64; tensors are
    detached.

    Raises PlasticityError, by `name`, for what is no array, or one of something else, or masked.
    """
    require_unmasked(name, values)
    try:
        array = np.asarray(values.detach().cpu() if hasattr(values, "detach") else values)
        if array.dtype.kind == "O" and array.ndim and "f" in kind[0]:
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):  # lists of unequal lengths, types that numpy does not know
        array = np.array(None)
    if array.dtype.kind in kind[0]:
        return array
    if array.size:
        what = getattr(values, "dtype", None) or quoted(values, 60)
        raise PlasticityError(f"{name} must be an array of {kind[1]}, got {what}")
    return np.zeros(array.shape, np.int64)  # nothing, of whatever type


def as_finite(name: str, values: object) -> np.ndarray:
    """`values` as an array of finite floats. Raises PlasticityError, by `name`, for everything else."""
    array = as_array(name, values).astype(float)
    if not np.isfinite(array).all():
        raise PlasticityError(f"{name} holds NaN or infinity")
    return array


def grouped(index: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(ptr [n + 1], places): the places of an index [k] of numbers below n, number by number, each as they stand; those
    of number i are places[ptr[i]:ptr[i + 1]]. Takes time and memory as k and n, and no sorting."""
    columns = sparse.csr_array((np.arange(len(index), dtype=np.int32), index, [0, len(index)]), (1, n)).tocsc()
    return columns.indptr.astype(np.int64), columns.data


def aligned(shape: tuple[int, ...], dtype: np.dtype, line: int = 64) -> np.ndarray:
    """Zeros that begin where a line of the processor's memory does, so that no vector lies on two lines."""
    size = int(np.prod(shape)) * dtype.itemsize
    room = np.zeros(size + line, np.uint8)
    first = -room.ctypes.data % line
    return room[first : first + size].view(dtype).reshape(shape)
