"""One look for all figures: quiet axes, colours that colour-blind people can tell apart (Okabe & Ito 2008)."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from plasticity.errors import cannot_write

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#666666"
WEIGHTS = "viridis"  # perceptually even, readable in grey
TITLE, LABEL = 12, 10


def figure(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure (inches) with one pair of axes."""
    blank = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    return blank, blank.subplots()


def finish(axes: Axes, title: str, x: str, y: str, grid: bool = True) -> None:
    """Title, labels, and only the spines that carry a scale."""
    axes.set_title(title, fontsize=TITLE, loc="left")
    axes.set_xlabel(x, fontsize=LABEL)
    axes.set_ylabel(y, fontsize=LABEL)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=LABEL - 1)
    if grid:
        axes.grid(True, color="#e6e6e6", linewidth=0.8)


def save(figure: Figure, path: str | Path, dpi: int = 130) -> Path:
    """Writes a figure; the ending of `path` says the format. Folders are made."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=dpi)
    except OSError as error:
        raise cannot_write(path, error) from None
    return path
