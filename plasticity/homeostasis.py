"""Slow regulation of activity and weights, as functions of arrays (they are not rules)."""

from __future__ import annotations

import numpy as np


def normalize(w: np.ndarray, total: float) -> np.ndarray:
    """Scales the absolute weights onto each postsynaptic neuron to one sum (Diehl & Cook 2015).

    w_ij <- w_ij * total / sum_i |w_ij|. w: [n_pre, n_post]. Columns without any weight stay as they are.
    """
    w = np.asarray(w)
    sums = np.abs(w).sum(0, keepdims=True)
    return w * np.where(sums > 0, total / np.where(sums > 0, sums, 1.0), 1.0)
