"""Checks of images and labels, also for a user's own arrays."""

from __future__ import annotations

import numpy as np

from plasticity.errors import DataError


def check_images(x: np.ndarray, y: np.ndarray | None = None, n_classes: int | None = None,
                 name: str = "images") -> tuple[np.ndarray, np.ndarray | None]:
    """Images and labels in the form that everything else expects, or an error that says what is wrong with them.

    x: [n, height, width], [n, height, width, 3] or [n, features]; uint8 0..255, or numbers in [0, 1]. y: whole numbers
    [n], 0..n_classes-1 (None: no labels). Answers (float32 of the same shape in [0, 1], int64 [n] or None).
    Raises DataError for wrong shapes, NaN, values out of range, labels out of range.
    """
    x = np.asarray(x)
    if not (x.ndim in (2, 3) or (x.ndim == 4 and x.shape[3] == 3)) or 0 in x.shape:
        raise DataError(f"{name} must have shape [n, height, width], [n, height, width, 3] or [n, features] and not be "
                        f"empty, got {x.shape}")
    if x.dtype.kind not in "buif":
        raise DataError(f"{name} must hold numbers, got {x.dtype}")
    return _intensities(x, name), None if y is None else _labels(y, len(x), n_classes, name)


def _intensities(x: np.ndarray, name: str) -> np.ndarray:
    if x.dtype == np.uint8:
        return x.astype(np.float32) / np.float32(255)
    lowest, highest = x.min(), x.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise DataError(f"{name} hold NaN or infinity")
    if lowest < 0 or highest > 1:
        raise DataError(f"{name} must be uint8 (0..255) or lie within [0, 1], got {x.dtype} {lowest:g}..{highest:g}; "
                        f"scale them first")
    return x.astype(np.float32, copy=False)


def _labels(y: np.ndarray, n: int, n_classes: int | None, name: str) -> np.ndarray:
    y = np.asarray(y)
    if y.shape != (n,):
        raise DataError(f"labels of {name} must have shape ({n},), one per image, got {y.shape}")
    if y.dtype.kind not in "ui":
        raise DataError(f"labels of {name} must be whole numbers, got {y.dtype}")
    highest = np.iinfo(np.int64).max if n_classes is None else n_classes - 1
    if y.min() < 0 or y.max() > highest:
        top = "" if n_classes is None else n_classes - 1
        raise DataError(f"labels of {name} must lie within 0..{top}, got {y.min()}..{y.max()}")
    return y.astype(np.int64)
