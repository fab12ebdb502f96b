"""Objects to trees."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import singledispatch

import numpy as np

from plasticity._utils.catalogue import Call
from plasticity._utils.keeping.types import DTYPES, NAMED, TYPES, below, named
from plasticity.errors import DataError, PlasticityError

#: what stands in the tree for an array that is found at a place
Put = Callable[[str, np.ndarray], "str | list"]


def pack(thing: object) -> tuple[object, dict[str, np.ndarray]]:
    """(tree for JSON, name -> array) of an object of `TYPES`, or a mapping or tuple of these; arrays are not copied.

    Raises PlasticityError for what cannot be kept.
    """
    arrays: dict[str, np.ndarray] = {}

    def put(path: str, array: np.ndarray) -> str:
        arrays[path] = array
        return path

    return packed(thing, "", put), arrays


def inlined(thing: object) -> object:
    """One tree with all arrays in it. Raises PlasticityError for what cannot be kept."""
    return packed(thing, "", lambda path, array: listed(array))


@singledispatch
def packed(value: object, path: str, put: Put) -> object:
    """The tree of a value that stands at `path`; `put` says what stands for an array."""
    kind = type(value)
    if TYPES.get(kind.__name__) == kind.__module__:
        return {"$type": kind.__name__, **{part.name: packed(getattr(value, part.name), below(path, part.name), put)
                                           for part in fields(value)}}
    if hasattr(value, "__array__"):
        return packed(np.asarray(value), path, put)
    if kind.__name__ in NAMED and NAMED[kind.__name__].module == kind.__module__:
        return {"$named": kind.__name__, "text": _text(value, kind.__name__, path)}
    raise PlasticityError(f"{path or 'this'} is of type {kind.__name__}, which cannot be kept in a file")


def _text(value: object, kind: str, path: str) -> str:
    """The name and options of which a catalogue makes the value again, and nothing else."""
    text = str(Call(value.name, (), dict(getattr(value, NAMED[kind].options))))
    try:
        if named(kind, text, path) == value:
            return text
    except DataError:
        pass
    raise PlasticityError(f"{path or 'this'}, {kind.lower()} {value.name!r}, is not of the catalogue but made of a "
                          "function, which cannot be kept in a file")


@packed.register(type(None))
@packed.register(bool)
def _(value, path: str, put: Put) -> object:
    return value


@packed.register
def _(value: str, path: str, put: Put) -> object:
    return str(value)


@packed.register
def _(value: int, path: str, put: Put) -> object:
    return int(value)


@packed.register(np.float64)
@packed.register(float)
def _(value: float, path: str, put: Put) -> object:
    return float(value) if math.isfinite(value) else {"$number": str(float(value))}


@packed.register
def _(value: np.generic, path: str, put: Put) -> object:
    return {"$number": listed(_storable(np.asarray(value), path))[0], "dtype": value.dtype.name}


@packed.register
def _(value: np.ndarray, path: str, put: Put) -> object:
    array = _storable(value, path)
    return {"$array": put(path, array), "dtype": array.dtype.name, "shape": list(array.shape)}


@packed.register(tuple)
@packed.register(list)
def _(value, path: str, put: Put) -> object:
    return [packed(item, below(path, number), put) for number, item in enumerate(value)]


@packed.register
def _(value: Mapping, path: str, put: Put) -> object:
    for name in value:
        if not isinstance(name, str):
            raise PlasticityError(f"{path or 'this'} has {name!r} for a name, which is no text")
    return {f"{'$' * name.startswith('$')}{name}": packed(item, below(path, name), put)
            for name, item in value.items()}


def _storable(array: np.ndarray, path: str) -> np.ndarray:
    if array.dtype.name not in DTYPES:
        raise PlasticityError(f"{path or 'this'} is an array of {array.dtype}, which cannot be kept in a file")
    return array


def listed(array: np.ndarray) -> list:
    """The numbers of an array in one list; words where they are not finite."""
    values = array.ravel().tolist()
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return values
    return [value if math.isfinite(value) else str(value) for value in values]
