"""How updates of learning rules stand to those of backpropagation, over training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from plasticity.plots import style

COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.GREY, "#E69F00", "#56B4E9", "#000000")


def alignment(curves: Mapping[str, Mapping[str, np.ndarray]], reference: str = "BPTT") -> Figure:
    """Cosine (top) and relative length (bottom, on a logarithmic scale) of updates, a column per parameter.

    curves: parameter -> rule -> [points, 3], of which each is (updates made, cosine, norm), as an
    `AlignmentRecorder` gathers them.
    """
    figure = style.Figure(figsize=(3.4 * len(curves) + 2.2, 5.6), layout="constrained", facecolor="white")
    axes = figure.subplots(2, len(curves), sharex=True, sharey="row", squeeze=False)
    rules = list(dict.fromkeys(rule for one in curves.values() for rule in one))
    for (name, one), (top, bottom) in zip(curves.items(), axes.T, strict=True):
        for rule, points in one.items():
            look = {"color": COLOURS[rules.index(rule) % len(COLOURS)], "linewidth": 1.6, "label": rule,
                    "linestyle": "-" if rules.index(rule) < len(COLOURS) else "--"}
            top.plot(points[:, 0], points[:, 1], **look)
            bottom.plot(points[:, 0], points[:, 2], **look)
        bottom.set_yscale("log")
        top.set_ylim(min(-0.1, top.get_ylim()[0]), 1.05)
        first = top is axes[0, 0]
        style.finish(top, name.removeprefix("weights."), "", f"cosine with {reference}" if first else "")
        style.finish(bottom, "", "updates", f"length, relative to {reference}" if first else "")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=style.LABEL - 1)
    return figure
