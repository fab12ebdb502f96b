"""The curve of a rule for rates: how one step changes a weight, over the activity of the postsynaptic neuron."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from plasticity.engines.replay import replay
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule
from plasticity.plots import style

SPAN = 2.0
WEIGHTS = (0.0, 0.5, 1.0)


def of_rates(rule: Rule) -> bool:
    """Whether a rule changes weights by one variable of each neuron, in every step and not at spikes."""
    return sorted(rule.reads.values()) == ["post", "pre"] and not (rule.on_pre or rule.on_post or rule.signals)


def rate_change(rule: Rule, w: float, pre: float = 1.0, span: float = SPAN,
                points: int = 81) -> tuple[np.ndarray, np.ndarray]:
    """(postsynaptic activity from -span to span, change of a weight w in one step), for one synapse alone.

    pre: the presynaptic activity. States of the neuron have their initial values, and a neuron alone wins its
    competition. Raises PlasticityError for other rules.
    """
    if not of_rates(rule):
        raise PlasticityError(f"rule {rule.name!r} has no curve over rates: it must read one variable of each neuron, "
                              "and act in every step only")
    at = {place: name for name, place in rule.reads.items()}
    activity, silent, start = np.linspace(-span, span, points), np.zeros((1, 1), bool), np.full((1, 1), float(w))
    after = [replay(rule, start, silent, silent, 1.0, "interpreter",
                    **{at["pre"]: np.full((1, 1), pre), at["post"]: np.full((1, 1), each)}).w[0, 0]
             for each in activity]
    return activity, np.array(after) - w


def rate_curve(rule: Rule, weights: Sequence[float] = WEIGHTS, pre: float = 1.0, span: float = SPAN) -> Figure:
    """Draws `rate_change` for several weights (those within the rule's bounds)."""
    inside = [w for w in weights if rule.w_min <= w <= rule.w_max]
    if not inside:
        raise PlasticityError(f"weights must lie within the bounds of rule {rule.name!r}, got {list(weights)}")
    figure, axes = style.figure(6.4, 4.0)
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    colours = (style.BLUE, style.GREEN, style.ORANGE, style.PURPLE)
    for number, w in enumerate(inside):
        activity, change = rate_change(rule, w, pre, span)
        axes.plot(activity, change, color=colours[number % len(colours)], linewidth=2, label=f"w = {w:g} before")
    axes.set_xlim(-span, span)
    axes.legend(frameon=False, fontsize=style.LABEL - 1)
    post = next(name for name, place in rule.reads.items() if place == "post")
    title = f"{rule.name}: one step, presynaptic activity {pre:g}"
    style.finish(axes, title, f"{post} (postsynaptic)", "change of the weight")
    return figure
