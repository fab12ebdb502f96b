"""Equilibrium propagation: a network of rates settles, is nudged towards the target, and settles again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError, choice
from plasticity.methods.networks.dense import Dense, leave, one_hot

ESTIMATORS = ("positive", "random_sign", "symmetric")


class EquilibriumNetwork(nn.Module):
    """Layers coupled by symmetric weights; learning compares two states in which the network has settled.

    E(s) = 1/2 sum_l |s_l|^2 - sum_l s_l W_l s_l+1 - sum_l b_l s_l,  s_0 = x fixed, every other s in [0, 1]
    s <- clip(s - step d/ds (E + beta C), 0, 1),  C = 1/2 |s_out - y|^2,  y one-hot; all layers at once

    free phase: beta = 0, from s = 0, free_steps; nudged phase: from there, nudged_steps.
    dW_l is proportional to (s_l s_l+1 nudged - s_l s_l+1 free)/beta: a Hebbian and an anti-Hebbian product of the two
    neurons. As beta -> 0 it is the gradient of C in the state that the free phase settles in.

    estimator: "positive", that difference; "random_sign", the same with the sign of beta drawn per batch;
        "symmetric", (nudged by beta - nudged by -beta)/(2 beta), whose error is of second order in beta.
    step: size of a step; 0.5 is the released code's, 1 leaves out the leak (Ernoult et al. 2019).
    The released code has C without the factor 1/2, so that its beta of 0.5 is 1 here, and starts each free phase from
    the state that it had for the same sample in the last epoch; here every presentation starts from zero. An output
    whose drive stays below -beta is clipped at 0 in both phases and learns nothing: raise beta if classes go missing.

    Source: Scellier & Bengio 2017, Frontiers in Computational Neuroscience 11:24, and its released code;
    symmetric: Laborieux, Ernoult, Scellier, Bengio, Grollier & Querlioz 2021, Frontiers in Neuroscience 15:633674.
    """

    @checked
    def __init__(self, sizes: Sequence[int], beta: float = 1.0, free_steps: int = 20, nudged_steps: int = 4,
                 step: float = 0.5, estimator: str = "symmetric", seed: int = 0, dtype: torch.dtype = torch.float32):
        super().__init__()
        if not beta > 0 or not 0 < step <= 1 or min(free_steps, nudged_steps) < 1:
            raise PlasticityError("equilibrium propagation needs beta > 0, 0 < step <= 1 and at least one step per "
                                  f"phase, got {beta=}, {step=}, {free_steps=}, {nudged_steps=}")
        self.estimator = choice("estimator", estimator, ESTIMATORS)
        self.beta, self.free_steps, self.nudged_steps, self.step = beta, free_steps, nudged_steps, step
        self.layers = Dense(sizes, np.random.default_rng(seed), dtype)

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Rates of the output layer at the end of the free phase, [batch, classes]."""
        return self.free(x)[-1]

    def free(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Rates of every layer but the input at the end of the free phase."""
        rates = [x.new_zeros(len(x), size) for size in self.layers.sizes[1:]]
        return self.settle(self.layers.drive(0, x), rates, self.free_steps)

    @torch.no_grad()
    def settle(self, drive: torch.Tensor, rates: Sequence[torch.Tensor], steps: int, beta: float = 0.0,
               target: torch.Tensor | None = None) -> list[torch.Tensor]:
        """`steps` steps down the energy from `rates`. drive: what the input sends to the first layer."""
        for _ in range(steps):
            pull = self._pull(drive, rates)
            if beta:
                pull[-1] = pull[-1] + beta * (target - rates[-1])
            rates = [torch.lerp(s, p, self.step).clamp_(0, 1) for s, p in zip(rates, pull, strict=True)]
        return list(rates)

    def _pull(self, drive: torch.Tensor, rates: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """What each layer hears from below and above: s - dE/ds."""
        heard = [drive, *(self.layers.drive(k, s) for k, s in enumerate(rates[:-1], 1))]
        above = [torch.addmm(h, s, w.T) for h, s, w in zip(heard, rates[1:], self.layers.weights[1:], strict=False)]
        return [*above, heard[-1]]

    @torch.no_grad()
    def gradient(self, x: torch.Tensor, labels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Leaves the rule's change in `.grad`, with the sign of a gradient; answers C of the free phase (batch mean).

        rng: draws the sign of beta, for the estimator "random_sign" only.
        """
        target = one_hot(labels, self.layers.sizes[-1], x.dtype)
        drive, free = self.layers.drive(0, x), self.free(x)
        beta = -self.beta if self.estimator == "random_sign" and rng.random() < 0.5 else self.beta
        nudged = self.settle(drive, free, self.nudged_steps, beta, target)
        other, distance = free, beta
        if self.estimator == "symmetric":
            other, distance = self.settle(drive, free, self.nudged_steps, -beta, target), 2 * beta
        leave(self._difference(x, other, nudged, 1 / (distance * len(x))))
        return 0.5 * ((free[-1] - target) ** 2).sum(1).mean()

    def _difference(self, x: torch.Tensor, first: Sequence[torch.Tensor], second: Sequence[torch.Tensor],
                    scale: float) -> list[tuple[nn.Parameter, torch.Tensor]]:
        """scale times (products of rates in the first state - those in the second), summed over the batch."""
        before = [torch.cat(pair) for pair in zip([x, *first[:-1]], [x, *second[:-1]], strict=True)]
        after = [scale * torch.cat((a, -b)) for a, b in zip(first, second, strict=True)]
        weights = [(w, a.T @ b) for w, a, b in zip(self.layers.weights, before, after, strict=True)]
        return weights + [(bias, b.sum(0)) for bias, b in zip(self.layers.biases, after, strict=True)]
