"""The leaky sum of a readout, and its adjoint, as one pass each over all steps (on CPUs)."""

from __future__ import annotations

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from plasticity.engines.gradient.compiling import kept
from plasticity.engines.gradient.parts import array


@kept
def _forwards(current, kappa, gain, y):
    samples, steps, n = current.shape
    for b in range(samples):
        for k in range(n):
            y[b, 0, k] = gain * current[b, 0, k]
        for t in range(1, steps):
            for k in range(n):
                y[b, t, k] = kappa * y[b, t - 1, k] + gain * current[b, t, k]


@kept
def _backwards(error, kappa, gain, window, found):
    """found[t] = gain sum_{t' >= t} kappa^(t' - t) error[t'], within pieces of `window` steps (0: all)."""
    samples, steps, n = error.shape
    for b in range(samples):
        for k in range(n):
            found[b, steps - 1, k] = gain * error[b, steps - 1, k]
        for t in range(steps - 2, -1, -1):
            cut = window > 0 and (t + 1) % window == 0
            for k in range(n):
                found[b, t, k] = gain * error[b, t, k]
            for k in range(0 if cut else n):
                found[b, t, k] += kappa * found[b, t + 1, k]


class _Leaky(torch.autograd.Function):
    @staticmethod
    def forward(ctx, current, kappa, gain, window):
        given = array(current)
        ctx.numbers, ctx.window = tuple(map(given.dtype.type, (kappa, gain))), window
        y = np.empty_like(given)
        _forwards(given, *ctx.numbers, y)
        return torch.from_numpy(y)

    @staticmethod
    @once_differentiable
    def backward(ctx, error):
        given = array(error)
        found = np.empty_like(given)
        _backwards(given, *ctx.numbers, ctx.window, found)
        return torch.from_numpy(found), None, None, None


def leaky_sum(current: torch.Tensor, kappa: float, gain: float, window: int) -> torch.Tensor:
    """y[t] = kappa y[t-1] + gain current[t], for `current` [batch, steps, n] on a CPU, with at least one step.

    window: credit passes between steps, but not into a step that is a multiple of `window` (0: everywhere).
    """
    return _Leaky.apply(current, kappa, gain, window)
