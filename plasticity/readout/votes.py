"""Readouts by vote: each neuron stands for the class it answered most to, and spikes are votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity._utils.ranges import Count
from plasticity._utils.typed import checked
from plasticity.encoding.spikes import Spikes
from plasticity.readout._arrays import blocks, checked_labels, highest, shape_of
from plasticity.readout.weights import by_step


@checked
def class_means(counts: np.ndarray | Spikes, labels: np.ndarray, n_classes: Count,
                weight: np.ndarray | None = None) -> np.ndarray:
    """Mean response of each neuron to each class: float64 [n, n_classes], 0 for classes that did not occur.

    weight: how much each sample counts, [samples] (None: all alike).
    """
    samples, n = shape_of(counts)
    labels = checked_labels(labels, samples, n_classes)
    member = np.eye(n_classes)[labels] * (1.0 if weight is None else by_step(weight, samples, 1))
    sums = np.zeros((n, n_classes))
    for rows, block in blocks(counts):
        sums += block.T @ member[rows]
    shown = member.sum(0)
    return np.divide(sums, shown, out=np.zeros_like(sums), where=shown > 0)


@checked
def assign_labels(counts: np.ndarray | Spikes, labels: np.ndarray, n_classes: Count) -> np.ndarray:
    """The class each neuron answered to most, on average over the samples of a class; -1 for neurons that were silent.

    counts: training responses [samples, n]. labels: int [samples]. Answers int64 [n]. A neuron with k equally good
    classes takes the one numbered (its index modulo k) of them. Source: Diehl & Cook 2015.
    """
    return _labels(class_means(counts, labels, n_classes))


def _labels(means: np.ndarray) -> np.ndarray:
    return highest(means, np.arange(len(means)))


def _vote(counts: np.ndarray | Spikes, weights: np.ndarray) -> np.ndarray:
    """argmax over classes of counts @ weights [n, n_classes]; ties take turns by the sample's number of spikes."""
    out = np.empty(shape_of(counts, len(weights))[0], np.int64)
    for rows, block in blocks(counts):
        out[rows] = highest(block @ weights, block.sum(1).astype(np.int64))
    return out


def _votes(counts: np.ndarray | Spikes, weights: np.ndarray) -> np.ndarray:
    """counts @ weights, float64 [samples, n_classes]; of equal largest ones that which `_vote` takes is the largest."""
    scores = np.empty((shape_of(counts, len(weights))[0], weights.shape[1]))
    for rows, block in blocks(counts):
        scores[rows] = block @ weights
    places = _vote(counts, weights)
    answered = np.flatnonzero(places >= 0)
    scores[answered, places[answered]] = np.nextafter(scores[answered, places[answered]], np.inf)
    return scores


def _membership(labels: np.ndarray, n_classes: Count) -> np.ndarray:
    """[n, n_classes]: 1 / (number of neurons of the class) where a neuron has that label, else 0."""
    member = (labels[:, None] == np.arange(n_classes)).astype(np.float64)
    return member / np.maximum(member.sum(0), 1)


@dataclass(frozen=True)
class AllActivity:
    """labels: class per neuron, int64 [n], -1 for none."""

    labels: np.ndarray
    n_classes: int

    def predict(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """The class whose neurons spike most on average; -1 where no labelled neuron spikes."""
        return _vote(responses, _membership(self.labels, self.n_classes))

    def scores(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """Mean spike counts of each class's neurons, [samples, n_classes]."""
        return _votes(responses, _membership(self.labels, self.n_classes))


@dataclass(frozen=True)
class Proportion:
    """labels: as for AllActivity. proportions: each neuron's share of mean response per class, [n, n_classes]."""

    labels: np.ndarray
    proportions: np.ndarray
    n_classes: int

    def predict(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """As AllActivity, but a spike counts as much as its neuron is selective for its class."""
        return _vote(responses, _membership(self.labels, self.n_classes) * self.proportions)

    def scores(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """What the votes add up to, [samples, n_classes]."""
        return _votes(responses, _membership(self.labels, self.n_classes) * self.proportions)


@checked
def all_activity(responses: np.ndarray | Spikes, labels: np.ndarray, n_classes: Count,
                 weight: np.ndarray | None = None) -> AllActivity:
    """Score of class c: mean over the neurons labelled c of their spike counts (Diehl & Cook 2015)."""
    return AllActivity(_labels(class_means(responses, labels, n_classes, weight)), n_classes)


@checked
def proportion(responses: np.ndarray | Spikes, labels: np.ndarray, n_classes: Count,
               weight: np.ndarray | None = None) -> Proportion:
    """Score of class c: mean over the neurons j labelled c of count_j * p_jc, where p_jc is the share of class c in the
    sum of neuron j's mean responses to all classes (Hazan et al. 2018, BindsNET's "proportion weighting")."""
    means = class_means(responses, labels, n_classes, weight)
    total = means.sum(1, keepdims=True)
    shares = np.divide(means, total, out=np.zeros_like(means), where=total > 0)
    return Proportion(_labels(means), shares, n_classes)
