"""The STDP window of a rule: how one pair of spikes changes a weight, over the time between them."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from plasticity import replay
from plasticity.errors import PlasticityError
from plasticity.plots import style
from plasticity.rule import Rule

SPAN = 0.1  # s
TAIL = 0.05  # s after the last spike, in which clocked rules still change weights


def window(rule: Rule, w: float | None = None, span: float = SPAN, points: int = 201, pairs: int = 1,
           rate: float = 1.0, engine: str = "interpreter") -> tuple[np.ndarray, np.ndarray]:
    """(t_post - t_pre in seconds, change of the weight): one synapse for each difference, all in one replay.

    w: weight before (default: the middle of the rule's bounds, or 0.5). span: largest difference (s). pairs: how many
    pairs, `rate` (Hz) apart. Raises PlasticityError for rules that read more than spikes.
    """
    needed = [*rule.reads, *rule.signals]
    if needed:
        raise PlasticityError(f"rule {rule.name!r} has no window of spike pairs: it also reads {', '.join(needed)}")
    w = _middle(rule) if w is None else w
    half = (points - 1) // 2
    dt = span / half
    pre, post = _pairs(half, round((span + TAIL) / dt), pairs, max(round(1 / (rate * dt)), 2 * half + 1))
    n = pre.shape[1]
    found = replay(rule, np.full((n, n), float(w)), pre, post, dt, engine=engine, mask=np.eye(n, dtype=bool))
    return np.arange(-half, half + 1) * dt, np.diag(found.w) - w


def _pairs(half: int, tail: int, pairs: int, apart: int) -> tuple[np.ndarray, np.ndarray]:
    """Pair k: the presynaptic spike falls in the middle, the postsynaptic one k - half steps from it."""
    n, steps = 2 * half + 1, half + (pairs - 1) * apart + half + tail + 1
    pre, post = np.zeros((steps, n), bool), np.zeros((steps, n), bool)
    for start in range(0, pairs * apart, apart):
        pre[start + half] = True
        post[start + np.arange(n), np.arange(n)] = True
    return pre, post


def _middle(rule: Rule) -> float:
    return 0.5 * (rule.w_min + rule.w_max) if np.isfinite(rule.w_min) and np.isfinite(rule.w_max) else 0.5


def stdp_window(rule: Rule, w: float | None = None, span: float = SPAN, **options) -> Figure:
    """Draws `window`; the value at 0 ms (coincident spikes) follows the rule's order and has a mark of its own."""
    time, change = window(rule, w, span, **options)
    made, axes = style.figure(6.4, 4.0)
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    start = _middle(rule) if w is None else w
    for side, colour, name in ((time < 0, style.ORANGE, "post before pre"), (time > 0, style.BLUE, "pre before post")):
        axes.plot(1e3 * time[side], change[side], color=colour, linewidth=2, label=name)
    at_zero = time == 0
    axes.plot([0], change[at_zero], "o", color="black", markersize=5, label=f'coincident, order "{rule.order}"')
    axes.set_xlim(-1e3 * span, 1e3 * span)
    axes.legend(frameon=False, fontsize=style.LABEL - 1)
    pairs = options.get("pairs", 1)
    what = "one pair" if pairs == 1 else f"{pairs} pairs at {options.get('rate', 1.0):g} Hz"
    style.finish(axes, f"{rule.name}: {what}, w = {start:g} before", "t_post − t_pre (ms)", "change of the weight")
    return made
