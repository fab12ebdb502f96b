"""Losses as functions of outputs and targets, and firing-rate regularisation; all averaged or summed over the batch."""

from __future__ import annotations

from collections.abc import Callable

import torch

from plasticity.errors import PlasticityError, choice

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
_OVER = {"mean": torch.mean, "sum": torch.sum}


def cross_entropy(last: int | None = None, steps: str = "mean", batch: str = "mean") -> Loss:
    """-log softmax(y)[label] in every step; y [batch, steps, classes].

    Targets are labels [batch] or [batch, steps] (int), or one-hot (or probabilities) [batch, steps, classes].

    last: only the last so many steps count (None: all). steps, batch: "mean" or "sum" over them.
    """
    _check(steps, batch, last)

    def loss(y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        log_p, hot = torch.log_softmax(_window(y, last), -1), _window(_one_hot(y, target), last)
        return _reduce(-(hot * log_p).sum(-1), steps, batch)

    return loss


def mse(last: int | None = None, factor: float = 1.0, steps: str = "mean", batch: str = "mean") -> Loss:
    """factor sum_k (y_k - target_k)^2 in every step; y and target [batch, steps, n].

    factor: 0.5 makes the derivative the error itself. last, steps, batch: as for `cross_entropy`.
    """
    _check(steps, batch, last)

    def loss(y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if y.shape != target.shape:
            raise PlasticityError(f"target must have the shape of the outputs, {tuple(y.shape)}, got "
                                  f"{tuple(target.shape)}")
        return _reduce(factor * ((_window(y, last) - _window(target, last)) ** 2).sum(-1), steps, batch)

    return loss


def spike_count_mse(correct: float, wrong: float = 0.0, batch: str = "mean") -> Loss:
    """sum_k (count_k - target_k)^2 over the neurons of an output population.

    It takes spikes [batch, steps, classes] and labels [batch].

    correct, wrong: spikes per presentation wished of the neuron of the right class, and of the others.

    Source: Shrestha & Orchard 2018, NeurIPS (SLAYER).
    """
    choice("batch", batch, _OVER)

    def loss(spikes: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        hot = torch.nn.functional.one_hot(target.long(), spikes.shape[-1]).to(spikes.dtype)
        wished = wrong + (correct - wrong) * hot
        return _OVER[batch](((spikes.sum(1) - wished) ** 2).sum(-1))

    return loss


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


def _check(steps: str, batch: str, last: int | None) -> None:
    choice("steps", steps, _OVER)
    choice("batch", batch, _OVER)
    if last is not None and last < 1:
        raise PlasticityError(f"last must be at least one step, got {last!r}")


def _window(values: torch.Tensor, last: int | None) -> torch.Tensor:
    return values if last is None else values[:, -last:]


def _reduce(each: torch.Tensor, steps: str, batch: str) -> torch.Tensor:
    return _OVER[batch](_OVER[steps](each, 1))


def _one_hot(y: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    if target.is_floating_point() or target.ndim == 3:
        if target.shape != y.shape:
            raise PlasticityError(f"one-hot targets must have the shape of the outputs, {tuple(y.shape)}, got "
                                  f"{tuple(target.shape)}")
        return target.to(y.dtype)
    labels = target if target.ndim == 2 else target[:, None].expand(y.shape[:2])
    return torch.nn.functional.one_hot(labels.long(), y.shape[-1]).to(y.dtype)
