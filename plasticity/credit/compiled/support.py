"""Functions that generated programs call, compiled with them. `zero` and `one` carry the type that is computed in."""

from __future__ import annotations

import math

from plasticity.credit.fused.compiling import compiled


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
def collect(hit, index, at, zero):
    """Writes the numbers of the neurons that spiked to index[at:]; answers where they end."""
    for j in range(hit.size):
        if hit[j] != zero:
            index[at] = j
            at += 1
    return at


@compiled
def add_products(out, factors, rows):
    """out [samples, n] += factors [samples, m] @ rows [m, n], eight rows at a time for all samples."""
    samples, n = out.shape
    k, m = 0, rows.shape[0]
    while k + 8 <= m:
        for s in range(samples):
            a, b, c, d = factors[s, k], factors[s, k + 1], factors[s, k + 2], factors[s, k + 3]
            e, f, g, h = factors[s, k + 4], factors[s, k + 5], factors[s, k + 6], factors[s, k + 7]
            for j in range(n):
                out[s, j] += ((a * rows[k, j] + b * rows[k + 1, j]) + (c * rows[k + 2, j] + d * rows[k + 3, j])) + (
                    (e * rows[k + 4, j] + f * rows[k + 5, j]) + (g * rows[k + 6, j] + h * rows[k + 7, j]))
        k += 8
    while k < m:
        for s in range(samples):
            a = factors[s, k]
            for j in range(n):
                out[s, j] += a * rows[k, j]
        k += 1


#: function of the language (and of derivatives) -> its name here and what it takes besides its arguments
FUNCTIONS = {
    **{name: (f"math.{name}", ()) for name in ("exp", "log", "sqrt", "tanh", "sin", "cos", "sinh", "cosh", "expm1",
                                               "log1p")},
    "abs": ("abs", ()), "clip": ("clip", ()), "relu": ("relu", ("zero",)), "sigmoid": ("sigmoid", ("one",)),
    **{name: (name, ("one", "zero")) for name in ("exprel", "exprel_slope", "inside", "under", "over", "sign",
                                                  "positive", "above", "reach")},
}
