"""The figure of a rule: a window of spike pairs, a curve over rates or a clamped variable, or what spikes transmit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from matplotlib.figure import Figure

from plasticity.language.rule import Rule
from plasticity.plots.clamped import clamped_curve
from plasticity.plots.rates import of_rates, rate_curve
from plasticity.plots.short_term import short_term
from plasticity.plots.window import stdp_window


@dataclass(frozen=True)
class Shown:
    """How a rule is shown where the defaults do not suit it.

    clamped: from and to which value its variable is held, the unit and scale of the axis. window: options of `window`.
    params: parameters changed for the figure.
    """

    clamped: tuple[float, float, str, float] = (0.0, 1.0, "", 1.0)
    window: Mapping[str, object] = field(default_factory=dict)
    params: Mapping[str, float] = field(default_factory=dict)


#: rule -> how it is shown
SHOWN: Mapping[str, Shown] = MappingProxyType({
    "clopath": Shown(clamped=(-80e-3, -20e-3, "mV", 1e3)),
    "urbanczik_senn": Shown(clamped=(-70e-3, -40e-3, "mV", 1e3)),
    "sdsp": Shown(clamped=(0.0, 1.2, "", 1.0), params={"alpha": 0.0, "beta": 0.0}),
    "r_max": Shown(clamped=(0.0, 100.0, "Hz", 1.0)),
    "triplet_stdp": Shown(window={"pairs": 10, "rate": 20.0, "span": 24e-3, "points": 49}),
    "graupner_brunel": Shown(window={"pairs": 5, "rate": 5.0, "span": 80e-3, "points": 161, "delay": 13.7e-3},
                             params={"sigma": 0.0}),
    "r_stdp": Shown(window={"late": True}),
})


def figure_of(rule: Rule) -> Figure:
    """What a rule does, as the figure that fits it; whatever it reads beside is clamped at 1.

    The response to regular spikes for rules of transmission; a curve over the activity for rules of rates, over the
    clamped variable for rules that read one of the postsynaptic neuron; else the window of spike pairs.
    """
    shown = SHOWN.get(rule.name, Shown())
    rule = rule.with_(params={name: value for name, value in shown.params.items() if name in rule.params})
    if rule.efficacy:
        return short_term(rule)
    if of_rates(rule):
        return rate_curve(rule)
    variable = next((name for name, place in rule.reads.items() if place == "post"), None)
    if variable:
        low, high, unit, scale = shown.clamped
        return clamped_curve(rule, variable, np.linspace(low, high, 61), unit=unit, scale=scale)
    return stdp_window(rule, clamped=dict.fromkeys((*rule.reads, *rule.signals), 1.0), **shown.window)
