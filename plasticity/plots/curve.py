"""How accuracy grows while a network learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from plasticity.plots import style


def learning_curve(history: Sequence[Mapping[str, float]], accuracy: float | None = None,
                   untrained: float | None = None, chance: float | None = None) -> Figure:
    """Accuracy on the images to come (before they were learned from), and output spikes per image, over images shown.

    history: lines with images, running_accuracy, spikes_per_image. accuracy, untrained: on held-out images after and
    without training. chance: accuracy of guessing.
    """
    images = np.array([line["images"] for line in history])
    figure = style.Figure(figsize=(7.2, 5.2), layout="constrained", facecolor="white")
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.3))
    top.plot(images, [100 * line["running_accuracy"] for line in history], color=style.BLUE, linewidth=1.8,
             marker="o", markersize=3 if len(images) < 60 else 0, label="while learning, next images")
    for value, name, colour, dash in ((accuracy, "held-out, after training", style.ORANGE, "-"),
                                      (untrained, "held-out, untrained", style.GREY, "--"),
                                      (chance, "chance", style.GREY, ":")):
        if value is not None:
            top.axhline(100 * value, color=colour, linestyle=dash, linewidth=1.5, label=f"{name}: {100 * value:.1f} %")
    top.set_ylim(0, 100)
    top.set_xlim(left=0)
    top.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=style.LABEL - 1)
    style.finish(top, "Learning curve (all-activity readout)", "", "accuracy (%)")
    bottom.plot(images, [line["spikes_per_image"] for line in history], color=style.GREEN, linewidth=1.5)
    bottom.set_ylim(bottom=0)
    style.finish(bottom, "", "training images shown", "output spikes\nper image")
    return figure
