"""How regular spike trains change a weight while a variable of the postsynaptic neuron is clamped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from plasticity._utils import moved
from plasticity.engines.replay import replay
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule
from plasticity.plots import style
from plasticity.plots.window import middle

DT, SECONDS, PRE_RATE = 1e-3, 0.5, 20.0
POST_RATES = (0.0, 20.0, 60.0)


def clamped_change(rule: Rule, variable: str, values: Sequence[float], post_rate: float = 0.0, w: float | None = None,
                others: Mapping[str, float] | None = None, pre_rate: float = PRE_RATE) -> np.ndarray:
    """Change of the weight by 0.5 s of regular spikes, one entry per value at which `variable` is clamped.

    variable: a name of the rule's `reads`. pre_rate, post_rate: Hz. w: weight before (default: the middle of the
    bounds). others: values of whatever else the rule reads (default: 1).
    Raises PlasticityError for a variable that the rule does not read.
    """
    if rule.reads.get(variable) != "post":
        raise PlasticityError(f"rule {rule.name!r} reads no {variable!r} of the postsynaptic neuron")
    w, values = middle(rule) if w is None else w, np.asarray(values, float)
    steps, n = round(SECONDS / DT), len(values)
    courses = {name: _constant((others or {}).get(name, 1.0), steps, {"pre": 1, "post": n}.get(rule.place[name]))
             for name in (*rule.reads, *rule.signals)}
    courses[variable] = np.repeat(values[None], steps, 0)
    post = np.repeat(_regular(post_rate, steps), n, 1)
    pre, start = _regular(pre_rate, steps), np.full((1, n), float(w))
    return replay(rule, start, pre, post, DT, "interpreter", **courses).w[0] - w


def _constant(value: float, steps: int, n: int | None) -> np.ndarray:
    return np.full((steps, n) if n else steps, value)


def _regular(rate: float, steps: int) -> np.ndarray:
    """Spikes in the middle of each period: [steps, 1]."""
    train = np.zeros((steps, 1), bool)
    if rate:
        train[np.round((np.arange(int(rate * steps * DT)) + 0.5) / (rate * DT)).astype(int)] = True
    return train


def clamped_curve(rule: Rule, variable: str, values: Sequence[float], post_rates: Sequence[float] = POST_RATES,
               w: float | None = None, unit: str = "", scale: float = 1.0) -> Figure:
    """Draws `clamped_change` for several postsynaptic rates; the axis shows scale * values in `unit`."""
    figure, axes = style.figure(6.4, 4.0)
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    curves = [clamped_change(rule, variable, values, rate, w) for rate in post_rates]
    same = all(np.array_equal(curve, curves[0]) for curve in curves)
    for curve, rate, colour in zip(curves, post_rates, (style.BLUE, style.GREEN, style.ORANGE), strict=False):
        axes.plot(scale * np.asarray(values), curve, color=colour, linewidth=2,
                  label="at any postsynaptic rate" if same else f"postsynaptic spikes at {rate:g} Hz")
        if same:
            break
    axes.set_xlim(scale * min(values), scale * max(values))
    axes.legend(frameon=False, fontsize=style.LABEL - 1)
    start = middle(rule) if w is None else w
    told = "".join(f", {name} = 1" for name in (*rule.reads, *rule.signals) if name != variable)
    style.finish(axes, f"{rule.name}: {SECONDS:g} s at {PRE_RATE:g} Hz{told}, w = {start:g} before",
                 f"{variable}{f' ({unit})' if unit else ''}, held", "change of the weight")
    return figure


__getattr__ = moved.names(__name__, held_change="plasticity.plots.clamped:clamped_change",
                          held_curve="plasticity.plots.clamped:clamped_curve")
