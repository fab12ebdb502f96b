"""What arrives at a population, as terms of a sum that its programs ask for block by block.

A term that needs less room than a number for each step, sample and neuron stays as it is until its block comes; so does
the gradient of what it is made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import torch

from plasticity.engines.gradient import convolution
from plasticity.network.window import Window


class Term(Protocol):
    """One projection's share of what arrives. `here` are samples, found [some, steps, n].

    tensor: what credit returns to; its numbers, while programs run.
    """

    tensor: torch.Tensor | np.ndarray

    def alone(self, here: slice, found: np.ndarray) -> np.ndarray:
        """What arrives where nothing else does: in `found`, or in an array of its own."""
        ...

    def add(self, here: slice, found: np.ndarray) -> None:
        """Adds it to what else arrives."""
        ...

    def room(self) -> np.ndarray | None:
        """Room for the gradient of `tensor`, zero; None where it is the error of what arrives itself."""
        ...

    def credit(self, here: slice, error: np.ndarray, room: np.ndarray) -> None:
        """Adds the gradient of `tensor` from the error [some, steps, n] of what arrived."""
        ...

    def spent(self) -> Term:
        """The term without what only `alone` and `add` ask for."""
        ...


class Whole(NamedTuple):
    """tensor: [batch, steps, n]."""

    tensor: torch.Tensor | np.ndarray

    def alone(self, here: slice, found: np.ndarray) -> np.ndarray:
        return self.tensor[here]

    def add(self, here: slice, found: np.ndarray) -> None:
        found += self.tensor[here]

    def room(self) -> None:
        return None

    def credit(self, here: slice, error: np.ndarray, room: np.ndarray) -> None:
        """Nothing: the error is kept as it is."""

    def spent(self) -> Term:
        return Whole(self.tensor[:0])


class Steady(NamedTuple):
    """tensor: [batch or 1, 1, n], the same in every step."""

    tensor: torch.Tensor | np.ndarray

    def _samples(self, here: slice) -> slice:
        return here if len(self.tensor) > 1 else slice(None)

    def alone(self, here: slice, found: np.ndarray) -> np.ndarray:
        found[:] = self.tensor[self._samples(here)]
        return found

    def add(self, here: slice, found: np.ndarray) -> None:
        found += self.tensor[self._samples(here)]

    def room(self) -> np.ndarray:
        return np.zeros(self.tensor.shape)

    def credit(self, here: slice, error: np.ndarray, room: np.ndarray) -> None:
        each = error.sum(1, keepdims=True)
        room[self._samples(here)] += each if len(room) > 1 else each.sum(0, keepdims=True)

    def spent(self) -> Term:
        return self


class Convolved(NamedTuple):
    """tensor: a kernel [maps, 1, rows, columns]. maps: [batch, steps, n_pre], which hear no credit."""

    tensor: torch.Tensor | np.ndarray
    maps: np.ndarray
    window: Window

    def _maps(self, here: slice) -> np.ndarray:
        return self.maps[here].reshape(-1, *self.window.shape)

    def alone(self, here: slice, found: np.ndarray) -> np.ndarray:
        convolution.forwards(self.window, self._maps(here), self.tensor,
                             found.reshape(-1, *self.window.out_shape))
        return found

    def add(self, here: slice, found: np.ndarray) -> None:
        found += self.alone(here, np.empty_like(found))

    def room(self) -> np.ndarray:
        return np.zeros(self.tensor.shape)

    def credit(self, here: slice, error: np.ndarray, room: np.ndarray) -> None:
        room += convolution.of_kernel(self.window, self._maps(here), error.reshape(-1, *self.window.out_shape))

    def spent(self) -> Term:
        return self


def arrived(terms: Sequence[Term], here: slice, found: np.ndarray) -> np.ndarray:
    """The sum of terms for the samples `here`, [some, steps, n]; `found` is room for it."""
    first, *others = terms
    total = first.alone(here, found)
    if others and total is not found:
        found[:] = total
    for term in others:
        term.add(here, found)
    return found if others else total


def gradients(parts: Sequence[Sequence[np.ndarray | None]], error: np.ndarray | None,
              dtype: np.dtype) -> list[torch.Tensor]:
    """The gradients of the tensors of some terms: what each part of the batch left in their rooms, or else `error`."""
    shared = None if error is None else torch.from_numpy(error)
    return [shared if rooms[0] is None else torch.from_numpy(sum(rooms).astype(dtype))
            for rooms in zip(*parts, strict=True)]
