"""A few lines to write indented source, and the list of arrays that the written function takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Listed:
    """A list of neurons, each once, in an array of which only the first entries are in use.

    count: the array that says how many. flags: the array that has a 1 for each of them; empty for none.
    """

    count: str
    flags: str = ""


@dataclass(frozen=True)
class Array:
    """An array argument of the generated function.

    per_sample: has a leading batch axis. start: value(s) at the start of a presentation (None: not reset by copying).
    kind: "float" (the simulation's dtype) or a numpy dtype name. scratch: whether what is in it between steps means
    nothing. listed: if it is a list of neurons, how it is kept.
    """

    name: str
    shape: tuple[int, ...]
    kind: str = "float"
    per_sample: bool = False
    start: float | np.ndarray | None = None
    values: np.ndarray | None = field(default=None, compare=False)
    scratch: bool = False
    listed: Listed | None = None


class Writer:
    """Collects source lines and arrays. `each` opens the loop over the samples of a batch."""

    def __init__(self, batched: bool):
        self.batched = batched
        self.lines: list[str] = []
        self.arrays: dict[str, Array] = {}
        self.constants: dict[str, float] = {}
        self._depth = 0

    def __call__(self, *lines: str) -> None:
        self.lines.extend("    " * self._depth + line for line in lines)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        self(header)
        self._depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self("pass")
        self._depth -= 1

    @contextmanager
    def blocks(self, headers: Iterable[str]) -> Iterator[None]:
        """Several headers, each inside the one before."""
        headers = list(headers)
        if not headers:
            yield
            return
        with self.block(headers[0]), self.blocks(headers[1:]):
            yield

    @contextmanager
    def each(self) -> Iterator[None]:
        """What is done for each sample of a batch; a stream of single samples needs no loop."""
        if not self.batched:
            yield
            return
        with self.block("for b in range(n_batch):"):
            start = len(self.lines)
            yield
            body = "\n".join(self.lines[start:])
            views = [name for name, array in self.arrays.items() if array.per_sample and _mentions(body, name)]
            pad = "    " * self._depth
            self.lines[start:start] = [f"{pad}{name} = all_{name}[b]" for name in views]

    def array(self, name: str, *shape: int, **options) -> str:
        """Declares an array argument and answers its name."""
        self.arrays[name] = Array(name, tuple(shape), **options)
        return name

    def listing(self, name: str, count: str, *shape: int, flags: str = "") -> None:
        """Declares a list of neurons for each sample, with room for all of them (the last of `shape`)."""
        self.array(name, *shape, kind="int32", per_sample=True, listed=Listed(count, flags))
        self.array(count, *(shape[:-1] or (1,)), kind="int64", per_sample=True)

    def scratch(self, name: str, *shape: int, kind: str = "float") -> str:
        """Declares an array that means nothing between steps, and answers its name."""
        return self.array(name, *shape, kind=kind, scratch=True)

    def argument(self, array: Array) -> str:
        return f"all_{array.name}" if array.per_sample else array.name

    def views(self) -> list[str]:
        """For a stream: the one sample's arrays, taken once."""
        if self.batched:
            return []
        return [f"{name} = all_{name}[0]" for name, array in self.arrays.items() if array.per_sample]


def _mentions(body: str, name: str) -> bool:
    position = body.find(name)
    while position >= 0:
        end = position + len(name)
        before = body[position - 1] if position else " "
        after = body[end] if end < len(body) else " "
        if not (before.isalnum() or before == "_") and not (after.isalnum() or after == "_"):
            return True
        position = body.find(name, position + 1)
    return False
