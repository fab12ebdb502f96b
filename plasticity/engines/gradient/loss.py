"""What a loss is: a number from outputs and targets, by step and sample; and how it teaches populations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch

from plasticity.engines.gradient.weighting import blank, by_step, latest, of_samples, shares, split
from plasticity.errors import PlasticityError, RefusedError, choice

Tensor = torch.Tensor
OVER = MappingProxyType({"mean": torch.mean, "sum": torch.sum})


@dataclass(frozen=True)
class Loss:
    """A number from outputs y [batch, steps, n] and targets; loss(y, target) or loss(y, target, weight).

    wish(target, y): what is wished of y, [batch, steps or 1, n]. compare(y, wished): [batch, steps or 1].
    last: only the last so many steps count (None: all). steps, batch: "mean" or "sum" over them.
    gather: what adds up over steps (or its mean, as `steps` says) before it is compared, as a function of y; None where
    every step is compared.
    labels: whether targets of whole numbers are labels. at_labels(y, labels [batch, steps or 1]): the same as `compare`
    with what is wished where a label stands, without making it, which with ten thousand words is most of the work; None
    if there is no such way. Labels are `place`d: place(target, y) -> [batch, steps or 1].

    weight: [batch], or [batch, steps] for sequences of unequal length: 0 is padding, and whatever stands there (NaN
    too) changes neither loss nor gradient. A mean over steps is then sum_t w_t l_t / sum_t w_t for each sample, over
    its own steps, of what is gathered too; what adds up is sum_t w_t y_t, relative to the largest w_t. That largest
    weight is the sample's own, by which it counts in the batch's sum or mean. last: of the steps that weigh something.
    """

    name: str
    wish: Callable[[Tensor, Tensor], Tensor]
    compare: Callable[[Tensor, Tensor], Tensor]
    last: int | None = None
    steps: str = "mean"
    batch: str = "mean"
    gather: Callable[[Tensor], Tensor] | None = None
    labels: bool = False
    place: Callable[[Tensor, Tensor], Tensor] | None = None
    at_labels: Callable[[Tensor, Tensor], Tensor] | None = None

    def __post_init__(self):
        choice("steps", self.steps, OVER)
        choice("batch", self.batch, OVER)
        if self.last is not None and self.last < 1:
            raise PlasticityError(f"last must be at least one step, got {self.last!r}")

    def __call__(self, y: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        if self.at_labels is not None and self._labelled(target):
            return self._reduced(self.place, self.at_labels, self.gather, y, target, weight)
        return self._reduced(self.wish, self.compare, self.gather, y, target, weight)

    def projection(self, y: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """sum_k y_k wished_k over the steps that count: its error is the target itself, whatever y is."""
        return self._reduced(self.wish, lambda seen, wished: (seen * wished).sum(-1), None, y, target, weight)

    def shares(self, y: Tensor, weight: Tensor | None = None) -> Tensor:
        """How much of each step's comparison is in the loss, [batch, steps], where every step is compared."""
        weight = y.new_ones(y.shape[:1]) if weight is None else weight
        return shares(latest(by_step(weight, y), self.last), self.steps, self.batch)

    def wanted(self, target: Tensor, y: Tensor, counts: Tensor) -> Tensor:
        """What is wished of y, [batch, steps or 1, n]; zeros where nothing counts, whatever the target says there."""
        return self._wanted(self.wish, target, y, counts)

    def _wanted(self, wish: Callable, target: Tensor, y: Tensor, counts: Tensor) -> Tensor:
        return blank(wish(blank(target, counts) if self._labelled(target) else target, y), counts)

    def _labelled(self, target: Tensor) -> bool:
        return self.labels and target.ndim < 3 and not target.is_floating_point()

    def _reduced(self, wish: Callable, compare: Callable, gather: Callable | None, y: Tensor, target: Tensor,
                 weight: Tensor | None) -> Tensor:
        if weight is not None:
            return self._weighed(wish, compare, gather, y, target, latest(by_step(weight, y), self.last))
        wished = wish(target, y)
        if self.last is not None:
            y, wished = y[:, -self.last:], wished[:, -self.last:]
        seen = y if gather is None else OVER[self.steps](gather(y), 1, keepdim=True)
        return OVER[self.batch](OVER[self.steps](compare(seen, wished), 1))

    def _weighed(self, wish: Callable, compare: Callable, gather: Callable | None, y: Tensor, target: Tensor,
                 weight: Tensor) -> Tensor:
        counts = weight > 0
        wished, y = self._wanted(wish, target, y, counts), blank(y, counts)
        if gather is None:
            return (shares(weight, self.steps, self.batch) * compare(y, wished)).sum()
        within, samples = split(weight)
        if self.steps == "mean":
            whole = within.sum(1, keepdim=True)
            within = within / torch.where(whole > 0, whole, 1)
        total = (within[..., None] * gather(y)).sum(1, keepdim=True)
        return (of_samples(samples, self.batch) * compare(total, wished)[:, 0]).sum()


def value(loss: Callable, y: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """A loss, with weights where there are any. Raises RefusedError as `require_weighing`."""
    if weight is None:
        return loss(y, target)
    require_weighing(loss)
    return loss(y, target, weight)


def require_weighing(loss: Callable) -> None:
    """Raises RefusedError for a function of outputs and targets only, which cannot know of weights."""
    if not takes_weight(loss):
        name = getattr(loss, "__name__", type(loss).__name__)
        raise RefusedError(f"loss {name!r} takes outputs and targets only, so it cannot weigh samples or steps "
                           "(sequences of unequal length, sample_weight, class_weight); give it a third argument, "
                           "weight [batch, steps]")


def takes_weight(loss: Callable) -> bool:
    """Whether a loss can be called with outputs, targets and weights."""
    try:
        inspect.signature(getattr(loss, "forward", loss)).bind(None, None, None)
    except (TypeError, ValueError):
        return False
    return True


def own_error(y: Tensor, target: Tensor, loss: Loss, weight: Tensor | None = None) -> Tensor:
    """A population's own loss."""
    return value(loss, y, target, weight)


def own_target(y: Tensor, target: Tensor, loss: Loss, weight: Tensor | None = None) -> Tensor:
    """The projected target. Raises RefusedError for a loss that does not say what it wishes in which step."""
    if not isinstance(loss, Loss):
        raise RefusedError(f"a rule that learns from targets has to know what the loss wishes in every step, which "
                           f"{loss!r} does not say; use one of the catalogue, as cross_entropy")
    return loss.projection(y, target, weight)


#: teacher of a rule -> loss of a population's fixed random readout
TEACH: Mapping[str, Callable] = MappingProxyType({"readout": own_error, "local": own_error, "target": own_target})
