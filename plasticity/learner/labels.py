"""Labels as people have them: numbers, truth values, texts, of numpy, pandas or torch; inside they are 0, 1, ..."""

from __future__ import annotations

import numpy as np
from sklearn.utils import column_or_1d

from plasticity._utils.arrays import require_unmasked
from plasticity.errors import PlasticityError


def as_labels(y, n_samples: int) -> np.ndarray:
    """One label per sample, [n_samples], of a dtype that can be sorted.

    One column is taken with a DataConversionWarning.

    Raises PlasticityError for other shapes, missing labels (NaN, None), numbers with fractions, and labels of several
    types.
    """
    require_unmasked("y", y)
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = column_or_1d(labels, warn=True)
    if labels.shape != (n_samples,):
        raise PlasticityError(f"y must hold one label per sample, shape ({n_samples},), got {labels.shape}")
    if labels.dtype.kind == "O":
        labels = _of_one_type(labels)
    if labels.dtype.kind not in "biufUS":
        raise PlasticityError(f"y must hold labels (numbers, truth values or texts), got {labels.dtype}")
    if labels.dtype.kind == "f":
        _require_whole(labels)
    return labels


def _of_one_type(labels: np.ndarray) -> np.ndarray:
    """An array of objects as one of numbers or texts."""
    kinds = {type(label) for label in labels.tolist()}
    missing = [str(label) for label in labels.tolist() if label is None or label != label or str(label) == "<NA>"]
    if missing:
        raise PlasticityError(f"y holds {missing[0]} among its labels; give every sample one, or leave it out")
    if all(issubclass(kind, str) for kind in kinds) or all(issubclass(kind, bytes) for kind in kinds):
        return labels.astype(str if issubclass(next(iter(kinds)), str) else bytes)
    if all(issubclass(kind, bool | np.bool_ | int | float | np.number) for kind in kinds):
        return np.array(labels.tolist())
    raise PlasticityError(f"y holds labels of several types ({', '.join(sorted(kind.__name__ for kind in kinds))}); "
                          "give them all as numbers or all as texts")


def _require_whole(labels: np.ndarray) -> None:
    if not np.isfinite(labels).all():
        raise PlasticityError("y holds NaN or infinity")
    if (labels != np.round(labels)).any():
        raise PlasticityError("y must hold class labels, got numbers with fractions, as for an unknown label type: "
                              "continuous; for values as targets use loss='mse'")


def classes_of(labels: np.ndarray, announced=None) -> np.ndarray:
    """The classes in order: those of the labels, or those that were announced.

    Raises PlasticityError when there are fewer than two.
    """
    classes = np.unique(labels if announced is None else as_labels(announced, len(announced)))
    if len(classes) < 2:
        raise PlasticityError(f"y must hold at least two classes, got only {classes.tolist()} (1 class)")
    return classes


def numbered(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """The place of each label in `classes`. Raises PlasticityError for a label that is none of them."""
    strange = np.setdiff1d(labels, classes)
    if strange.size:
        raise PlasticityError(f"y holds the label {strange[0]!r}, which is not one of the classes {classes.tolist()}")
    return np.searchsorted(classes, labels)


def no_answer(classes: np.ndarray):
    """A label that is no class, for samples without an answer: of the classes' kind, as far as that has room."""
    kind = classes.dtype.kind
    if kind in "US":
        empty = classes.dtype.type()
        return empty if empty not in classes else classes.dtype.type("no answer" if kind == "U" else b"no answer")
    if kind == "b":
        return np.int8(-1)
    if kind == "f" or classes[0] > np.iinfo(classes.dtype).min:
        below = min(-1, int(classes[0]) - 1)
        if kind == "f" or below >= np.iinfo(classes.dtype).min:
            return classes.dtype.type(below)
    free, known = int(classes[0]), set(classes.tolist())
    while free in known:
        free += 1
    return np.min_scalar_type(free).type(free) if free > np.iinfo(classes.dtype).max else classes.dtype.type(free)


def answers(places: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Labels of places in `classes`; -1 is `no_answer`."""
    none = np.array([no_answer(classes)])
    return np.concatenate([classes, none])[places]
