"""A population's programs on some samples at a time: as many as stay in the processor's cache from one to the next.

What follows at once is done block by block as well: max pools of what a population transmits, and on the way back their
errors, and the values that the way back looks up where it is cheaper to compute them again than to keep them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from plasticity.engines.gradient import pooling
from plasticity.engines.gradient.compiled.arrivals import Term, arrived
from plasticity.engines.gradient.compiled.backward import SAMPLES
from plasticity.engines.gradient.parts import in_parts
from plasticity.network.window import Window

BYTES = 1 << 19  # of one array of a block: several of them fit into a cache


class Pooled(NamedTuple):
    """A max pool of what a population transmits: best and place [samples, steps * channels, *grid]."""

    window: Window
    best: np.ndarray
    place: np.ndarray

    def fill(self, transmitted: np.ndarray, here: slice) -> None:
        """The highest of each window of transmitted [some, steps, n], which are the samples `here`."""
        window, grid = self.window, self.window.grid
        pooling.highest(self.maps(transmitted), window.size, window.stride, self.best[here].reshape(-1, *grid),
                        self.place[here].reshape(-1, *grid))

    def spread(self, error: np.ndarray, here: slice, found: np.ndarray) -> None:
        """found [some, steps, n] = the errors of what was transmitted."""
        window, grid = self.window, self.window.grid
        pooling.spread(error[here].reshape(-1, *grid), self.place[here].reshape(-1, *grid), window.size, window.stride,
                       self.maps(found))

    def maps(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(-1, *self.window.shape[1:])


def room(window: Window, batch: int, steps: int, dtype: np.dtype) -> Pooled:
    """Room for a pool of a batch."""
    best, place = pooling.memory(batch * steps * window.channels, window.grid, window.size, dtype)
    return Pooled(window, *(part.reshape(batch, -1, *window.grid) for part in (best, place)))


class Rooms:
    """Room for values of a block, by name: the same memory for block after block."""

    def __init__(self, dtype: np.dtype, shape: tuple[int, int]):
        self.dtype, self.shape, self._rooms = dtype, shape, {}

    def __call__(self, name: str, here: slice, dtype: np.dtype | None = None) -> np.ndarray:
        """[some, steps, n], for the samples `here`; what is in it stays as it was."""
        count = here.stop - here.start
        if name not in self._rooms:
            self._rooms[name] = np.empty((count, *self.shape), dtype or self.dtype)
        return self._rooms[name][:count]


def in_blocks(batch: int, sample: int, work: Callable[[Iterable[slice]], object]) -> list:
    """work(blocks) in parts, one per thread; its blocks are samples that lie in the cache together. Their answers.

    sample: bytes of an array of one sample; 0: all samples of a part are one block.
    """
    return in_parts(batch, lambda first, last: work(_blocks(first, last, sample)))


def _blocks(first: int, last: int, sample: int) -> Iterator[slice]:
    size = max(BYTES // sample, 1) if sample else last - first
    size = size // SAMPLES * SAMPLES or size
    return (slice(start, min(start + size, last)) for start in range(first, last, size))


def arrivals(terms: Mapping[str, Sequence[Term]], here: slice, rooms: Rooms) -> list[np.ndarray]:
    """What arrives at each variable, of the samples `here`."""
    return [arrived(part, here, rooms(f"in {name}", here)) for name, part in terms.items()]


def credit(error: np.ndarray | None, pools: Sequence[tuple[Pooled, np.ndarray | None]], here: slice,
           found: np.ndarray) -> np.ndarray:
    """The error of what the samples `here` transmitted: of itself and of its pools; `found` is room for it."""
    heard = [(pool, of_pool) for pool, of_pool in pools if of_pool is not None]
    if not heard:
        if error is not None:
            return error[here]
        found[:] = 0
        return found
    (pool, of_pool), *others = heard
    pool.spread(of_pool, here, found)
    for pool, of_pool in others:
        more = np.empty_like(found)
        pool.spread(of_pool, here, more)
        found += more
    if error is not None:
        found += error[here]
    return found
