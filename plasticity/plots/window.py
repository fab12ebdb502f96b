"""The STDP window of a rule: how pairs of spikes change a weight, over the time between them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from plasticity._utils import moved
from plasticity.engines.replay import replay
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule
from plasticity.plots import style

SPAN = 0.1  # s
TAIL = 0.05  # s after the last spike, in which clocked rules still change weights


@moved.arguments(held="clamped")
def window(rule: Rule, w: float | None = None, span: float = SPAN, points: int = 201, pairs: int = 1,
           rate: float = 1.0, engine: str = "interpreter", clamped: Mapping[str, float] | None = None,
           late: bool = False, delay: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(t_post - t_pre in seconds, change of the weight): one synapse for each difference, all in one replay.

    w: weight before (default: the middle of the rule's bounds, or 0.5). span: largest difference (s). pairs: how many
    pairs, `rate` (Hz) apart. clamped: values of whatever the rule reads beside spikes; with late=True they
    come in the last step alone, and are 0 before. delay: s by which presynaptic spikes are late.
    Raises PlasticityError for rules that read more than is clamped, and for pairs that would overlap.
    """
    clamped = clamped or {}
    missing = [name for name in (*rule.reads, *rule.signals) if name not in clamped]
    if missing:
        raise PlasticityError(f"rule {rule.name!r} has no window of spike pairs alone: it also reads "
                              f"{', '.join(missing)}; say what they are with clamped=")
    w = middle(rule) if w is None else w
    half = (points - 1) // 2
    dt = span / half
    apart = round(1 / (rate * dt))
    if pairs > 1 and apart <= 2 * half:
        raise PlasticityError(f"pairs at {rate:g} Hz overlap within {span:g} s; lower rate or span, to 2 rate span < 1")
    pre, post = _pairs(half, round((span + TAIL + delay) / dt), pairs, apart)
    courses = {name: _course(value, late, len(pre), {"pre": 1, "post": post.shape[1]}.get(rule.place[name]))
             for name, value in clamped.items()}
    start = np.full((1, post.shape[1]), float(w))
    replayed = replay(rule, start, pre, post, dt, engine=engine, axonal_delay=delay, **courses)
    return np.arange(-half, half + 1) * dt, replayed.w[0] - w


def _pairs(half: int, tail: int, pairs: int, apart: int) -> tuple[np.ndarray, np.ndarray]:
    """One presynaptic neuron; postsynaptic neuron k spikes k - half steps after it."""
    n, steps = 2 * half + 1, half + (pairs - 1) * apart + half + tail + 1
    pre, post = np.zeros((steps, 1), bool), np.zeros((steps, n), bool)
    for start in range(0, pairs * apart, apart):
        pre[start + half] = True
        post[start + np.arange(n), np.arange(n)] = True
    return pre, post


def _course(value: float, late: bool, steps: int, n: int | None) -> np.ndarray:
    course = np.zeros((steps, n) if n else steps)
    course[-1 if late else slice(None)] = value
    return course


def middle(rule: Rule) -> float:
    """A weight in the middle of the rule's bounds, or 0.5 without bounds."""
    return 0.5 * (rule.w_min + rule.w_max) if np.isfinite(rule.w_min) and np.isfinite(rule.w_max) else 0.5


@moved.arguments(held="clamped")
def stdp_window(rule: Rule, w: float | None = None, span: float = SPAN, **options) -> Figure:
    """Draws `window`; the value at 0 ms (coincident spikes) follows the rule's order and has a mark of its own."""
    time, change = window(rule, w, span, **options)
    figure, axes = style.figure(6.4, 4.0)
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.axvline(0, color=style.GREY, linewidth=0.8)
    start = middle(rule) if w is None else w
    for side, colour, name in ((time < 0, style.ORANGE, "post before pre"), (time > 0, style.BLUE, "pre before post")):
        axes.plot(1e3 * time[side], change[side], color=colour, linewidth=2, label=name)
    at_zero = time == 0
    axes.plot([0], change[at_zero], "o", color="black", markersize=5, label=f'coincident, order "{rule.order}"')
    axes.set_xlim(-1e3 * span, 1e3 * span)
    axes.legend(frameon=False, fontsize=style.LABEL - 1)
    style.finish(axes, f"{rule.name}: {_protocol(start, **options)}", "t_post − t_pre (ms)", "change of the weight")
    return figure


def _protocol(w: float, pairs: int = 1, rate: float = 1.0, clamped: Mapping[str, float] | None = None,
              late: bool = False, **_) -> str:
    """What was done, for the title."""
    what = "one pair" if pairs == 1 else f"{pairs} pairs at {rate:g} Hz"
    told = [f"{name} = {value:g}{' at the end' * late}" for name, value in (clamped or {}).items()]
    return ", ".join([what, *told, f"w = {w:g} before"])
