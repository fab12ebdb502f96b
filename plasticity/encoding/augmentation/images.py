"""Transforms of images [samples, channels, rows, columns]; what lies outside of an image is 0."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from plasticity.encoding.augmentation.draw import uniform, whole
from plasticity.errors import PlasticityError

COLOURS = (1, 3)


def as_images(x: np.ndarray) -> np.ndarray:
    """Samples [samples, rows, columns], with colours before or after these, as [samples, channels, rows, columns]."""
    if x.ndim == 3:
        return x[:, None]
    return np.moveaxis(x, -1, 1) if _colours_last(x.shape) else x


def as_before(images: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Images in the shape that they had before `as_images`."""
    return (np.moveaxis(images, 1, -1) if len(shape) == 4 and _colours_last(shape) else images).reshape(shape)


def _colours_last(shape: tuple[int, ...]) -> bool:
    return shape[-1] in COLOURS and shape[1] not in COLOURS


def elastic(x: np.ndarray, seed: int, numbers: np.ndarray, alpha: float, sigma: float) -> np.ndarray:
    """Each pixel takes its value alpha times a displacement away, which is smoothed by a Gaussian of sigma pixels."""
    field = 2.0 * uniform(seed, numbers, (2, *x.shape[2:])) - 1.0
    field = alpha * gaussian_filter(field, (0, 0, sigma, sigma), mode="constant")
    rows, columns = np.indices(x.shape[2:])
    return between(x, rows + field[:, 0], columns + field[:, 1])


def shift(x: np.ndarray, seed: int, numbers: np.ndarray, pixels: int) -> np.ndarray:
    """Each image moves by -pixels to pixels along rows and along columns."""
    by = whole(seed, numbers, 2 * pixels + 1, (2,)) - pixels
    return moved(moved(x, by[:, 0], 2), by[:, 1], 3)


def crop(x: np.ndarray, seed: int, numbers: np.ndarray, pixels: int) -> np.ndarray:
    """A part of each image, stretched to the whole."""
    sizes = x.shape[2:]
    if pixels >= min(sizes):
        raise PlasticityError(f"crop(pixels={pixels}) leaves nothing of images of {sizes[0]} by {sizes[1]} pixels; cut "
                              "less away")
    corner = whole(seed, numbers, pixels + 1, (2,))
    rows, columns = (first[:, None] + np.linspace(0.0, size - 1 - pixels, size)
                     for first, size in zip(corner.T, sizes, strict=True))
    return between(x, *np.broadcast_arrays(rows[:, :, None], columns[:, None, :]))


def flip(x: np.ndarray, seed: int, numbers: np.ndarray, p: float) -> np.ndarray:
    """Left becomes right in a fraction p of images."""
    return np.where((uniform(seed, numbers) < p)[:, None, None, None], x[..., ::-1], x)


def between(x: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Values between pixels, bilinear, at rows and columns [samples, rows, columns]."""
    sample = np.broadcast_to(np.arange(len(x))[:, None, None], rows.shape)
    places = np.stack([sample, rows, columns])
    return np.stack([map_coordinates(channel, places, order=1, mode="grid-constant")
                     for channel in np.moveaxis(x, 1, 0)], axis=1)


def moved(x: np.ndarray, by: np.ndarray, axis: int) -> np.ndarray:
    """Samples moved along an axis, each by so many places; 0 moves in. by: int [samples]."""
    size = x.shape[axis]
    source = np.arange(size) - by[:, None]
    shape = [len(x), *(size if k == axis else 1 for k in range(1, x.ndim))]
    inside = ((source >= 0) & (source < size)).reshape(shape)
    return np.where(inside, np.take_along_axis(x, source.clip(0, size - 1).reshape(shape), axis), 0)
