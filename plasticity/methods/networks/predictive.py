"""Predictive coding: activities settle between what is predicted of them and the errors of what they predict."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.methods.networks.dense import Dense, activation, leave, one_hot


class PredictiveNetwork(nn.Module):
    """Layers that predict the next one; activities relax on the prediction errors, then weights learn from both ends.

    F = sum_l |e_l|^2 / (2 v_l),  e_l = x_l - mu_l,  mu_l+1 = f(x_l) W_l + b_l;  v = 1 but for the output layer
    x_0 is the input, sent as it is (not through f), x_L the one-hot target; the others start at their predictions and
    x_l <- x_l + step (-e_l/v_l + f'(x_l) (e_l+1/v_l+1) W_l^T),  `steps` times, all layers at once
    dW_l is proportional to f(x_l) e_l+1/v_l+1: presynaptic activity times the error of the postsynaptic unit.

    Without a target nothing relaxes: the answer is that of a feedforward network with the same weights. As the errors
    become small (output_variance -> infinity) the change becomes backpropagation's, times 1/output_variance.

    fixed_prediction: predictions and slopes stay those of the first state (Millidge, Tschantz & Buckley 2022); the
        errors then settle at backpropagation's exactly.
    f: "tanh", "relu" or "sigmoid".

    Source: Whittington & Bogacz 2017, Neural Computation 29:1229; fixed prediction: Millidge, Tschantz & Buckley
    2022, Neural Computation 34:1329. The input sent as it is, and the defaults, are this library's.
    """

    @checked
    def __init__(self, sizes: Sequence[int], f: str = "tanh", steps: int = 20, step: float = 0.2,
                 output_variance: float = 1.0, fixed_prediction: bool = False, seed: int = 0,
                 dtype: torch.dtype = torch.float32):
        super().__init__()
        if not output_variance > 0 or not 0 < step <= 1 or steps < 1:
            raise PlasticityError("predictive coding needs output_variance > 0, 0 < step <= 1 and steps >= 1, got "
                                  f"{output_variance=}, {step=}, {steps=}")
        self.f, self.steps, self.step = activation(f), steps, step
        self.output_variance, self.fixed_prediction = output_variance, fixed_prediction
        self.layers = Dense(sizes, np.random.default_rng(seed), dtype)

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The output layer's prediction, [batch, classes]."""
        return self.predictions(x)[-1]

    def predictions(self, x: torch.Tensor) -> list[torch.Tensor]:
        """mu of every layer but the input, each from the one before: the feedforward pass."""
        found = [self.layers.drive(0, x)]
        for layer in range(1, len(self.layers)):
            found.append(self.layers.drive(layer, self.f.value(found[-1])))
        return found

    @torch.no_grad()
    def relax(self, x: torch.Tensor, target: torch.Tensor) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """What each layer sends, and the errors e/v of those it sends to, after `steps` steps."""
        first = self.predictions(x)
        activities = [*first[:-1], target]
        for _ in range(self.steps):
            errors = self._errors(first, activities)
            seen = first if self.fixed_prediction else activities
            moved = [(e @ w.T).mul_(self.f.slope(s)).sub_(own) for e, w, s, own in
                     zip(errors[1:], self.layers.weights[1:], seen, errors, strict=False)]
            activities = [*(a.add(m, alpha=self.step) for a, m in zip(activities, moved, strict=False)), target]
        seen = first if self.fixed_prediction else activities
        return [x, *map(self.f.value, seen[:-1])], self._errors(first, activities)

    def _errors(self, first: Sequence[torch.Tensor], activities: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """e/v of every layer but the input; the first layer's prediction never changes, as the input does not."""
        predicted = list(first)
        if not self.fixed_prediction:
            predicted[1:] = [self.layers.drive(layer, self.f.value(a)) for layer, a in enumerate(activities[:-1], 1)]
        errors = [a - mu for a, mu in zip(activities, predicted, strict=True)]
        errors[-1] = errors[-1] / self.output_variance
        return errors

    @torch.no_grad()
    def gradient(self, x: torch.Tensor, labels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """Leaves the rule's change in `.grad`, with the sign of a gradient; answers |target - mu|^2/2 before
        relaxation; both are means over the batch. rng is not used."""
        target = one_hot(labels, self.layers.sizes[-1], x.dtype)
        sent, errors = self.relax(x, target)
        errors = [e / -len(x) for e in errors]
        leave((w, a.T @ e) for w, a, e in zip(self.layers.weights, sent, errors, strict=True))
        leave((b, e.sum(0)) for b, e in zip(self.layers.biases, errors, strict=True))
        return 0.5 * ((self(x) - target) ** 2).sum(1).mean()
