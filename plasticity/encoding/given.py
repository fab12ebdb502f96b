"""Inputs that are given outright: patterns, events, constant currents."""

from __future__ import annotations

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.memory import require_memory
from plasticity.encoding._checks import whole
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError


def imposed(spikes: np.ndarray) -> Spikes:
    """Spikes from a bool array [samples, steps, n], or [steps, n] for one sample."""
    return Spikes.from_dense(spikes)


def repeat(spikes: Spikes | np.ndarray, samples: int) -> Spikes:
    """One sample (Spikes, or bool [steps, n]) shown `samples` times."""
    one = spikes if isinstance(spikes, Spikes) else imposed(spikes)
    samples = whole("samples", samples)
    if one.samples != 1:
        raise PlasticityError(f"spikes must hold one sample to repeat, got {one.samples}")
    start, end = one.ptr[0, 0], one.ptr[0, -1]
    require_memory(8.0 * samples * (one.steps + 1) + 4.0 * samples * (end - start), f"{samples:,} samples")
    offsets = np.arange(samples, dtype=np.int64)[:, None] * (end - start)
    return Spikes(one.ptr - start + offsets, np.tile(one.index[start:end], samples), one.n)


def from_events(sample: np.ndarray, step: np.ndarray, neuron: np.ndarray, samples: int, steps: int, n: int) -> Spikes:
    """Spikes from a list of events in any order; events that coincide in all three count once.

    sample, step, neuron: int [events]. Raises PlasticityError when one lies outside `samples`, `steps` or `n`.
    """
    samples, steps, n = whole("samples", samples), whole("steps", steps), whole("n", n)
    require_memory(24.0 * samples * (steps + 1), f"spikes of {samples:,} samples over {steps:,} steps")
    events = []
    for name, values, size in (("sample", sample, samples), ("step", step, steps), ("neuron", neuron, n)):
        values = np.asarray(values)
        if values.ndim != 1 or (values.size and not np.issubdtype(values.dtype, np.integer)):
            raise PlasticityError(f"{name} must be whole numbers of shape [events]")
        if values.size and (values.min() < 0 or values.max() >= size):
            raise PlasticityError(f"{name} must stay within 0..{size - 1}, got {values.min()}..{values.max()}")
        events.append(values.astype(np.int64))
    if not len(events[0]) == len(events[1]) == len(events[2]):
        raise PlasticityError("sample, step and neuron must have the same length, one entry per event")
    code = np.unique((events[0] * steps + events[1]) * n + events[2])
    ends = np.searchsorted(code, np.arange(samples * steps + 1, dtype=np.int64) * n)
    rows = np.arange(samples)[:, None] * steps + np.arange(steps + 1)
    return Spikes(ends[rows].astype(np.int64), (code % max(n, 1)).astype(np.int32), n)


def constant(current: np.ndarray, steps: int) -> np.ndarray:
    """A constant current as a signal: the same values in every step.

    current: [samples, n] (or [samples] for a signal with one value), in the unit of the variable it drives.
    Answers float64 [samples, steps, n] (or [samples, steps]).
    """
    current, steps = as_array("current", current).astype(np.float64, copy=False), whole("steps", steps)
    if current.ndim not in (1, 2):
        raise PlasticityError(f"current must have shape [samples, n] or [samples], got {current.shape}")
    if not np.isfinite(current).all():
        raise PlasticityError("current holds NaN or infinity")
    require_memory(8.0 * current.size * steps, f"a current over {steps:,} steps")
    return np.repeat(current[:, None], steps, axis=1)
