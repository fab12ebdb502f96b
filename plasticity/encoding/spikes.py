"""Spike trains of many samples as events: for every sample and step, the indices of the neurons that spiked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticity.errors import PlasticityError


@dataclass(frozen=True)
class Spikes:
    """Spikes of `n` neurons in `samples` presentations of `steps` steps.

    index[ptr[s, t] : ptr[s, t + 1]] are the neurons that spiked in step t of sample s, in rising order.
    ptr: int64 [samples, steps + 1]; index: int32.
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
        spikes = np.asarray(spikes)
        if spikes.ndim == 2:
            spikes = spikes[None]
        if spikes.ndim != 3:
            raise PlasticityError(f"{name} must have shape [samples, steps, n] or [steps, n], got {spikes.shape}")
        if spikes.dtype != bool and not np.isin(spikes, (0, 1)).all():
            raise PlasticityError(f"{name} must hold only 0 and 1 (did a step carry more than one spike, or NaN?)")
        samples, steps, n = spikes.shape
        sample, step, index = np.nonzero(spikes)
        per_step = np.bincount(sample * steps + step, minlength=samples * steps)
        ends = np.concatenate(([0], np.cumsum(per_step)))
        ptr = np.stack([ends[s * steps : (s + 1) * steps + 1] for s in range(samples)]) if samples else \
            np.zeros((0, steps + 1))
        return cls(ptr.astype(np.int64), index.astype(np.int32), n)

    def dense(self) -> np.ndarray:
        """As a bool array [samples, steps, n]."""
        out = np.zeros((self.samples, self.steps, self.n), bool)
        for s in range(self.samples):
            for t in range(self.steps):
                out[s, t, self.index[self.ptr[s, t] : self.ptr[s, t + 1]]] = True
        return out

    def counts(self) -> np.ndarray:
        """Spikes per neuron: int [samples, n]."""
        out = np.zeros((self.samples, self.n), np.int64)
        for s in range(self.samples):
            out[s] = np.bincount(self.index[self.ptr[s, 0] : self.ptr[s, -1]], minlength=self.n)
        return out

    def __getitem__(self, samples: slice) -> Spikes:
        """A range of samples, sharing memory."""
        return Spikes(self.ptr[samples], self.index, self.n)


def as_spikes(spikes: Spikes | np.ndarray, name: str, n: int) -> Spikes:
    """`spikes` as Spikes of `n` neurons; an error names the input and the sizes."""
    found = spikes if isinstance(spikes, Spikes) else Spikes.from_dense(spikes, name)
    if found.n != n:
        raise PlasticityError(f"{name} has {found.n} neurons, the network's input {name!r} has {n}")
    return found


def densified(values):
    """`values`, or a mapping of them, with Spikes as bool arrays and all else as it is."""
    if isinstance(values, Mapping):
        return {name: densified(each) for name, each in values.items()}
    return values.dense() if isinstance(values, Spikes) else values
