"""From outputs of every step to answers: one per sample or per step, and probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from plasticity.errors import RefusedError, choice
from plasticity.readout.losses import ANSWERS, LossKind
from plasticity.readout.weights import by_step, latest, split


def softmax(y: np.ndarray) -> np.ndarray:
    """exp(y_k) / sum_j exp(y_j) over the last axis; no y is too large."""
    risen = np.exp(y - y.max(-1, keepdims=True))
    return risen / risen.sum(-1, keepdims=True)


def sigmoid(y: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-y)), of each output for itself."""
    from scipy.special import expit

    return expit(y)


def share(counts: np.ndarray) -> np.ndarray:
    """Each neuron's part of all spikes, over the last axis; the same for all where there is none."""
    total = counts.sum(-1, keepdims=True)
    even = np.full(counts.shape, 1 / counts.shape[-1])
    return np.divide(counts, total, out=even, where=total > 0)


#: how outputs become probabilities -> function of scores [..., n]
CHANCE: Mapping[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType({
    "softmax": softmax, "sigmoid": sigmoid, "share": share})


def per_sample(outputs: np.ndarray, answer: str = "mean", weight: np.ndarray | None = None,
               last: int | None = None) -> np.ndarray:
    """One answer per sample, [samples, n], of outputs [samples, steps, n].

    answer: as `LossKind.answer` says, "mean" or "sum" of the outputs over steps, "softmax" or "softmax mean", the sum
    or mean of their softmax. weight: [samples, steps] or [samples], 0 is padding; None: all steps count. last: only the
    last so many steps that count.
    """
    choice("answer", answer, ANSWERS)
    samples, steps = outputs.shape[:2]
    within, _ = split(latest(by_step(np.ones(samples) if weight is None else weight, samples, steps), last))
    seen = np.where(within[..., None] > 0, outputs, 0.0)
    total = np.einsum("st,stn->sn", within, softmax(seen) if "softmax" in answer else seen)
    if "mean" not in answer:
        return total
    whole = within.sum(1, keepdims=True)
    return np.divide(total, whole, out=np.zeros_like(total), where=whole > 0)


def probabilities(scores: np.ndarray, kind: LossKind | None) -> np.ndarray:
    """What scores [..., n] say of classes, or of each output for itself.

    Raises RefusedError where the loss gives outputs no such meaning, as squared distances do.
    """
    if kind is None or not kind.chance:
        raise RefusedError("there are no probabilities: the loss gives outputs no such meaning; train with "
                           "cross_entropy (classes) or bernoulli (each output for itself)")
    return CHANCE[kind.chance](scores)
