"""Functions that generated programs call, compiled with them."""

from __future__ import annotations

import math
from pathlib import Path

import numba
import numpy as np

from plasticity._utils.compiling import kept
from plasticity.engines.event.drawing import cos_turn, log_share

compiled = kept(Path(__file__).parent, error_model="numpy", nogil=True)
#: for step loops, whose arrays are all apart
step_loop = kept(Path(__file__).parent, apart=True, error_model="numpy", nogil=True)

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1, _M2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_1, _30, _27, _31, _11 = np.uint64(1), np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@compiled
def _mix(z):
    z = (z ^ (z >> _30)) * _M1
    z = (z ^ (z >> _27)) * _M2
    return z ^ (z >> _31)


@compiled
def stream_key(seed, step):
    """`plasticity._utils.random.key`."""
    return _mix(_mix(np.uint64(seed) + _1) ^ np.uint64(step))


@compiled
def uniform(key, index, draw):
    """`plasticity._utils.random.uniform` for one index of a stream."""
    counter = np.uint64(index) * np.uint64(2) + np.uint64(1 + draw)
    return (np.float64(_mix(key + counter * _GOLDEN) >> _11) + 0.5) * 2.0**-53


@numba.njit(inline="always")  # a loop that calls it runs on vectors
def normal(key, index):
    """`plasticity._utils.random.normal` for one index of a stream."""
    return math.sqrt(-2.0 * log_share(uniform(key, index, 0))) * cos_turn(uniform(key, index, 1))


@compiled
def decayed(value, age, table, rate):
    """A trace `age` steps after it was written."""
    return value * table[age] if age < table.size else value * math.exp(-rate * age)


@compiled
def copy_into(values, source):
    """An array into another of its shape. A slice that takes an array brings all that Numba needs to word an error, a
    second and a half of compiling."""
    for k in range(values.size):
        values.flat[k] = source.flat[k]


@compiled
def rounding(array):
    """The smallest relative difference of two numbers in an array."""
    return np.finfo(array.dtype).eps


@compiled
def float_like(x, number):
    """A whole number in the type of x."""
    return type(x)(number)


@compiled
def clip(x, low, high):
    return min(max(x, low), high)


@compiled
def choose(condition, met, otherwise):
    """`where` of the language."""
    return met if condition else otherwise


@compiled
def sigmoid(x):
    return 1.0 / (1.0 + math.exp(-x))


@compiled
def relu(x):
    return max(x, 0.0)


@compiled
def exprel(x):
    return math.expm1(x) / x if x != 0.0 else 1.0


@compiled
def whole(x):
    """`int` of the language: a condition as 0 or 1, in a type that turns no number into a longer one."""
    return np.float32(x)


@compiled
def softmax(u):
    """In place, over the postsynaptic population."""
    top = u.max()
    for j in range(u.size):
        u[j] = math.exp(u[j] - top)
    u /= u.sum()


@compiled
def rank(u):
    """In place: 0 for the largest, ties to the lower index."""
    order = np.argsort(-u, kind="mergesort")
    for k in range(u.size):
        u[order[k]] = k


@compiled
def winner(u):
    """In place: 1 for the largest, the first of equal ones, 0 for the rest."""
    best = np.argmax(u)
    u[:] = 0.0
    u[best] = 1.0


@compiled
def prefix_sum(u):
    for j in range(1, u.size):
        u[j] += u[j - 1]


@compiled
def sum_post(u):
    u[:] = u.sum()


@compiled
def max_post(u):
    u[:] = u.max()


#: function of the language -> its name in a generated program
FUNCTIONS = {
    "exp": "math.exp", "log": "math.log", "sqrt": "math.sqrt", "tanh": "math.tanh", "sin": "math.sin",
    "cos": "math.cos", "sinh": "math.sinh", "cosh": "math.cosh", "expm1": "math.expm1", "log1p": "math.log1p",
    "int": "whole", "where": "choose",
}  # fmt: skip
