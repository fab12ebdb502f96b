"""All readouts by name, behind one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError, unknown
from plasticity.readout.logistic import logistic
from plasticity.readout.ngram import ngram
from plasticity.readout.votes import all_activity, proportion


class Readout(Protocol):
    """A fitted readout."""

    n_classes: int

    def predict(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """Classes, int64 [samples]; -1 where there is no answer."""
        ...


@dataclass(frozen=True)
class ReadoutKind:
    """fit(responses, labels, n_classes, **options) -> Readout. needs: "counts" [samples, n] or "spikes" (Spikes)."""

    fit: Callable[..., Readout]
    needs: str
    summary: str


READOUTS: Mapping[str, ReadoutKind] = {
    "all_activity": ReadoutKind(all_activity, "counts", "class whose neurons spike most on average"),
    "proportion": ReadoutKind(proportion, "counts", "the same, spikes weighted by how selective their neuron is"),
    "ngram": ReadoutKind(ngram, "spikes", "by which neurons spike after which"),
    "logistic": ReadoutKind(logistic, "counts", "logistic regression on the spike counts"),
}


def fit_readout(name: str, responses: np.ndarray | Spikes, labels: np.ndarray, n_classes: int, **options) -> Readout:
    """Fits the readout `name` on training responses.

    responses: spike counts [samples, n] of any integer or float type, or Spikes (needed by "ngram", counted by the
    others). labels: int [samples], 0..n_classes-1. options: of the readout, such as order=2 for "ngram".
    Raises PlasticityError for unknown names and options, wrong shapes, labels out of range, NaN.
    """
    if name not in READOUTS:
        raise unknown("readout", name, READOUTS)
    kind = READOUTS[name]
    if kind.needs == "spikes" and not isinstance(responses, Spikes):
        raise PlasticityError(f"readout {name!r} needs Spikes (which neuron when), not counts; record the spikes of "
                              f"the output population")
    try:
        return kind.fit(responses, labels, n_classes, **options)
    except TypeError as error:
        if "unexpected keyword" not in str(error):
            raise
        raise PlasticityError(f"readout {name!r}: {error}") from None
