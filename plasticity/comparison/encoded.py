"""Spiking methods on samples that are turned into spikes as those of the gradient rules are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import nn

from plasticity.encoding import catalogue
from plasticity.encoding.spikes import densified
from plasticity.methods.method import Learning, Method


class Encoded(nn.Module):
    """A network that learns from sequences, given samples [batch, inputs] in [0, 1] through an encoder."""

    def __init__(self, inner: Learning, code: catalogue.Encoder):
        super().__init__()
        self.inner, self.code = inner, code

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores [batch, classes]."""
        return self.inner(self.sequences(x, 0))

    def gradient(self, x: torch.Tensor, labels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """As the inner network's; what the encoder draws comes from rng too."""
        return self.inner.gradient(self.sequences(x, int(rng.integers(2**31))), labels, rng)

    def sequences(self, x: torch.Tensor, seed: int) -> torch.Tensor:
        """[batch, steps, inputs]"""
        return torch.as_tensor(densified(self.code(x.cpu().numpy(), seed))).to(x)


def encoded(method: Method, encoder: str) -> Method:
    """The method on flat samples, if its network spikes; else as it is."""
    if not method.spikes:
        return method
    code = catalogue.make(encoder)

    def build(shape, classes, seed, dtype) -> Encoded:
        sequence = densified(code(np.zeros((1, *shape)), 0)).shape[1:]
        return Encoded(method.build(sequence, classes, seed, dtype), code)

    return replace(method, build=build, form="flat")
