"""Images as patches: a convolution is a layer whose samples are the patches of all positions."""

from __future__ import annotations

import numpy as np

from plasticity._utils.validation import require_positive
from plasticity.errors import PlasticityError


def patches(images: np.ndarray, size: int, stride: int = 1) -> np.ndarray:
    """All patches of images [n, height, width] or [n, height, width, channels]: [n, rows, columns, values].

    size: side of a patch in pixels. stride: pixels between neighbouring patches. values: row by row, channels last.

    A layer that shares its weights over positions learns from `patches(...).reshape(-1, values)`, and answers maps when
    what it answers to them is given the shape [n, rows, columns, units].

    Raises PlasticityError for other shapes and for patches larger than the images.
    """
    require_positive(size=size, stride=stride)
    images = np.asarray(images)
    if images.ndim not in (3, 4):
        raise PlasticityError(f"images must have shape [n, height, width] or [n, height, width, channels], got "
                              f"{images.shape}")
    if size > min(images.shape[1:3]):
        raise PlasticityError(f"size must not exceed the images' {images.shape[1]}x{images.shape[2]} pixels, got "
                              f"{size}")
    seen = np.lib.stride_tricks.sliding_window_view(images, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    if images.ndim == 4:
        seen = np.moveaxis(seen, 3, -1)
    return seen.reshape(*seen.shape[:3], -1)
