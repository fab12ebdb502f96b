"""Stacks of dense layers of rate units, and the activation functions that they may have."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from plasticity.errors import PlasticityError, unknown


class Activation(NamedTuple):
    """A function of a tensor, and its derivative as a function of the same tensor."""

    value: Callable[[torch.Tensor], torch.Tensor]
    slope: Callable[[torch.Tensor], torch.Tensor]


#: name -> function and derivative
activations: Mapping[str, Activation] = MappingProxyType({
    "relu": Activation(torch.relu, lambda x: (x > 0).to(x.dtype)),
    "sigmoid": Activation(torch.sigmoid, lambda x: torch.sigmoid(x) * torch.sigmoid(-x)),
    "tanh": Activation(torch.tanh, lambda x: 1 - torch.tanh(x) ** 2),
})


def activation(name: str) -> Activation:
    """The activation function of that name."""
    if name not in activations:
        raise unknown("activation", name, activations)
    return activations[name]


class Dense(nn.Module):
    """Weights [pre, post] and biases [post] between consecutive layers of the given sizes.

    Weights are uniform in +-sqrt(6/(n_pre + n_post)) (Glorot & Bengio 2010), biases zero.
    """

    def __init__(self, sizes: Sequence[int], rng: np.random.Generator, dtype: torch.dtype):
        super().__init__()
        for size in sizes:
            if not isinstance(size, int | np.integer) or size < 1:
                raise PlasticityError(f"layers have sizes of at least one unit, got {tuple(sizes)}")
        self.sizes = tuple(int(size) for size in sizes)
        between = [(pre, post, math.sqrt(6 / (pre + post))) for pre, post in itertools.pairwise(sizes)]
        self.weights = nn.ParameterList(
            torch.tensor(rng.uniform(-bound, bound, size=(pre, post)), dtype=dtype) for pre, post, bound in between)
        self.biases = nn.ParameterList(torch.zeros(post, dtype=dtype) for _, post, _ in between)

    def __len__(self) -> int:
        return len(self.weights)

    def drive(self, layer: int, rates: torch.Tensor) -> torch.Tensor:
        """What layer `layer` sends to the next: rates w + b, [batch, post]."""
        return torch.addmm(self.biases[layer], rates, self.weights[layer])


def one_hot(labels: torch.Tensor, classes: int, dtype: torch.dtype) -> torch.Tensor:
    """[batch, classes], 1 at the label."""
    return torch.nn.functional.one_hot(labels.long(), classes).to(dtype)


def leave(found: Iterable[tuple[nn.Parameter, torch.Tensor]]) -> None:
    """Puts gradients that a local rule found, (parameter, gradient), where optimisers look for them."""
    for parameter, gradient in found:
        parameter.grad = gradient
