"""Spike trains of many samples as events: for every sample and step, the indices of the neurons that spiked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from plasticity._utils.arrays import WHOLE, as_array
from plasticity._utils.validation import require_whole
from plasticity.errors import PlasticityError


@dataclass(frozen=True)
class Spikes:
    """Spikes of `n` neurons in `samples` presentations of `steps` steps.

    index[ptr[s, t] : ptr[s, t + 1]] are the neurons that spiked in step t of sample s, in rising order.
    ptr: int64 [samples, steps + 1]; index: int32. What does not fit is refused where they are given (`as_spikes`).
    """

    ptr: np.ndarray
    index: np.ndarray
    n: int

    @property
    def samples(self) -> int:
        return self.ptr.shape[0]

    @property
    def steps(self) -> int:
        return self.ptr.shape[1] - 1

    @classmethod
    def from_dense(cls, spikes: np.ndarray, name: str = "spikes") -> Spikes:
        """From a bool array [samples, steps, n] (or [steps, n] for one sample)."""
        spikes = _zeros_and_ones(spikes, name)
        samples, steps, n = spikes.shape
        sample, step, index = np.nonzero(spikes)
        per_step = np.bincount(sample * steps + step, minlength=samples * steps)
        ends = np.concatenate(([0], np.cumsum(per_step))).astype(np.int64)
        return cls(ends[np.arange(samples)[:, None] * steps + np.arange(steps + 1)], index.astype(np.int32), n)

    @classmethod
    def from_events(cls, sample: np.ndarray, step: np.ndarray, neuron: np.ndarray,
                    shape: tuple[int, int, int]) -> Spikes:
        """From the sample, step and neuron of each spike, in any order. shape: (samples, steps, n)."""
        samples, steps, n = shape
        code = (np.asarray(sample, np.int64) * steps + step) * n + neuron
        if (code[1:] < code[:-1]).any():
            code = np.sort(code)
        ends = np.searchsorted(code, np.arange(samples * steps + 1, dtype=np.int64) * n)
        return cls(ends[np.arange(samples)[:, None] * steps + np.arange(steps + 1)], (code % n).astype(np.int32), n)

    def events(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(sample, step, neuron) of each spike, in this order. Raises PlasticityError where ptr and index do not fit
        each other."""
        trains = checked_spikes(self, "spikes")
        at = np.repeat(np.arange(trains.samples * trains.steps), np.diff(trains.ptr).ravel())
        return at // max(trains.steps, 1), at % max(trains.steps, 1), shown(trains)

    def dense(self) -> np.ndarray:
        """As a bool array [samples, steps, n]. Raises PlasticityError where ptr and index do not fit each other."""
        trains = checked_spikes(self, "spikes")
        out = np.zeros((trains.samples * trains.steps, trains.n), bool)
        out[np.repeat(np.arange(len(out)), np.diff(trains.ptr).ravel()), shown(trains)] = True
        return out.reshape(trains.samples, trains.steps, trains.n)

    def counts(self) -> np.ndarray:
        """Spikes per neuron: int [samples, n]. Raises PlasticityError where ptr and index do not fit each other."""
        trains = checked_spikes(self, "spikes")
        sample = np.repeat(np.arange(trains.samples), trains.ptr[:, -1] - trains.ptr[:, 0])
        count = np.bincount(sample * trains.n + shown(trains), minlength=trains.samples * trains.n)
        return count.reshape(trains.samples, trains.n)

    def __getitem__(self, samples: slice) -> Spikes:
        """A range of samples, sharing memory."""
        return Spikes(self.ptr[samples], self.index, self.n)


def shown(spikes: Spikes) -> np.ndarray:
    """The neurons of all spikes in the order of samples and steps; of a range of samples, these alone."""
    first, last = spikes.ptr[:, 0], spikes.ptr[:, -1]
    if not len(first) or (first[1:] == last[:-1]).all():
        return spikes.index[first[0] : last[-1]] if len(first) else spikes.index[:0]
    return np.concatenate([spikes.index[a:b] for a, b in zip(first, last, strict=True)])


def as_spikes(spikes: Spikes | np.ndarray, name: str, n: int) -> Spikes:
    """`spikes` as Spikes of `n` neurons, their arrays checked once, here: all that run them rely on it.

    Raises PlasticityError that names the input, for other sizes, indices that are no neurons, and a ptr that leads
    nowhere.
    """
    trains = checked_spikes(spikes, name) if isinstance(spikes, Spikes) else Spikes.from_dense(spikes, name)
    if trains.n != n:
        raise PlasticityError(f"{name} has {trains.n} neurons, the network's input {name!r} has {n}")
    return trains


def checked_spikes(spikes: Spikes, name: str) -> Spikes:
    """The same spikes, ptr as int64 and index as int32, if they fit each other; else PlasticityError by `name`."""
    require_whole(1, **{f"n of {name}": spikes.n})
    ptr, index = (as_array(f"{part} of {name}", getattr(spikes, part), WHOLE) for part in ("ptr", "index"))
    if ptr.ndim != 2 or not ptr.shape[1] or index.ndim != 1:
        raise PlasticityError(f"{name}: ptr must have shape [samples, steps + 1] and index one dimension, got "
                              f"{ptr.shape} and {index.shape}; Spikes.from_dense makes both")
    if ptr.size and (ptr.min() < 0 or ptr.max() > index.size or (ptr[:, 1:] < ptr[:, :-1]).any()):
        raise PlasticityError(f"{name}: each row of ptr must rise from 0 at least to {index.size} at most (the length "
                              "of index); Spikes.from_dense makes both")
    trains = Spikes(ptr.astype(np.int64, copy=False), index, int(spikes.n))
    _require_neurons(trains, name)
    return replace(trains, index=index.astype(np.int32, copy=False))


def _require_neurons(trains: Spikes, name: str) -> None:
    """Whether the neurons of each step are some that exist, each once, in rising order."""
    neurons = shown(trains)
    if not neurons.size:
        return
    lowest, highest = neurons.min(), neurons.max()
    if lowest < 0 or highest >= trains.n:
        raise PlasticityError(f"{name}: index must hold neurons from 0 to {trains.n - 1}, got "
                              f"{highest if highest >= trains.n else lowest}")
    rises = neurons[1:] > neurons[:-1]
    begins = np.cumsum(np.diff(trains.ptr).ravel())  # of every step but the first: it may begin with any neuron
    rises[begins[(begins > 0) & (begins < neurons.size)] - 1] = True
    if not rises.all():
        raise PlasticityError(f"{name}: index must hold the neurons of each step in rising order, each once")


def _zeros_and_ones(spikes: np.ndarray, name: str) -> np.ndarray:
    """bool or numbers [samples, steps, n]; [steps, n] is one sample."""
    spikes = as_array(name, spikes)
    spikes = spikes[None] if spikes.ndim == 2 else spikes
    if spikes.ndim != 3:
        raise PlasticityError(f"{name} must have shape [samples, steps, n] or [steps, n], got {spikes.shape}")
    if spikes.dtype != bool and not np.isin(spikes, (0, 1)).all():
        raise PlasticityError(f"{name} must hold only 0 and 1 (did a step carry more than one spike, or NaN?)")
    return spikes


def densified(values):
    """`values`, or a mapping of them, with Spikes as bool arrays and all else as it is."""
    if isinstance(values, Mapping):
        return {name: densified(each) for name, each in values.items()}
    return values.dense() if isinstance(values, Spikes) else values
