"""The 1,797 handwritten 8x8 digits that scikit-learn ships: real data without a download."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plasticity.datasets.description import Arrays, DataSet, Form


def held_out(labels: np.ndarray) -> np.ndarray:
    """Which samples are the test part: every third of each class, in the order of the file. bool [n]."""
    test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        test[np.flatnonzero(labels == label)[2::3]] = True
    return test


def read_embedded(paths: Sequence[Path] = ()) -> Arrays:
    """Intensities 0..16 become 0..1; the split never changes, as it depends on nothing but the file."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = (bunch.images / 16).astype(np.float32), bunch.target.astype(np.int64)
    test = held_out(labels)
    return images[~test], labels[~test], images[test], labels[test]


DIGITS = DataSet(
    name="digits",
    title="Handwritten digits embedded in scikit-learn",
    licence="CC BY 4.0",
    citation="Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
    homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    classes=tuple("0123456789"),
    shape=(8, 8),
    train=1201,
    test=596,
    forms=(Form((), read_embedded),),
)
