"""What each spike of a regular train transmits, for rules with an efficacy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from plasticity.engines.reference.transmission import transmitted
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule
from plasticity.plots import style

DT, RECOVERY = 1e-3, 0.5  # s; a last spike shows how far the synapse has recovered
RATES = (10.0, 20.0, 50.0)


def short_term_response(rule: Rule, rate: float, spikes: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """(time in seconds, share of the weight that is transmitted) of each spike at `rate` (Hz), and of one 0.5 s later.

    Raises PlasticityError for rules by which every spike transmits its weight.
    """
    if rule.efficacy_expr is None:
        raise PlasticityError(f"rule {rule.name!r} lets every spike transmit its weight; others have efficacy=")
    steps = np.round(np.append(np.arange(spikes) / rate, (spikes - 1) / rate + RECOVERY) / DT).astype(int)
    train = np.zeros((steps[-1] + 1, 1), bool)
    train[steps] = True
    return steps * DT, transmitted(rule, train, DT)[steps, 0]


def short_term(rule: Rule, rates: Sequence[float] = RATES, spikes: int = 10) -> Figure:
    """Draws `short_term_response` for several rates."""
    figure, axes = style.figure(6.4, 4.0)
    for rate, colour in zip(rates, (style.BLUE, style.GREEN, style.ORANGE), strict=False):
        time, share = short_term_response(rule, rate, spikes)
        axes.plot(1e3 * time, share, "o-", color=colour, linewidth=1.5, markersize=4, label=f"{rate:g} Hz")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=style.LABEL - 1)
    style.finish(axes, f"{rule.name}: {spikes} spikes, and one {1e3 * RECOVERY:g} ms later", "time (ms)",
                 "transmitted, in units of w")
    return figure
