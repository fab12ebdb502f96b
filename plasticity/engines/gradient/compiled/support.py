"""Functions that generated programs call, compiled with them. `zero` and `one` carry the type that is computed in."""

from __future__ import annotations

import math

from plasticity.engines.event.support import normal, uniform
from plasticity.engines.gradient.compiling import compiled


@compiled
def truth(condition, one, zero):
    return one if condition else zero


@compiled
def relu(u, zero):
    return zero if u <= zero else u  # what is not a number stays so


@compiled
def sigmoid(u, one):
    return one / (one + math.exp(-u))


@compiled
def exprel(u, one, zero):
    return math.expm1(u) / u if u != zero else one


@compiled
def exprel_slope(u, one, zero):
    """d exprel/du; near zero by its series, where the closed form cancels."""
    two, three, five = one + one, one + one + one, one + one + one + one + one
    if abs(u) < two ** -10:
        return one / two + u * (one / three + u * (one / (two * two * two) + u / (two * three * five)))
    return (math.exp(u) - math.expm1(u) / u) / u


@compiled
def clip(u, low, high):
    raised = low if u < low else u
    return high if raised > high else raised


@compiled
def inside(u, low, high, one, zero):
    """d clip/du"""
    return one if u >= low and max(u, low) <= high else zero


@compiled
def under(u, low, high, one, zero):
    """d clip/d low"""
    return one if u < low and low <= high else zero


@compiled
def over(u, low, high, one, zero):
    """d clip/d high"""
    return one if max(u, low) > high else zero


@compiled
def sign(u, one, zero):
    return one if u > zero else (-one if u < zero else zero)


@compiled
def positive(u, one, zero):
    return one if u > zero else zero


@compiled
def above(u, one, zero):
    return one if u > zero else zero


@compiled
def reach(u, one, zero):
    return one if u >= zero else zero


@compiled
def draw(row, keys, call, t, first, is_normal, off):
    """Random numbers of one call in a step, for neurons whose numbers begin with `first`; `off` where there are no
    keys: nothing is drawn then."""
    if keys.shape[1] == 0:
        row[:] = off
        return
    for j in range(row.size):
        row[j] = normal(keys[call, t], first + j) if is_normal else uniform(keys[call, t], first + j, 0)


@compiled
def collect(hit, index, at, zero):
    """Writes the numbers of the neurons that spiked to index[at:]; answers where they end."""
    for j in range(hit.size):
        if hit[j] != zero:
            index[at] = j
            at += 1
    return at


@compiled
def add_products(out, factors, rows):
    """out [4, n] += factors [4, m] @ rows [m, n]: four samples by four rows at a time."""
    k, m = 0, rows.shape[0]
    while k + 4 <= m:
        _four_by_four(out[0], out[1], out[2], out[3], factors, rows, k)
        k += 4
    while k < m:
        for s in range(4):
            factor = factors[s, k]
            for j in range(out.shape[1]):
                out[s, j] += factor * rows[k, j]
        k += 1


@compiled
def _four_by_four(first, second, third, fourth, factors, rows, k):
    a0, a1, a2, a3 = factors[0, k], factors[0, k + 1], factors[0, k + 2], factors[0, k + 3]
    b0, b1, b2, b3 = factors[1, k], factors[1, k + 1], factors[1, k + 2], factors[1, k + 3]
    c0, c1, c2, c3 = factors[2, k], factors[2, k + 1], factors[2, k + 2], factors[2, k + 3]
    d0, d1, d2, d3 = factors[3, k], factors[3, k + 1], factors[3, k + 2], factors[3, k + 3]
    for j in range(first.size):
        p, q, r, s = rows[k, j], rows[k + 1, j], rows[k + 2, j], rows[k + 3, j]
        first[j] += (a0 * p + a1 * q) + (a2 * r + a3 * s)
        second[j] += (b0 * p + b1 * q) + (b2 * r + b3 * s)
        third[j] += (c0 * p + c1 * q) + (c2 * r + c3 * s)
        fourth[j] += (d0 * p + d1 * q) + (d2 * r + d3 * s)


#: function of the language (and of derivatives) -> its name here and what it takes besides its arguments
FUNCTIONS = {
    **{name: (f"math.{name}", ()) for name in ("exp", "log", "sqrt", "tanh", "sin", "cos", "sinh", "cosh", "expm1",
                                               "log1p")},
    "abs": ("abs", ()), "clip": ("clip", ()), "relu": ("relu", ("zero",)), "sigmoid": ("sigmoid", ("one",)),
    **{name: (name, ("one", "zero")) for name in ("exprel", "exprel_slope", "inside", "under", "over", "sign",
                                                  "positive", "above", "reach")},
}
