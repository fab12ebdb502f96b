"""What each function of the language means, in numpy. Population axes are last: arrays are [..., pre, post]."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, exprel


def softmax(u: np.ndarray) -> np.ndarray:
    """Softmax over the postsynaptic population (last axis)."""
    e = np.exp(u - np.max(u, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def rank(u: np.ndarray) -> np.ndarray:
    """Rank over the postsynaptic population: 0 for the largest value, ties to the lower index."""
    return np.argsort(np.argsort(-u, axis=-1, kind="stable"), axis=-1, kind="stable").astype(float)


def winner(u: np.ndarray) -> np.ndarray:
    """1 for the largest value of the last axis, the first of equal ones, 0 for the rest."""
    return np.where(np.arange(u.shape[-1]) == np.argmax(u, axis=-1, keepdims=True), 1.0, 0.0)


FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "clip": np.clip,
    "where": np.where,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "exprel": exprel,
    "int": lambda value: np.multiply(value, 1),
    "sigmoid": expit,
    "relu": lambda value: np.maximum(value, 0.0),
    "softmax": softmax,
    "rank": rank,
    "winner": winner,
    "prefix_sum": lambda value: np.cumsum(value, axis=-1),
    "sum_post": lambda value: np.sum(value, axis=-1, keepdims=True),
    "max_post": lambda value: np.max(value, axis=-1, keepdims=True),
}
