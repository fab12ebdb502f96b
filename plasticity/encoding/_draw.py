"""The compiled loop behind `poisson` and `bernoulli`: gaps between spikes, per active neuron.

Independent spikes with probability p per step have gaps g with P(g = k) = (1 - p)^(k - 1) p, so one uniform number u
gives the next one, g = 1 + floor(log u / log(1 - p)) (Devroye 1986, "Non-uniform random variate generation", ch. X.2).
The cost is per spike, not per step and neuron.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numba import njit

from plasticity._utils.compiling import kept

_OPTIONS = {"nogil": True, "error_model": "numpy"}
_kept = kept(Path(__file__).parent, **_OPTIONS)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_30, _27, _31, _11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@njit(inline="always", **_OPTIONS)
def _mix(z):
    """`plasticity._utils.random.mix`, compiled."""
    z = (z ^ (z >> _30)) * _M1
    z = (z ^ (z >> _27)) * _M2
    return z ^ (z >> _31)


@_kept
def _grown(array, needed):
    """`array`, or a copy at least twice as long that holds `needed` items."""
    if needed <= array.size:
        return array
    longer = np.empty(max(needed, 2 * array.size), array.dtype)
    for k in range(array.size):  # a slice that takes an array brings all that Numba needs to word an error
        longer[k] = array[k]
    return longer


@_kept
def _neuron(p, key, steps, times, start):
    """Writes the spike steps of one neuron into `times` from `start` on; answers where they end."""
    scale = 1.0 / math.log1p(-p)
    step, end, counter = -1.0, start, key
    while True:
        counter += _GOLDEN
        u = (np.float64(_mix(counter) >> _11) + 0.5) * 2.0**-53
        step += 1.0 + math.floor(math.log(u) * scale)
        if not step < steps:
            return end
        times[end] = np.int32(step)
        end += 1


@_kept
def _sorted_by_step(times, ends, active, n, steps, ptr, index, start):
    """A counting sort: neurons were visited in rising order, so they stay so within each step."""
    for t in range(steps + 1):
        ptr[t] = 0
    for k in range(ends[n]):
        ptr[times[k] + 1] += 1
    ptr[0] = start
    for t in range(steps):
        ptr[t + 1] += ptr[t]
    place = ptr[:steps].copy()
    for a in range(n):
        for k in range(ends[a], ends[a + 1]):
            t = times[k]
            index[place[t]] = active[a]
            place[t] += 1


@_kept
def draw(p, keys, steps):
    """p: float64 [samples, n], spike probability per step; keys: uint64 [samples]. Answers (ptr, index) of `Spikes`."""
    samples = p.shape[0]
    ptr = np.empty((samples, steps + 1), np.int64)
    expected = 0.0
    for s in range(samples):  # loops, as each of numpy's functions here is a tenth of a second of compiling
        for i in range(p.shape[1]):
            expected += p[s, i]
    index = np.empty(int(expected * steps * 1.05) + 64, np.int32)
    times = np.empty(4096, np.int32)
    active, ends, used = np.empty(p.shape[1], np.int64), np.zeros(p.shape[1] + 1, np.int64), np.int64(0)
    for s in range(samples):
        n = np.int64(0)  # a plain 0 is a type of its own, for which all is compiled once more
        for i in range(p.shape[1]):
            if p[s, i] != 0.0:
                times = _grown(times, ends[n] + steps)
                active[n] = i
                ends[n + 1] = _neuron(p[s, i], _mix(keys[s] + np.uint64(i + 1) * _GOLDEN), steps, times, ends[n])
                n += 1
        index = _grown(index, used + ends[n])
        _sorted_by_step(times, ends, active, n, steps, ptr[s], index, used)
        used += ends[n]
    return ptr, index[:used].copy()
