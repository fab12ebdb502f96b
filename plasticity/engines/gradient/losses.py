"""Losses as functions of outputs and targets, and firing-rate regularisation; all averaged or summed over the batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import torch

from plasticity.errors import PlasticityError, RefusedError, choice

_OVER = {"mean": torch.mean, "sum": torch.sum}


@dataclass(frozen=True)
class Loss:
    """A number from outputs y [batch, steps, n] and targets.

    wish(target, y): what is wished of y, [batch, steps or 1, n]. compare(y, wished): [batch, steps or 1].
    last: only the last so many steps count (None: all). steps, batch: "mean" or "sum" over them.
    """

    name: str
    wish: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    compare: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    last: int | None = None
    steps: str = "mean"
    batch: str = "mean"

    def __post_init__(self):
        choice("steps", self.steps, _OVER)
        choice("batch", self.batch, _OVER)
        if self.last is not None and self.last < 1:
            raise PlasticityError(f"last must be at least one step, got {self.last!r}")

    def __call__(self, y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return self._reduced(self.compare, y, target)

    def projection(self, y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """sum_k y_k wished_k over the steps that count: its error is the target itself, whatever y is."""
        return self._reduced(lambda seen, wished: (seen * wished).sum(-1), y, target)

    def _reduced(self, compare: Callable, y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        wished = self.wish(target, y)
        if self.last is not None:
            y, wished = y[:, -self.last:], wished[:, -self.last:]
        return _OVER[self.batch](_OVER[self.steps](compare(y, wished), 1))


def cross_entropy(last: int | None = None, steps: str = "mean", batch: str = "mean") -> Loss:
    """-log softmax(y)[label] in every step; y [batch, steps, classes].

    Targets are labels [batch] or [batch, steps] (int), or one-hot (or probabilities) [batch, steps, classes].

    last: only the last so many steps count (None: all). steps, batch: "mean" or "sum" over them.
    """
    return Loss("cross_entropy", _in_every_step, _entropy, last, steps, batch)


def cumulative_cross_entropy(of: str = "outputs", last: int | None = None, batch: str = "mean") -> Loss:
    """-log softmax(s)[label] of what adds up over a presentation; labels [batch], y [batch, steps, classes].

    of: "outputs", s = sum_t y(t), the outputs themselves or, with the spikes of a population as y, its counts;
        "softmax", s = sum_t softmax(y(t)), in which no single step can outweigh all others.
    last, batch: as for `cross_entropy`.

    Source: snnTorch's count loss (Eshraghian et al. 2023); softmax: Yin, Corradi & Bohte 2021, Nature Machine
    Intelligence 3:905 (both recalled).
    """
    what = {"outputs": lambda y: y, "softmax": partial(torch.softmax, dim=-1)}
    choice("of", of, what)

    def compare(y: torch.Tensor, wished: torch.Tensor) -> torch.Tensor:
        return _entropy(what[of](y).sum(1, keepdim=True), wished)

    return Loss(f"cumulative_cross_entropy({of})", _once, compare, last, "sum", batch)


def mse(last: int | None = None, factor: float = 1.0, steps: str = "mean", batch: str = "mean") -> Loss:
    """factor sum_k (y_k - target_k)^2 in every step; y and target [batch, steps, n].

    factor: 0.5 makes the derivative the error itself. last, steps, batch: as for `cross_entropy`.
    """
    def compare(y: torch.Tensor, wished: torch.Tensor) -> torch.Tensor:
        return factor * ((y - wished) ** 2).sum(-1)

    return Loss("mse", _same_shape, compare, last, steps, batch)


def spike_count_mse(correct: float, wrong: float = 0.0, batch: str = "mean") -> Loss:
    """sum_k (count_k - target_k)^2 over the neurons of an output population.

    It takes spikes [batch, steps, classes] and labels [batch].

    correct, wrong: spikes per presentation wished of the neuron of the right class, and of the others.

    Source: Shrestha & Orchard 2018, NeurIPS (SLAYER).
    """
    def wish(target: torch.Tensor, spikes: torch.Tensor) -> torch.Tensor:
        return wrong + (correct - wrong) * _once(target, spikes)

    return Loss("spike_count_mse", wish, lambda spikes, wished: ((spikes.sum(1, True) - wished) ** 2).sum(-1),
                None, "sum", batch)


def rate_regularisation(strength: float, rate: float, dt: float,
                        batch: str = "mean") -> Callable[[torch.Tensor], torch.Tensor]:
    """strength/2 sum_j (f_j - rate dt)^2, f_j the mean of neuron j's spikes per step; spikes [batch, steps, n].

    rate: Hz. dt: seconds. Its error reaches the neurons directly, with whatever paths the rule leaves open.

    Source: Bellec et al. 2020, Methods.
    """
    choice("batch", batch, _OVER)

    def loss(spikes: torch.Tensor) -> torch.Tensor:
        return _OVER[batch](strength / 2 * ((spikes.mean(1) - rate * dt) ** 2).sum(-1))

    return loss


def own_error(y: torch.Tensor, target: torch.Tensor, loss: Loss) -> torch.Tensor:
    """A population's own loss."""
    return loss(y, target)


def own_target(y: torch.Tensor, target: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The projected target. Raises RefusedError for a loss that does not say what it wishes in which step."""
    if not isinstance(loss, Loss):
        raise RefusedError(f"a rule that learns from targets has to know what the loss wishes in every step, which "
                           f"{loss!r} does not say; use a Loss of plasticity.losses")
    return loss.projection(y, target)


#: teacher of a rule -> loss of a population's fixed random readout
TEACH: Mapping[str, Callable] = MappingProxyType({"readout": own_error, "local": own_error, "target": own_target})


def _entropy(y: torch.Tensor, wished: torch.Tensor) -> torch.Tensor:
    return -(wished * torch.log_softmax(y, -1)).sum(-1)


def _in_every_step(target: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """One-hot targets of every step."""
    if target.is_floating_point() or target.ndim == 3:
        if target.shape != y.shape:
            raise PlasticityError(f"one-hot targets must have the shape of the outputs, {tuple(y.shape)}, got "
                                  f"{tuple(target.shape)}")
        return target.to(y.dtype)
    labels = target if target.ndim == 2 else target[:, None].expand(y.shape[:2])
    return torch.nn.functional.one_hot(labels.long(), y.shape[-1]).to(y.dtype)


def _once(target: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Labels [batch] as one-hot targets [batch, 1, n]."""
    if target.shape != y.shape[:1] or target.is_floating_point():
        raise PlasticityError(f"a loss on sums over steps takes one label per sample, {tuple(y.shape[:1])}, got "
                              f"{target.dtype} of shape {tuple(target.shape)}")
    return torch.nn.functional.one_hot(target.long(), y.shape[-1]).to(y.dtype)[:, None]


def _same_shape(target: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if y.shape != target.shape:
        raise PlasticityError(f"target must have the shape of the outputs, {tuple(y.shape)}, got "
                              f"{tuple(target.shape)}")
    return target
