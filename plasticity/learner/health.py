"""What is wrong with a network that runs all the same, seen from what was measured of it, and what to change.

Each function answers a sentence, or nothing where all is well.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from plasticity.errors import NetworkWarning

MOST = 0.5  # share of samples above which a fault is one of the network, not of single samples
BUSY = 0.4  # share of all spikes possible: a reset that takes a step's input with it leaves a neuron half of them
MOVED = 0.01  # share by which the second half of a training should lower the loss of the first
FEW = 10  # samples below which one class for all may be right


def warn(*lines: str | None) -> None:
    """A NetworkWarning for each line there is."""
    for line in filter(None, lines):
        warnings.warn(line, NetworkWarning, stacklevel=3)


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is warned of, as what is measured on the way is not what is meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NetworkWarning)
        yield


@contextmanager
def overheard() -> Iterator[list[str]]:
    """The NetworkWarnings of a block as lines, each once; all other warnings are given afterwards."""
    lines: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", NetworkWarning)
        try:
            yield lines
        finally:
            own = [str(each.message) for each in caught if issubclass(each.category, NetworkWarning)]
            lines += dict.fromkeys(own)
    for each in caught:
        if not issubclass(each.category, NetworkWarning):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)


def untaught(epochs: int) -> str | None:
    """epochs: that are asked for."""
    return "nothing is learned with epochs=0: the network answers as it was built" if epochs == 0 else None


def silent(who: str, when: str, silent: int, samples: int) -> str | None:
    """silent: samples, of so many, that drew no spike."""
    if silent <= MOST * samples:
        return None
    return (f"{who} is silent {when}: {_percent(silent, samples)} of {samples} samples drew no spike; raise the input "
            "rate (max_rate, total_rate), the weights or `normalize`, lower the threshold, or show samples longer")


def saturated(who: str, when: str, saturated: int, samples: int) -> str | None:
    """saturated: samples, of so many, that drew more than a share `BUSY` of the spikes that are possible at all."""
    if saturated <= MOST * samples:
        return None
    return (f"{who} explodes {when}: {_percent(saturated, samples)} of {samples} samples drew more than "
            f"{_percent(BUSY, 1)} of the spikes that are possible at all; lower the input rate or the weights, or "
            "raise inhibition or the threshold")


def at_bounds(name: str, weights: np.ndarray, low: float, high: float) -> str | None:
    """weights: of all synapses that there are. low, high: their bounds, which may be infinite."""
    below, above = np.count_nonzero(weights <= low), np.count_nonzero(weights >= high)
    if not weights.size or below + above < weights.size or low == high:
        return None
    shares = [f"{_percent(count, weights.size)} at {bound} = {value:g}" for count, bound, value in
              ((below, "w_min", low), (above, "w_max", high)) if count]
    return (f"all weights of {name} sit at a bound ({', '.join(shares)}); lower the rule's learning rates, balance "
            "its potentiation and depression, or widen its bounds")


def unmoved(first: float, last: float) -> str | None:
    """first, last: mean loss of the samples of the first and of the second half of a training."""
    if not abs(last - first) <= MOVED * abs(first):
        return None
    return (f"the loss does not move: {first:.4g} in the first half of the training, {last:.4g} in the second; raise "
            "lr, train for more epochs, or see whether the network is silent")


def one_class(places: np.ndarray, targets: np.ndarray, classes: np.ndarray) -> str | None:
    """places: numbers of classes that are answered (-1: none), where `targets` are right."""
    if places.size < FEW or len(np.unique(targets)) < 2 or (places != places.flat[0]).any() or places.flat[0] < 0:
        return None
    return (f"all {places.size} answers are {classes[places.flat[0]].item()!r}, where samples are of "
            f"{len(np.unique(targets))} classes; train longer, or see whether the network is silent or explodes")


def unanswered(places: np.ndarray, active: np.ndarray) -> str | None:
    """places: numbers of classes (-1: none). active: whether a sample drew a spike at all."""
    unheard = np.count_nonzero((places < 0) & active)
    if unheard <= MOST * len(places):
        return None
    return (f"{_percent(unheard, len(places))} of {len(places)} samples have no answer, though neurons spiked: none of "
            "these neurons has a label; show more samples for labels, or train longer")


def alike(what: str, answers: np.ndarray) -> str | None:
    """answers: [samples, ...], which should differ from sample to sample."""
    if len(answers) < FEW or not np.isfinite(answers).all() or np.ptp(answers, axis=0).any():
        return None
    return (f"{what} are the same for all of {len(answers)} samples, so they say nothing of them; see whether weights "
            "sit at a bound or units are off, lower the learning rate, or scale X")


def _percent(count: float, of: int) -> str:
    return f"{math.floor(100 * count / of)} %"
