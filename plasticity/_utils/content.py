"""Equality by content, for dataclasses whose fields may be arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import singledispatch

import numpy as np


class ByContent:
    """A dataclass (with eq=False) that equals another of its type if all fields do, arrays element by element."""

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or all(same(getattr(self, part.name), getattr(other, part.name)) for part in fields(self))

    def __hash__(self) -> int:
        return hash((type(self).__name__, *(_key(getattr(self, part.name)) for part in fields(self))))


def same(a: object, b: object) -> bool:
    """Whether two values are equal; arrays where shapes and all elements are (NaN equals NaN)."""
    if a is b:
        return True
    if hasattr(a, "__array__") or hasattr(b, "__array__"):
        return _same_arrays(np.asarray(a), np.asarray(b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[name], b[name]) for name in a)
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def _same_arrays(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f")


@singledispatch
def _key(value: object) -> object:
    """What of a value goes into a hash: names alone, so that equal things have equal hashes, whatever holds them."""
    return None


@_key.register(str)
@_key.register(ByContent)
def _(value) -> object:
    return hash(value)


@_key.register(tuple)
@_key.register(list)
def _(value) -> object:
    return tuple(key for key in map(_key, value) if key is not None) or None
