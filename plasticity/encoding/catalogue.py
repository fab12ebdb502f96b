"""How a classifier turns samples into what its network is given step by step: functions of samples and a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from plasticity import encoding
from plasticity._utils.catalogue import made, parse
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError

#: samples [n, inputs] and a seed -> what the network gets, [n, steps, inputs], or Spikes
Code = Callable[[np.ndarray, int], np.ndarray | Spikes]


def latency(steps: int = 25, threshold: float = 0.0) -> Code:
    """One spike per input, the brighter the earlier (`encoding.latency`); none for intensities up to `threshold`."""
    def code(x: np.ndarray, seed: int) -> Spikes:
        return encoding.latency(np.where(x > threshold, x, 0.0), steps, 1e-3)

    return code


def rate(steps: int = 25, most: float = 0.5) -> Code:
    """In every step, independently, an input spikes with probability intensity * most; drawn anew in every epoch."""
    def code(x: np.ndarray, seed: int) -> Spikes:
        return encoding.bernoulli(x * most, steps, seed)

    return code


def current(steps: int = 25) -> Code:
    """The intensities themselves, the same in every step."""
    def code(x: np.ndarray, seed: int) -> np.ndarray:
        return encoding.constant(x, steps)

    return code


def rows(width: int = 28) -> Code:
    """An image line by line: in every step the intensities of one row of `width` pixels."""
    def code(x: np.ndarray, seed: int) -> np.ndarray:
        if x.shape[1] % width:
            raise PlasticityError(f"rows of width={width} do not divide samples of {x.shape[1]} inputs")
        return x.reshape(len(x), -1, width)

    return code


#: name -> function that makes the code; all of its arguments have defaults
catalogue: Mapping[str, Callable[..., Code]] = MappingProxyType({
    make.__name__: make for make in (latency, rate, current, rows)})


def make(code: str | Code) -> Code:
    """The code of that name, with or without options ("latency(steps=20)"), or the function itself."""
    if callable(code):
        return code
    name, options = parse(code)
    return made("encoder", catalogue, name, options)
