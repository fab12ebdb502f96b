"""Logistic regression on spike counts (scikit-learn): what a linear reader could get out of the responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity._utils.ranges import Count, Positive
from plasticity._utils.typed import checked
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError
from plasticity.readout._arrays import blocks, checked_labels, shape_of
from plasticity.readout.weights import by_step


@dataclass(frozen=True)
class Logistic:
    """weights: [n, classes seen]; bias: [classes seen]; classes: their numbers; scale: counts are divided by it."""

    weights: np.ndarray
    bias: np.ndarray
    classes: np.ndarray
    scale: float
    n_classes: int

    def predict(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """The most probable class; -1 for silent samples, which would only show the bias."""
        out = np.empty(shape_of(responses, len(self.weights))[0], np.int64)
        for rows, block in blocks(responses, signed=True):
            best = self.classes[(block @ self.weights / self.scale + self.bias).argmax(1)]
            out[rows] = np.where(block.any(1), best, -1)
        return out

    def scores(self, responses: np.ndarray | Spikes) -> np.ndarray:
        """Probabilities of the classes, [samples, n_classes]; 0 for silent samples and for classes never seen."""
        scores = np.zeros((shape_of(responses, len(self.weights))[0], self.n_classes))
        for rows, block in blocks(responses, signed=True):
            logits = block @ self.weights / self.scale + self.bias
            powers = np.exp(logits - logits.max(1, keepdims=True))
            scores[rows, self.classes] = powers / powers.sum(1, keepdims=True) * block.any(1, keepdims=True)
        return scores


@checked
def logistic(responses: np.ndarray | Spikes, labels: np.ndarray, n_classes: Count, c: Positive = 1.0,
             max_iter: Count = 300, weight: np.ndarray | None = None) -> Logistic:
    """Multinomial logistic regression with an L2 penalty (Hastie, Tibshirani & Friedman 2009, ch. 4.4).

    p(class | counts) = softmax(counts @ weights / scale + bias), scale the highest count. c: inverse strength of the
    penalty. Samples are held sparse, so memory goes with the number of (sample, neuron) pairs that spiked.
    """
    from scipy import sparse
    from sklearn.linear_model import LogisticRegression

    labels = checked_labels(labels, shape_of(responses)[0], n_classes)
    classes = np.unique(labels)
    if len(classes) < 2:
        raise PlasticityError(f"labels hold only class {classes[0]}; logistic regression needs two classes or more")
    stacked = sparse.vstack([sparse.csr_matrix(block) for _, block in blocks(responses, signed=True)], format="csr")
    scale = float(abs(stacked).max()) or 1.0
    weight = None if weight is None else by_step(weight, len(labels), 1)[:, 0]
    model = LogisticRegression(C=c, max_iter=max_iter).fit(stacked / scale, labels, sample_weight=weight)
    weights, bias = model.coef_, model.intercept_
    if len(classes) == 2:  # scikit-learn then gives one row, the log odds of the second class
        weights, bias = np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2
    return Logistic(np.ascontiguousarray(weights.T), bias, classes.astype(np.int64), scale, n_classes)
