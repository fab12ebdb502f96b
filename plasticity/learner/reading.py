"""Responses of a network, and readouts fitted to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.errors import unknown
from plasticity.readout import READOUTS, Readout, fit_readout


@dataclass(frozen=True)
class Responses:
    """counts: output spikes [samples, n]. trains: when they fell, if that was recorded."""

    counts: np.ndarray
    trains: Spikes | None = None

    def for_(self, readout: str) -> np.ndarray | Spikes:
        """What the readout of that name reads."""
        return self.trains if READOUTS[readout].needs == "spikes" else self.counts


@dataclass(frozen=True)
class Reader:
    """A fitted readout and its name."""

    name: str
    readout: Readout

    def predict(self, responses: Responses) -> np.ndarray:
        """Class numbers [samples], -1 where there is no answer."""
        return self.readout.predict(responses.for_(self.name))


def require_known(names: Iterable[str]) -> None:
    for name in names:
        if name not in READOUTS:
            raise unknown("readout", name, READOUTS)


def needs_trains(names: Iterable[str]) -> bool:
    """Whether one of the readouts reads when spikes fell."""
    return any(READOUTS[name].needs == "spikes" for name in names)


def fit_readers(names: Iterable[str], responses: Responses, y: np.ndarray, classes: int) -> dict[str, Reader]:
    """All readouts by name, fitted on responses to training samples."""
    return {name: Reader(name, fit_readout(name, responses.for_(name), y, classes)) for name in names}
