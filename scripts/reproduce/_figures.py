"""Panels, and lines with the spread over seeds, for the figures of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def panels(rows: int, columns: int, width: float, height: float) -> tuple[Figure, np.ndarray]:
    """A figure (inches) with so many panels; a flat array of them."""
    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return figure, np.ravel(figure.subplots(rows, columns))


def with_spread(axes: Axes, values: Mapping[float, Sequence[float]], label: str) -> None:
    """Means of each place over seeds, with their standard deviation."""
    means = [np.mean(each) for each in values.values()]
    spread = [np.std(each, ddof=1) if len(each) > 1 else 0.0 for each in values.values()]
    axes.errorbar([*values], means, spread, marker="o", capsize=2, label=label)


def filters(places: Sequence[Axes], images: np.ndarray) -> None:
    """Filters [k, rows, columns], each in its panel: red adds, blue takes away."""
    for place, image in zip(places, images, strict=True):
        most = abs(image).max()
        place.imshow(image, cmap="RdBu_r", vmin=-most, vmax=most)
        place.set_axis_off()


def notes(axes: Axes, values: np.ndarray, title: str) -> None:
    """Values from 0 to 1 of each note [steps, notes], as on a piano roll: the lowest below, as far as any is likely."""
    heard = np.flatnonzero(np.asarray(values).max(0) > 0.1)
    axes.imshow(np.asarray(values, float).T, cmap="Greys", vmin=0, vmax=1, aspect="auto", origin="lower",
                interpolation="nearest")
    axes.set_title(title, fontsize=12, loc="left")
    axes.set_ylim(heard.min() - 2, heard.max() + 2)
    axes.set_ylabel("note")
