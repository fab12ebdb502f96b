"""What each neuron has learned, as images."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure

from plasticity.errors import PlasticityError
from plasticity.plots import style

GAP = 1  # pixels between fields


def receptive_fields(weights: np.ndarray, image_shape: tuple[int, int], labels: np.ndarray | None = None,
                     most: int = 400, title: str = "Receptive fields") -> Figure:
    """Input weights of each neuron as an image, in a square grid.

    weights: [inputs, neurons]. image_shape: height and width of the input. labels: class of each neuron, by which the
    fields are sorted (-1, none, comes last). most: how many neurons are drawn.
    """
    weights = np.asarray(weights)
    if weights.ndim != 2 or weights.shape[0] != math.prod(image_shape):
        raise PlasticityError(f"weights must have shape [{image_shape[0]}*{image_shape[1]}, neurons], got "
                              f"{weights.shape}")
    order = np.arange(weights.shape[1])
    if labels is not None:
        labels = np.asarray(labels)
        order = np.argsort(np.where(labels < 0, np.iinfo(np.int64).max, labels), kind="stable")
    order = order[np.linspace(0, len(order) - 1, min(most, len(order))).round().astype(int)]
    figure, axes = style.figure(7.2, 7.0)
    shown = axes.imshow(_tiled(weights[:, order].T.reshape(-1, *image_shape)), vmin=min(0.0, weights.min()),
                        cmap=colormaps[style.WEIGHTS].with_extremes(bad="white"), interpolation="nearest")
    axes.set_axis_off()
    some = "" if len(order) == weights.shape[1] else f", {len(order)} shown"
    by_class = "" if labels is None else ", sorted by class"
    axes.set_title(f"{title} ({weights.shape[1]} neurons{some}{by_class})", fontsize=style.TITLE, loc="left")
    figure.colorbar(shown, ax=axes, fraction=0.04, pad=0.02).set_label("weight", fontsize=style.LABEL)
    return figure


def _tiled(fields: np.ndarray) -> np.ndarray:
    """Fields [k, height, width] side by side, with gaps of NaN."""
    count, height, width = fields.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    canvas = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP), np.nan)
    for k, field in enumerate(fields):
        top, left = (k // columns) * (height + GAP), (k % columns) * (width + GAP)
        canvas[top : top + height, left : left + width] = field
    return canvas
