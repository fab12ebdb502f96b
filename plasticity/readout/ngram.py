"""The n-gram readout: which neurons spike after which."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity._utils.ranges import Count
from plasticity._utils.typed import checked
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError
from plasticity.readout._arrays import checked_labels, highest
from plasticity.readout.weights import by_step


@dataclass(frozen=True)
class NGram:
    """codes: the runs seen in training, rising int64 [k]; tallies: how often per class, [k, n_classes]; n: neurons."""

    codes: np.ndarray
    tallies: np.ndarray
    order: int
    n: int
    n_classes: int

    def predict(self, responses: Spikes) -> np.ndarray:
        """The class with the highest sum of scores over a sample's n-grams; -1 where none of them is known."""
        scores = self._sums(responses)
        return highest(scores, responses.ptr[:, -1] - responses.ptr[:, 0])

    def scores(self, responses: Spikes) -> np.ndarray:
        """Sums of scores over a sample's n-grams, [samples, n_classes]; of equal largest ones `predict`'s is larger."""
        scores, places = self._sums(responses).astype(np.float64), self.predict(responses)
        answered = np.flatnonzero(places >= 0)
        scores[answered, places[answered]] = np.nextafter(scores[answered, places[answered]], np.inf)
        return scores

    def _sums(self, responses: Spikes) -> np.ndarray:
        _check_spikes(responses, self.n)
        codes, sample = _codes(responses, self.order)
        place = np.searchsorted(self.codes, codes)
        known = place < len(self.codes)
        known[known] = self.codes[place[known]] == codes[known]
        sample, place = sample[known], place[known]
        return np.stack([np.bincount(sample, by_class[place], minlength=responses.samples)
                         for by_class in self.tallies.T], axis=1)


@checked
def ngram(responses: Spikes, labels: np.ndarray, n_classes: Count, order: Count = 2,
          weight: np.ndarray | None = None) -> NGram:
    """Counts, for every run of `order` spikes in a row, how often it occurred in samples of each class.

    Spikes are ordered by step and, within a step, by neuron. The score of a class for a sample is the sum of those
    counts over the sample's runs. responses: Spikes of the training samples. Source: Hazan et al. 2018 (BindsNET),
    whose training counts every combination of spikes of successive steps; here training and prediction count the same
    runs.
    """
    _check_spikes(responses, responses.n if isinstance(responses, Spikes) else 0)
    labels = checked_labels(labels, responses.samples, n_classes)
    if order < 1 or responses.n**order >= 2**63:
        raise PlasticityError(f"order={order} is out of range for {responses.n} neurons; use 1, 2 or 3")
    codes, sample = _codes(responses, order)
    known, which = np.unique(codes, return_inverse=True)
    weight = None if weight is None else by_step(weight, responses.samples, 1)[sample, 0]
    tallies = np.bincount(which * n_classes + labels[sample], weight,
                          minlength=len(known) * n_classes)
    return NGram(known, tallies.reshape(len(known), n_classes), order, responses.n, n_classes)


def _check_spikes(responses: Spikes, n: int) -> None:
    if not isinstance(responses, Spikes):
        raise PlasticityError("responses must be Spikes (which neuron when) for an n-gram readout, not counts")
    if responses.n != n:
        raise PlasticityError(f"responses have {responses.n} neurons, the readout was fitted on {n}")


def _codes(spikes: Spikes, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Every run of `order` spikes of one sample as one number, and the sample it is from."""
    starts, ends = spikes.ptr[:, 0], spikes.ptr[:, -1]
    runs = np.maximum(ends - starts - order + 1, 0)
    sample = np.repeat(np.arange(spikes.samples), runs)
    first = np.arange(runs.sum()) - np.repeat(np.cumsum(runs) - runs, runs) + starts[sample]
    code = np.zeros(len(first), np.int64)
    for k in range(order):
        code = code * spikes.n + spikes.index[first + k]
    return code, sample
