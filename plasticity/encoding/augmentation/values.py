"""Transforms of samples of any shape, and of sequences [samples, steps, inputs]."""

from __future__ import annotations

import numpy as np

from plasticity.encoding.augmentation.draw import normal, uniform, whole
from plasticity.encoding.augmentation.images import moved


def flicker(x: np.ndarray, seed: int, numbers: np.ndarray, strength: float) -> np.ndarray:
    """Each value times a number in [1 - strength, 1]."""
    return x * (1.0 - strength * uniform(seed, numbers, x.shape[1:]))


def noise(x: np.ndarray, seed: int, numbers: np.ndarray, sd: float) -> np.ndarray:
    """Each value plus a normal number of that standard deviation."""
    return x + sd * normal(seed, numbers, x.shape[1:])


def time_shift(x: np.ndarray, seed: int, numbers: np.ndarray, steps: int) -> np.ndarray:
    """Each sequence moves by -steps to steps; 0 moves in."""
    return moved(x, whole(seed, numbers, 2 * steps + 1) - steps, 1)
