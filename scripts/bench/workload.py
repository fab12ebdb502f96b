"""The work all engines of the comparison do: one stream of images, drawn the same way, and medians of timed blocks.

Needs numpy only, so that it runs in the environment of every peer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

N_INPUT = 784
N_ACTIVE = 150
MAX_RATE = 127.5  # Hz
STEPS = 250
DT = 1e-3  # s
NORM = 78.4  # sum of the weights onto one neuron


def image_rates(images: int, seed: int) -> np.ndarray:
    """Poisson rates in Hz, [images, 784]: 150 random active inputs each, uniform between 0 and 127.5 Hz."""
    rng = np.random.default_rng(seed)
    rates = np.zeros((images, N_INPUT))
    for row in rates:
        row[rng.choice(N_INPUT, N_ACTIVE, replace=False)] = rng.uniform(0.0, MAX_RATE, N_ACTIVE)
    return rates


def image_spikes(images: int, seed: int) -> np.ndarray:
    """Spikes of `images` presentations, bool [images, 250, 784]; about 2,390 per image."""
    rng = np.random.default_rng([seed, 1])
    rates = image_rates(images, seed)
    return rng.random((images, STEPS, N_INPUT)) < rates[:, None, :] * DT


def initial_weights(neurons: int, seed: int) -> np.ndarray:
    """Uniform between 0 and 0.3, columns scaled to the norm: [784, neurons]."""
    w = 0.3 * np.random.default_rng([seed, 2]).random((N_INPUT, neurons))
    return w * (NORM / w.sum(0))


def median_per_image(block_seconds: Sequence[float], images_per_block: int) -> float:
    """Milliseconds per image: the median over blocks, the first of which has been warmed up."""
    return 1e3 * float(np.median(block_seconds)) / images_per_block
