"""Normal numbers in loops that run on vectors: logarithm and cosine by series, which no library has to be asked for.

Both are right to a few units of the last place, so the numbers are those of `plasticity._utils.random.normal`.
"""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_LOG_2 = math.log(2.0)
_TURN = 2.0 * math.pi


@intrinsic
def _bits(typing, x):
    """The 64 bits of a number, as a whole number."""
    def write(context, builder, signature, args):
        return builder.bitcast(args[0], ir.IntType(64))

    return types.int64(types.float64), write


@intrinsic
def _number(typing, bits):
    """The number of 64 bits."""
    def write(context, builder, signature, args):
        return builder.bitcast(args[0], ir.DoubleType())

    return types.float64(types.int64), write


@njit(inline="always")
def log_share(u):
    """log(u) of a positive number u = m 2^e, m from about 0.7 to 1.4: e log 2 + 2 artanh((m - 1) / (m + 1))."""
    bits = _bits(u) - 0x3FE6A09E667F3BCD  # of sqrt(0.5)
    exponent = bits >> 52
    m = _number(_bits(u) - (exponent << 52))
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    series = 1 / 21
    series = series * q + 1 / 19
    series = series * q + 1 / 17
    series = series * q + 1 / 15
    series = series * q + 1 / 13
    series = series * q + 1 / 11
    series = series * q + 1 / 9
    series = series * q + 1 / 7
    series = series * q + 1 / 5
    series = series * q + 1 / 3
    return exponent * _LOG_2 + 2.0 * (s + s * q * series)


@njit(inline="always")
def cos_turn(v):
    """cos(2 pi v) for v from 0 to 1: Taylor's series of sine or cosine within an eighth of a turn."""
    quarter = np.floor(4.0 * v + 0.5)
    x = (v - 0.25 * quarter) * _TURN
    q = x * x
    c = 1 / 20922789888000
    c = c * q - 1 / 87178291200
    c = c * q + 1 / 479001600
    c = c * q - 1 / 3628800
    c = c * q + 1 / 40320
    c = c * q - 1 / 720
    c = c * q + 1 / 24
    c = c * q - 0.5
    c = c * q + 1.0
    s = -1 / 1307674368000
    s = s * q + 1 / 6227020800
    s = s * q - 1 / 39916800
    s = s * q + 1 / 362880
    s = s * q - 1 / 5040
    s = s * q + 1 / 120
    s = s * q - 1 / 6
    s = x + x * q * s
    even = (quarter == 0.0) | (quarter == 2.0) | (quarter == 4.0)
    size = c if even else s
    return -size if (quarter == 1.0) | (quarter == 2.0) else size
