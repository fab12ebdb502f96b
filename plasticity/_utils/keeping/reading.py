"""Trees to objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from types import MappingProxyType

import numpy as np

from plasticity._utils.keeping.arrays import array, number
from plasticity._utils.keeping.types import ADDED, below, known_type, named
from plasticity.errors import DataError, PlasticityError

_MISTAKES = (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, SyntaxError, TypeError,
             ValueError)


def unpack(tree: object, arrays: Mapping[str, np.ndarray] | None = None) -> object:
    """What `pack` described. arrays: by name; there may be more than the tree names.

    Raises DataError, naming the place, for an unknown type, a field that is missing or unknown, a value that does not
    fit, and an array that is missing or of another dtype or shape.
    """
    try:
        return _unpacked(tree, "", arrays or {})
    except RecursionError:
        raise DataError("this description is nested too deeply to be one") from None


def _unpacked(tree: object, path: str, arrays: Mapping[str, np.ndarray]) -> object:
    if isinstance(tree, list | tuple):
        return tuple(_unpacked(item, below(path, place), arrays) for place, item in enumerate(tree))
    if isinstance(tree, Mapping):
        return _mapping(tree, path, arrays)
    if tree is None or isinstance(tree, str | int | float):
        return tree
    raise DataError(f"{_place(path)} is of type {type(tree).__name__}, which JSON does not know")


def _mapping(tree: Mapping, path: str, arrays: Mapping[str, np.ndarray]) -> object:
    marks = [name for name in tree if not isinstance(name, str) or (name.startswith("$") and name[:2] != "$$")]
    if not marks:
        plain = {name[1:] if name.startswith("$") else name: item for name, item in tree.items()}
        return {name: _unpacked(item, below(path, name), arrays) for name, item in plain.items()}
    if len(marks) > 1 or marks[0] not in READERS:
        raise DataError(f"{_place(path)} is marked {', '.join(map(repr, marks))}; it should be one of "
                        f"{', '.join(READERS)}")
    return READERS[marks[0]](tree, path, arrays)


def _object(tree: Mapping, path: str, arrays: Mapping[str, np.ndarray]) -> object:
    kind = known_type(tree["$type"], _place(path))
    names, own = [part.name for part in fields(kind)], [name for name in tree if name != "$type"]
    for word, wrong in (("lacks", [name for name in names if name not in (*own, *ADDED.get(kind.__name__, ()))]),
                        ("does not know", [name for name in own if name not in names])):
        if wrong:
            raise DataError(f"{_place(path)}: a {kind.__name__} {word} the field{'s' * (len(wrong) > 1)} "
                            f"{', '.join(wrong)}")
    values = {name: _unpacked(tree[name], below(path, name), arrays) for name in names if name in own}
    try:
        return kind(**values)
    except _MISTAKES as error:
        reason = str(error) if isinstance(error, PlasticityError) else f"{type(error).__name__}: {error}"
        raise DataError(f"{_place(path)} is no {kind.__name__}: {reason}") from None


def _named(tree: Mapping, path: str, arrays: Mapping[str, np.ndarray]) -> object:
    if set(tree) != {"$named", "text"}:
        raise DataError(f"{_place(path)}: what has a name has $named and text, got {', '.join(map(str, tree))}")
    return named(tree["$named"], tree["text"], _place(path))


def _place(path: str) -> str:
    return path or "this description"


READERS: Mapping[str, Callable] = MappingProxyType({
    "$type": _object, "$named": _named, "$array": lambda tree, path, arrays: array(tree, _place(path), arrays),
    "$number": lambda tree, path, arrays: number(tree, _place(path), arrays)})
