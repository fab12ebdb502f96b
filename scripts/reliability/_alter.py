"""Alterations of bytes, JSON and arrays, drawn from a generator."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator

import numpy as np

Draw = np.random.Generator
#: values that stand where others were
STRANGE = (None, True, -1, 0, 2**70, 1e308, -1e308, float("nan"), float("inf"), "", "x", "\n", "../../etc", [], {},
           [[]], "9**9**9", 1.5, [None], {"$type": "Rule"}, {"$array": "x"})


def altered_bytes(content: bytes, draw: Draw) -> tuple[str, bytes]:
    """(what was done, the content with it done)."""
    if not content:
        return "bytes into nothing", draw.bytes(8)
    change = (_flip, _set, _cut, _drop, _insert, _double, _swap)[draw.integers(7)]
    return change.__name__.strip("_"), bytes(change(bytearray(content), draw))


def _at(content: bytearray, draw: Draw) -> int:
    """A place: heads, where structure is, are drawn as often as all the rest."""
    return int(draw.integers(min(64, len(content)) if draw.random() < 0.5 else len(content)))


def _flip(content: bytearray, draw: Draw) -> bytearray:
    content[_at(content, draw)] ^= 1 << int(draw.integers(8))
    return content


def _set(content: bytearray, draw: Draw) -> bytearray:
    place = _at(content, draw)
    content[place:place + int(draw.integers(1, 9))] = bytes([int(draw.choice((0, 1, 127, 255)))]) * 4
    return content


def _cut(content: bytearray, draw: Draw) -> bytearray:
    return content[:_at(content, draw)]


def _drop(content: bytearray, draw: Draw) -> bytearray:
    place = _at(content, draw)
    del content[place:place + int(draw.integers(1, 20))]
    return content


def _insert(content: bytearray, draw: Draw) -> bytearray:
    place = _at(content, draw)
    content[place:place] = draw.bytes(int(draw.integers(1, 20)))
    return content


def _double(content: bytearray, draw: Draw) -> bytearray:
    place = _at(content, draw)
    content[place:place] = content[place:place + 64]
    return content


def _swap(content: bytearray, draw: Draw) -> bytearray:
    one, other = sorted((_at(content, draw), _at(content, draw)))
    content[one], content[other] = content[other], content[one]
    return content


def altered_json(tree: object, draw: Draw) -> tuple[str, object]:
    """(what was done, a copy of the tree with one place altered)."""
    tree = copy.deepcopy(tree)
    places = [*_places(tree)]
    if not places:
        return "instead of all", STRANGE[draw.integers(len(STRANGE))]
    holder, name = places[draw.integers(len(places))]
    if draw.random() < 0.25:
        del holder[name]
        return f"without {name!r}", tree
    value = STRANGE[draw.integers(len(STRANGE))]
    holder[name] = value
    return f"{name!r} is {value!r}", tree


def _places(tree: object) -> Iterator[tuple[object, object]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in items:
        yield tree, name
        yield from _places(value)


def as_json(tree: object) -> bytes:
    return json.dumps(tree).encode()


def altered_array(values: np.ndarray, draw: Draw) -> tuple[str, np.ndarray]:
    """(what was done, another array)."""
    change = (_nan, _huge, _negative, _shape, _longer, _kind, _order)[draw.integers(7)]
    return change.__name__.strip("_"), change(values.copy(), draw)


def _put(values: np.ndarray, value: float, draw: Draw) -> np.ndarray:
    if values.dtype.kind not in "iuf" or not values.size:
        return values.astype(object)
    if values.dtype.kind != "f":
        value = {np.nan: 10**9, np.inf: 2**30}.get(value, value)
    values.reshape(-1)[draw.integers(values.size)] = np.array(value).astype(values.dtype)
    return values


def _nan(values: np.ndarray, draw: Draw) -> np.ndarray:
    return _put(values, np.nan, draw)


def _huge(values: np.ndarray, draw: Draw) -> np.ndarray:
    return _put(values, np.inf, draw)


def _negative(values: np.ndarray, draw: Draw) -> np.ndarray:
    return _put(values, -3, draw)


def _shape(values: np.ndarray, draw: Draw) -> np.ndarray:
    return values.reshape(-1)[:-1] if values.size else values[None]


def _longer(values: np.ndarray, draw: Draw) -> np.ndarray:
    return np.concatenate([np.atleast_1d(values)] * 2)


def _kind(values: np.ndarray, draw: Draw) -> np.ndarray:
    kind: Callable = (str, object, complex, "datetime64[s]")[draw.integers(4)]
    return values.astype("int64").astype(kind) if kind == "datetime64[s]" else values.astype(kind)


def _order(values: np.ndarray, draw: Draw) -> np.ndarray:
    return np.roll(values, 1) if values.ndim else values[None]
