"""Weights of samples and steps in a loss, as `plasticity.readout.weights`, on tensors of any device."""

from __future__ import annotations

import torch

from plasticity.errors import PlasticityError


def by_step(weight: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Weights [batch], [batch, 1] or [batch, steps] as [batch, steps], of the type and device of outputs y.

    Raises PlasticityError for another shape, and on CPUs for what is negative or not finite (elsewhere a look at the
    numbers would wait for them).
    """
    weight, (batch, steps) = torch.as_tensor(weight, device=y.device), y.shape[:2]
    wide = weight[:, None] if weight.ndim == 1 else weight
    if tuple(wide.shape) not in ((batch, 1), (batch, steps)):
        raise PlasticityError(f"weight must have shape {(batch,)} or {(batch, steps)}, got {tuple(weight.shape)}")
    if wide.device.type == "cpu" and not bool(((wide >= 0) & (wide < torch.inf)).all()):
        raise PlasticityError("weight must be finite and not negative")
    return wide.to(y.dtype).expand(batch, steps)


def latest(weight: torch.Tensor, last: int | None) -> torch.Tensor:
    """The weights of the last so many steps that weigh something, 0 for the others."""
    if last is None:
        return weight
    behind = (weight > 0).flip(1).cumsum(1).flip(1)
    return torch.where(behind <= last, weight, 0)


def split(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(weights of steps within their sample [batch, steps], the largest 1; weights of samples [batch])."""
    samples = weight.amax(1)
    return _over(weight, samples[:, None]), samples


def shares(weight: torch.Tensor, steps: str, batch: str) -> torch.Tensor:
    """What each step's value is multiplied by, [batch, steps], so that their sum is the mean or sum that is asked for.

    Of a sample: sum_t w_t l_t, or sum_t w_t l_t / sum_t w_t times the sample's own weight, the largest of its w_t. Of
    the batch: the sum of that, or the sum divided by the sum of the samples' weights.
    """
    within, samples = split(weight)
    part = _over(within, within.sum(1, keepdim=True)) if steps == "mean" else within
    return part * of_samples(samples, batch)[:, None]


def of_samples(samples: torch.Tensor, batch: str) -> torch.Tensor:
    """What each sample's value is multiplied by, [batch]."""
    return _over(samples, samples.sum()) if batch == "mean" else samples


def blank(values: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Zeros where nothing counts, whatever stood there (NaN too), without a derivative.

    values: [batch, steps or 1, ...], or [batch]. counts: bool [batch, steps].
    """
    if counts.device.type == "cpu" and bool(counts.all()):  # elsewhere a look at them would wait for them
        return values
    if values.ndim == 1 or values.shape[1] != counts.shape[1]:
        counts = counts.any(1, keepdim=values.ndim > 1)
    return torch.where(counts.reshape(*counts.shape, *[1] * (values.ndim - counts.ndim)), values, 0)


def _over(values: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
    """values / total, 0 where there is nothing to divide by."""
    return torch.where(total > 0, values / torch.where(total > 0, total, 1), 0)
