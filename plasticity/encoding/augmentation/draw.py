"""What transforms draw: it depends on the seed and on the number of a sample, not on what stands beside it."""

from __future__ import annotations

import math

import numpy as np

from plasticity._utils import random


def uniform(seed: int, numbers: np.ndarray, shape: tuple[int, ...] = (), draw: int = 0) -> np.ndarray:
    """Uniform numbers in (0, 1), [samples, *shape]. numbers: of the samples. draw: each has numbers of its own."""
    return random.fraction(_bits(seed, numbers, shape, draw))


def normal(seed: int, numbers: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Standard normal numbers by Box and Muller (1958), [samples, *shape]."""
    radius = np.sqrt(-2.0 * np.log(uniform(seed, numbers, shape, 0)))
    return radius * np.cos(2.0 * np.pi * uniform(seed, numbers, shape, 1))


def whole(seed: int, numbers: np.ndarray, count: int, shape: tuple[int, ...] = ()) -> np.ndarray:
    """Whole numbers from 0 to count - 1, each as likely, int64 [samples, *shape]."""
    return (_bits(seed, numbers, shape, 0) % np.uint64(count)).astype(np.int64)


def seed_of(seed: int, numbers: np.ndarray) -> int:
    """A seed for samples that are drawn for together: that of the first."""
    return int(_bits(seed, numbers[:1], (), 0)[0])


def _bits(seed: int, numbers: np.ndarray, shape: tuple[int, ...], draw: int) -> np.ndarray:
    """53 random bits each, uint64 [samples, *shape]."""
    streams = random.streams(seed, draw, numbers)
    return random.bits(streams, math.prod(shape)).reshape(len(streams), *shape)
