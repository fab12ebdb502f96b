"""Adam with its small constant where TensorFlow and NEST have it."""

from __future__ import annotations

import math

import torch


class UncorrectedEpsAdam(torch.optim.Optimizer):
    """Adam: w -= lr sqrt(1 - b2^t)/(1 - b1^t) m/(sqrt(v) + eps).

    torch's own Adam adds eps to the corrected root, sqrt(v/(1 - b2^t)), so that it weighs less in the first steps.
    This is the form of TensorFlow and NEST, with which e-prop was published.

    lr: step size. betas: decay of the means of gradient and of its square. eps: number.

    Source: Kingma & Ba 2015, ICLR (the reordered form at the end of section 2).
    """

    def __init__(self, params, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8):
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
