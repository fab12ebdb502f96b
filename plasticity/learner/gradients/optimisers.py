"""Optimisers by name, and Adam with its small constant where TensorFlow and NEST have it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated, NamedTuple

import torch

from plasticity._utils.catalogue import called, parse
from plasticity._utils.ranges import RATE, SMALL, BelowOne, require
from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError, unknown

#: a size of steps, small numbers, what decays from one step to the next
Step = Annotated[float, RATE]
Small = Annotated[float, SMALL]
Betas = tuple[BelowOne, BelowOne]


class UncorrectedEpsAdam(torch.optim.Optimizer):
    """Adam: w -= lr sqrt(1 - b2^t)/(1 - b1^t) m/(sqrt(v) + eps).

    torch's own Adam adds eps to the corrected root, sqrt(v/(1 - b2^t)), so that it weighs less in the first steps.
    This is the form of TensorFlow and NEST, with which e-prop was published.

    lr: step size. betas: decay of the means of gradient and of its square. eps: number.

    Source: Kingma & Ba 2015, ICLR (the reordered form at the end of section 2).
    """

    @checked
    def __init__(self, params, lr: Step = 1e-3, betas: Betas = (0.9, 0.999), eps: Small = 1e-8):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure=None):
        """One step along the gradients in `.grad`."""
        with torch.enable_grad():
            loss = None if closure is None else closure()
        for group in self.param_groups:
            for p in (p for p in group["params"] if p.grad is not None):
                self._move(p, self.state[p], group)
        return loss

    @staticmethod
    def _move(p: torch.Tensor, kept: dict, group: dict) -> None:
        b1, b2 = group["betas"]
        if not kept:
            kept |= {"step": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
        kept["step"] += 1
        kept["m"].mul_(b1).add_(p.grad, alpha=1 - b1)
        kept["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
        size = group["lr"] * math.sqrt(1 - b2 ** kept["step"]) / (1 - b1 ** kept["step"])
        p.addcdiv_(kept["m"], kept["v"].sqrt() + group["eps"], value=-size)


@checked
def _sgd(params, lr: Step, momentum: BelowOne = 0.0, weight_decay: Small = 0.0, nesterov: bool = False):
    return torch.optim.SGD(params, lr, momentum, weight_decay=weight_decay, nesterov=nesterov)


@checked
def _momentum(params, lr: Step, momentum: BelowOne = 0.9):
    return torch.optim.SGD(params, lr, momentum)


@checked
def _adam(params, lr: Step, betas: Betas = (0.9, 0.999), eps: Small = 1e-8, weight_decay: Small = 0.0):
    return torch.optim.Adam(params, lr, betas, eps, weight_decay, fused=True)


@checked
def _adamw(params, lr: Step, betas: Betas = (0.9, 0.999), eps: Small = 1e-8, weight_decay: Small = 1e-2):
    return torch.optim.AdamW(params, lr, betas, eps, weight_decay, fused=True)


#: name -> optimiser from parameters and step size, with options
OPTIMIZERS: Mapping[str, Callable[..., torch.optim.Optimizer]] = MappingProxyType({
    "adam": _adam, "adamw": _adamw, "sgd": _sgd, "momentum": _momentum, "adam_nest": UncorrectedEpsAdam})


class Descent(NamedTuple):
    """optimizer: what makes a step of gradients. largest: the longest gradient of an update, to which longer ones are
    scaled down (None: never)."""

    optimizer: torch.optim.Optimizer
    largest: float | None = None


def make_optimizer(optimizer: str | Callable, params, lr: float) -> Descent:
    """The optimiser that a text names, "sgd(momentum=0.5, clip=1.0)", or what a function (params, lr) answers.

    clip: of every optimiser, the longest gradient (2-norm over all parameters) of an update; longer ones are scaled to
    it, g * clip / |g| (torch's `clip_grad_norm_`; Pascanu, Mikolov & Bengio 2013, ICML; recalled).

    Raises PlasticityError for unknown names and options.
    """
    if callable(optimizer):
        return Descent(optimizer(params, lr))
    call = parse(optimizer, "optimizer")
    if call.name not in OPTIMIZERS:
        raise unknown("optimizer", call.name, OPTIMIZERS)
    if call.arguments:
        raise PlasticityError(f"optimizer {str(call)!r}: options are name=value; the step size is lr=")
    options = dict(call.options)
    largest = options.pop("clip", None)
    if largest is not None:
        require(RATE, clip=largest)
    return Descent(called("optimizer", call.name, OPTIMIZERS[call.name], (list(params), lr), options), largest)
