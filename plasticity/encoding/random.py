"""Random spike trains: Poisson (on the grid of steps) and Bernoulli."""

from __future__ import annotations

import hashlib

import numpy as np

from plasticity._utils import random
from plasticity._utils.arrays import as_array
from plasticity._utils.memory import require_memory
from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import POSITIVE, require
from plasticity.encoding._checks import non_negative, whole
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError

# Separates the encoders' streams from the noise inside a network that was given the same seed.
_GAPS, _STEPS, _VALUES = 0x656E636F64650001, 0x656E636F64650002, 0x656E636F64650003


def poisson(rates_hz: np.ndarray, steps: int, dt: float, seed: int | np.random.Generator = 0,
            first_sample: int | np.ndarray = 0) -> Spikes:
    """Spike trains of given rates: in every step, independently, each neuron spikes with probability rate * dt.

    That is a Poisson process on the grid: the expected count is exactly rate * dt * steps, at most one spike per step.

    rates_hz: Hz, [samples, n], 0 for silence. steps: number of steps. dt: s. seed: an int, or a generator, from which
    one number is drawn. first_sample: number of the first sample in the stream that `seed` names, or the numbers of
    all samples, uint64 [samples] (`numbers_of` makes them of the samples themselves).
    Raises PlasticityError when a rate is negative, not finite, or above 1/dt.
    """
    rates = non_negative("rates_hz", rates_hz, 2)
    steps = whole("steps", steps)
    require(POSITIVE, dt=dt)
    highest = rates.max(initial=0.0)
    if highest * dt > 1:
        raise PlasticityError(f"rates_hz reaches {highest:g} Hz, above the {1 / dt:g} Hz that one spike per step of "
                              f"dt={dt:g} s allows; lower the rates or dt")
    return _by_gaps(rates * dt, steps, seed, first_sample)


def bernoulli(p: np.ndarray, steps: int | None = None, seed: int | np.random.Generator = 0,
              first_sample: int | np.ndarray = 0) -> Spikes:
    """Independent spikes of given probability per step.

    p: in [0, 1], [samples, n] (the same in all `steps`) or [samples, steps, n]. seed, first_sample: as for `poisson`;
    `bernoulli(rates * dt, steps)` draws the same spikes as `poisson(rates, steps, dt)`.
    """
    p = as_array("p", p)
    p = non_negative("p", p, 3 if p.ndim == 3 else 2)
    if p.max(initial=0.0) > 1:
        raise PlasticityError(f"p holds probabilities and must stay within [0, 1], got {p.max():g}")
    if p.ndim == 2:
        if steps is None:
            raise PlasticityError("steps is needed when p has shape [samples, n]")
        return _by_gaps(p, whole("steps", steps), seed, first_sample)
    if steps is not None and steps != p.shape[1]:
        raise PlasticityError(f"p has {p.shape[1]} steps, but steps={steps}; leave steps out")
    return Spikes.from_dense(_by_steps(p, seed, first_sample), "p")


def as_seed(seed: int | np.random.Generator) -> int:
    """A whole number that names a stream; a generator gives its next one."""
    return int(seed.integers(2**63)) if isinstance(seed, np.random.Generator) else checked_seed(seed)


def numbers_of(x: np.ndarray) -> np.ndarray:
    """A number for each sample that depends on its values alone, uint64 [samples]: equal samples draw equal spikes,
    whatever stands beside them."""
    values = np.ascontiguousarray(x, np.float64).reshape(len(x), -1) + 0.0  # so that -0 is 0
    digests = b"".join(hashlib.blake2b(row, digest_size=8).digest() for row in values)
    return np.frombuffer(digests, "<u8").astype(np.uint64)


def _keys(seed: int | np.random.Generator, first_sample: int | np.ndarray, samples: int, use: int) -> np.ndarray:
    """The stream of each sample: uint64 [samples]."""
    numbers = first_sample
    if not isinstance(first_sample, np.ndarray):
        numbers = np.arange(samples, dtype=np.uint64) + np.uint64(whole("first_sample", first_sample))
    return random.streams(as_seed(seed), use, numbers)


def sample_keys(seed: int, first_sample: int | np.ndarray, samples: int) -> np.ndarray:
    """A seed for each sample, from which encoders draw values, uint64 [samples]; first_sample as for `poisson`."""
    return _keys(seed, first_sample, samples, _VALUES)


def _by_gaps(p: np.ndarray, steps: int, seed: int | np.random.Generator, first_sample: int | np.ndarray) -> Spikes:
    spikes = p.sum() * steps if p.size * steps > 2**26 else 0  # few take no memory, and adding them up takes time
    require_memory(8.0 * len(p) * (steps + 1) + 4.2 * spikes, f"spikes of {len(p):,} samples over {steps:,} steps")
    from plasticity.encoding import _draw  # Numba is loaded only when something is drawn

    ptr, index = _draw.draw(np.ascontiguousarray(p), _keys(seed, first_sample, len(p), _GAPS), steps)
    return Spikes(ptr, index, p.shape[1])


def _by_steps(p: np.ndarray, seed: int | np.random.Generator, first_sample: int | np.ndarray) -> np.ndarray:
    """One uniform number per step and neuron: bool [samples, steps, n]."""
    keys = _keys(seed, first_sample, len(p), _STEPS)
    out = np.zeros(p.shape, bool)
    for s, key in enumerate(keys):
        out[s] = random.fraction(random.bits(key, p[s].size)).reshape(p[s].shape) < p[s]
    return out
