"""A leaky readout, and the ways in which its error enters the network."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from plasticity.engines.gradient.scan import leaky_sum
from plasticity.errors import PlasticityError
from plasticity.rules.paths import Paths


@dataclass(frozen=True)
class Readout:
    """Leaky sums of spikes: y[t] = kappa y[t-1] + gain z[t] W (+ bias), kappa = exp(-dt/tau).

    pre: name of the population that is read, or several. n: how many outputs. tau: seconds (0: no memory).
    scaled: gain is 1 - kappa, as in Bellec et al. 2020; else 1. bias: adds a learned constant.
    weights: [n_pre, n], or one such array per population; None for normal draws of variance 1/n_pre.
    """

    pre: str | tuple[str, ...]
    n: int
    tau: float = 20e-3
    scaled: bool = True
    bias: bool = False
    weights: np.ndarray | Mapping[str, np.ndarray] | None = None

    def __post_init__(self):
        if self.tau < 0 or self.n < 1:
            raise PlasticityError(f"a readout needs n >= 1 and tau >= 0 (seconds), got n={self.n!r}, tau={self.tau!r}")

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.pre,) if isinstance(self.pre, str) else tuple(self.pre)

    def leak(self, dt: float) -> tuple[float, float]:
        """kappa and gain."""
        kappa = math.exp(-dt / self.tau) if self.tau else 0.0
        return kappa, 1 - kappa if self.scaled else 1.0

    def first_weights(self, pre: str, n_pre: int, generator: np.random.Generator) -> np.ndarray:
        """The weights [n_pre, n] that a population's part of the readout starts with."""
        drawn = generator.normal(size=(n_pre, self.n)) / math.sqrt(n_pre)
        given = self.weights.get(pre) if isinstance(self.weights, Mapping) else self.weights
        found = drawn if given is None else np.asarray(given, float)
        if found.shape != (n_pre, self.n):
            raise PlasticityError(f"weights of the readout from {pre!r} must have shape {(n_pre, self.n)} "
                                  f"([pre, output]), got {found.shape}")
        return found


class _Entry(torch.autograd.Function):
    """z W, whose error goes back over `back` instead of W transposed; `back`, if it learns, gets W's gradient."""

    @staticmethod
    def forward(ctx, z, w, back):
        ctx.save_for_backward(z, back)
        return z @ w

    @staticmethod
    def backward(ctx, error):
        z, back = ctx.saved_tensors
        dw = z.flatten(0, -2).T @ error.flatten(0, -2) if any(ctx.needs_input_grad[1:]) else None
        return error @ back, dw, dw.T if ctx.needs_input_grad[2] else None


def entry(z: torch.Tensor, w: torch.Tensor, back: torch.Tensor | None) -> torch.Tensor:
    """z w, [..., n_out]; `back` [n_out, n_pre] brings the error (None: w transposed)."""
    return z @ w if back is None else _Entry.apply(z, w, back)


def heard(z: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
    """Zeros [..., n_out] over which a population hears the error of an output that it does not drive."""
    return (z - z.detach()) @ back.T


def leaky(current: torch.Tensor, instant: torch.Tensor | None, kappa: float, gain: float, paths: Paths) -> torch.Tensor:
    """The leaky sum of `current` [batch, steps, n] over steps.

    instant: zeros over which credit reaches the spikes of its own step only.
    """
    window = (paths.truncate or 0) if paths.time else 1
    found = (leaky_sum if current.device.type == "cpu" else _step_by_step)(current, kappa, gain, window)
    return found if instant is None else found + gain * instant


def _step_by_step(current: torch.Tensor, kappa: float, gain: float, window: int) -> torch.Tensor:
    """`leaky_sum` on any device."""
    y, found = torch.zeros_like(current[:, 0]), []
    for step, now in enumerate((gain * current).unbind(1)):
        y = kappa * (y.detach() if window and step % window == 0 else y) + now
        found.append(y)
    return torch.stack(found, 1)


def read(z: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor], back: Mapping[str, torch.Tensor],
         kappa: float, gain: float, paths: Paths) -> torch.Tensor:
    """The readout's outputs [batch, steps, n] from spikes {population: [batch, steps, n_pre]}.

    back: {population: [n, n_pre]} where something else than the transposed weights brings the error.
    """
    through_time = paths.layers != "step"
    found = {name: entry(z[name] if through_time else z[name].detach(), w, back.get(name) if through_time else None)
             for name, w in weights.items()}
    silent = [heard(z[name], b) for name, b in back.items() if name not in weights or not through_time]
    if not through_time:
        silent += [heard(z[name], w.detach().T) for name, w in weights.items() if name not in back]
        return leaky(sum(found.values()), sum(silent), kappa, gain, paths)
    return leaky(sum(found.values()) + sum(silent), None, kappa, gain, paths)
