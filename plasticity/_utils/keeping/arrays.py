"""Numbers and arrays of a tree, checked before they are made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from plasticity._utils.keeping.types import DTYPES
from plasticity.errors import DataError, unknown

_WORDS: Mapping[str, float] = MappingProxyType({"inf": math.inf, "-inf": -math.inf, "nan": math.nan})


def array(tree: Mapping, place: str, arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The array that a tree holds, or names in `arrays`.

    Raises DataError for a name that is not there, for another dtype or shape, and for what is no array.
    """
    values, dtype, shape = _parts(tree, place)
    if isinstance(values, str):
        return _named(values, dtype, shape, place, arrays)
    if len(values) != math.prod(shape):
        raise DataError(f"{place} should have shape {shape}, but has {len(values)} numbers")
    return _numbers(values, dtype, place).reshape(shape)


def _parts(tree: Mapping, place: str) -> tuple[str | list, str, tuple[int, ...]]:
    if set(tree) != {"$array", "dtype", "shape"}:
        raise DataError(f"{place}: an array has $array, dtype and shape, got {', '.join(map(str, tree))}")
    values, dtype, shape = tree["$array"], _dtype(tree["dtype"], place), tree["shape"]
    if not isinstance(values, str | list):
        raise DataError(f"{place}: an array is a name or a list of numbers, got {values!r}")
    if not isinstance(shape, list) or any(type(n) is not int or n < 0 for n in shape):
        raise DataError(f"{place}: the shape of an array is a list of whole numbers, got {shape!r}")
    return values, dtype, tuple(shape)


def _dtype(name: object, place: str) -> str:
    if not isinstance(name, str) or name not in DTYPES:
        raise DataError(f"{place}: {unknown('dtype', name, DTYPES)}")
    return name


def _named(name: str, dtype: str, shape: tuple[int, ...], place: str, arrays: Mapping) -> np.ndarray:
    if name not in arrays:
        raise DataError(f"{place}: {unknown('array', name, arrays)}")
    values = np.asarray(arrays[name])
    if (values.dtype.name, values.shape) != (dtype, shape):
        raise DataError(f"{place} should be {dtype} of shape {shape}, but array {name!r} is {values.dtype.name} of "
                        f"shape {values.shape}")
    return values


def _numbers(values: list, dtype: str, place: str) -> np.ndarray:
    """One row of numbers. Raises DataError for those that the type has not."""
    wrong = DataError(f"{place} holds something that is no {dtype}")
    if not set(map(type, values)) <= DTYPES[dtype]:
        raise wrong
    try:
        return np.array([_WORDS[value] if isinstance(value, str) else value for value in values], dtype)
    except (KeyError, OverflowError, ValueError):
        raise wrong from None


def number(tree: Mapping, place: str, arrays: Mapping[str, np.ndarray]) -> float | np.generic:
    """A number that JSON has not; one of numpy where a dtype is named. Raises DataError for what is none."""
    if not {*tree} <= {"$number", "dtype"}:
        raise DataError(f"{place}: a number has $number and may have a dtype, got {', '.join(map(str, tree))}")
    value = _numbers([tree["$number"]], _dtype(tree.get("dtype", "float64"), place), place)[0]
    return value if "dtype" in tree else float(value)
