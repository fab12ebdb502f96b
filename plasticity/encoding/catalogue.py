"""How a classifier turns samples into what its network is given step by step: functions of samples and a seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from plasticity import encoding
from plasticity._utils.catalogue import Catalogue
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError

#: samples [n, inputs] and a seed -> what the network gets, [n, steps, inputs], or Spikes
Encoder = Callable[[np.ndarray, int], np.ndarray | Spikes]


def latency(steps: int = 25, threshold: float = 0.0) -> Encoder:
    """One spike per input, the brighter the earlier (`encoding.latency`); none for intensities up to `threshold`."""
    def code(x: np.ndarray, seed: int) -> Spikes:
        return encoding.latency(np.where(x > threshold, x, 0.0), steps, 1e-3)

    return code


def rate(steps: int = 25, most: float = 0.5) -> Encoder:
    """In every step, independently, an input spikes with probability intensity * most; drawn anew in every epoch."""
    def code(x: np.ndarray, seed: int) -> Spikes:
        return encoding.bernoulli(x * most, steps, seed)

    return code


def current(steps: int = 25) -> Encoder:
    """The intensities themselves, the same in every step."""
    def code(x: np.ndarray, seed: int) -> np.ndarray:
        return encoding.constant(x, steps)

    return code


def rows(width: int = 28) -> Encoder:
    """An image line by line: in every step the intensities of one row of `width` pixels."""
    def code(x: np.ndarray, seed: int) -> np.ndarray:
        if x.shape[1] % width:
            raise PlasticityError(f"rows of width={width} do not divide samples of {x.shape[1]} inputs")
        return x.reshape(len(x), -1, width)

    return code


#: name -> function that makes the encoder; all of its arguments have defaults
catalogue = Catalogue("encoder", {make.__name__: f"{__name__}:{make.__name__}" for make in (
    latency, rate, current, rows)})


def make(encoder: str | Encoder) -> Encoder:
    """The encoder that a text names, with or without options ("latency(steps=20)"), or the function itself."""
    return encoder if callable(encoder) else catalogue.make(encoder)
