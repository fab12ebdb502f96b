"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from plasticity.plots import style


def confusion(table: np.ndarray, classes: Sequence[object], title: str = "Confusion matrix") -> Figure:
    """Percent of each true class answered as each class.

    table: counts [classes, classes], or [classes, classes + 1] with a last column for "no answer".
    """
    table = np.asarray(table)
    share = 100 * table / np.maximum(table.sum(1, keepdims=True), 1)
    answers = [str(name) for name in classes] + ["none"] * (table.shape[1] - len(classes))
    figure, axes = style.figure(1.8 + 0.52 * table.shape[1], 1.5 + 0.5 * table.shape[0])
    shown = axes.imshow(share, cmap="Blues", vmin=0, vmax=100)
    for (row, column), value in np.ndenumerate(share):
        if value >= 0.5:
            axes.text(column, row, f"{value:.0f}", ha="center", va="center", fontsize=9,
                      color="white" if value > 55 else "black")
    axes.set_xticks(range(len(answers)), answers)
    axes.set_yticks(range(len(classes)), [str(name) for name in classes])
    right = np.trace(table[:, : len(classes)]) / max(table.sum(), 1)
    style.finish(axes, f"{title}: {100 * right:.1f} % right of {int(table.sum())}", "answer", "true class", grid=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.colorbar(shown, ax=axes, fraction=0.045, pad=0.02).set_label("% of the true class", fontsize=style.LABEL)
    return figure
