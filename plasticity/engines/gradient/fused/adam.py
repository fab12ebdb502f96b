"""Adam, in one pass over memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from plasticity.engines.gradient.compiling import kept
from plasticity.errors import PlasticityError


class Moments(NamedTuple):
    """Adam's memory for one array: mean and mean square of the gradient."""

    mean: np.ndarray
    square: np.ndarray


class Adam(NamedTuple):
    """Adam (Kingma & Ba 2015): m <- b1 m + (1 - b1) g, s <- b2 s + (1 - b2) g^2, then

    w -= rate m/(1 - b1^k) / (sqrt(s/(1 - b2^k)) + epsilon)
    epsilon_outside, the paper's faster form (end of its section 2): w -= rate_k m / (sqrt(s) + epsilon) with
    rate_k = rate sqrt(1 - b2^k)/(1 - b1^k), as TensorFlow 1 and NEST have it.
    """

    rate: float = 1e-3
    b1: float = 0.9
    b2: float = 0.999
    epsilon: float = 1e-8
    epsilon_outside: bool = False

    def start(self, arrays: Sequence[np.ndarray]) -> list[Moments]:
        """Memory for these arrays, all zero."""
        return [Moments(np.zeros_like(array), np.zeros_like(array)) for array in arrays]

    def step(self, k: int, arrays: Sequence[np.ndarray], gradients: Sequence[np.ndarray],
             moments: Sequence[Moments]) -> None:
        """Changes arrays and moments in place; k counts from 1. Raises PlasticityError unless arrays are contiguous."""
        root = (1 - self.b2**k) ** 0.5
        epsilon = self.epsilon if self.epsilon_outside else self.epsilon * root
        for array, gradient, (mean, square) in zip(arrays, gradients, moments, strict=True):
            if not array.flags.c_contiguous:
                raise PlasticityError("arrays must be contiguous to be changed in place: use numpy.ascontiguousarray")
            number = array.dtype.type
            _step(array.reshape(-1), gradient.reshape(-1), mean.reshape(-1), square.reshape(-1),
                  number(self.rate * root / (1 - self.b1**k)), number(1 - self.b1), number(1 - self.b2),
                  number(epsilon))


@kept
def _step(w, gradient, mean, square, rate, fresh, fresh_square, epsilon):
    for i in range(w.size):
        g = gradient[i]
        mean[i] += fresh * (g - mean[i])
        square[i] += fresh_square * (g * g - square[i])
        w[i] -= rate * mean[i] / (np.sqrt(square[i]) + epsilon)
