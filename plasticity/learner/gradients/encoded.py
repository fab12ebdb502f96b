"""Spiking methods on samples that are turned into spikes as those of the gradient rules are."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import nn

from plasticity.encoding.catalogue import Encoder
from plasticity.encoding.random import numbers_of
from plasticity.encoding.spikes import densified
from plasticity.methods.method import Learning, Method


class Encoded(nn.Module):
    """A network that learns from sequences, given samples [batch, inputs] in [0, 1] through an encoder."""

    def __init__(self, inner: Learning, encoder: Encoder):
        super().__init__()
        self.inner, self.encoder = inner, encoder

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores [batch, classes]."""
        return self.inner(self.sequences(x, 0, numbers_of(x.cpu().numpy())))

    def gradient(self, x: torch.Tensor, labels: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
        """As the inner network's; what the encoder draws comes from rng too."""
        return self.inner.gradient(self.sequences(x, int(rng.integers(2**31))), labels, rng)

    def sequences(self, x: torch.Tensor, seed: int, numbers: int | np.ndarray = 0) -> torch.Tensor:
        """[batch, steps, inputs]"""
        return torch.as_tensor(densified(self.encoder(x.cpu().numpy(), seed, numbers))).to(x)


def encoded(method: Method, encoder: Encoder) -> Method:
    """A method whose network spikes, on flat samples."""
    return replace(method, build=partial(_build, method, encoder), form="flat")


def _build(method: Method, encoder: Encoder, shape: tuple[int, ...], classes: int, seed: int, dtype) -> Encoded:
    sequence = densified(encoder(np.zeros((1, *shape)))).shape[1:]
    return Encoded(method.build(sequence, classes, seed, dtype), encoder)
