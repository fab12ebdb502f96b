"""The definition of what a rule does, as a plain numpy loop: slow, complete, and importing no engine.

Everything is an array [batch, pre, post], as each synapse sees it, so delays, traces and signals need no special case.
A convolution is the same on unfolded arrays: each position of each sample is a sample of its own, its synapses
[place in the patch, channel] propose their increments, and those are summed over positions. So only the weights are
shared; traces and synaptic states (an eligibility, a calcium concentration) are those of one synapse of one position.
Engines are tested against this function.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticity._utils import random
from plasticity.language import expressions
from plasticity.language.rule import ORDERS, Rule, Trace
from plasticity.network.window import Window


@dataclass(frozen=True)
class Replayed:
    """What `replay` answers: final `w` [pre, post], `trajectory` [k, pre, post], `traces` by name.

    Traces are [n], synaptic states [pre, post] ([positions, fan_in, channels] on a convolution), 0 without a synapse;
    of a batch [batch, ...].
    """

    w: np.ndarray
    trajectory: np.ndarray
    traces: Mapping[str, np.ndarray]


def in_steps(delay: float | np.ndarray, dt: float) -> np.ndarray:
    """A delay (s) as a whole number of steps."""
    return np.rint(np.asarray(delay, float) / dt).astype(int)


def arrivals(spikes: np.ndarray, delay: np.ndarray, axis: int, shape: tuple[int, int]) -> np.ndarray:
    """Spikes [steps, batch, n] as they reach each synapse: [steps, batch, pre, post], `delay` steps later."""
    steps, batch = spikes.shape[:2]
    at_synapse = np.broadcast_to(np.expand_dims(spikes, 3 if axis == 0 else 2), (steps, batch, *shape))
    delay = np.broadcast_to(delay, shape)
    late = np.zeros_like(at_synapse)
    for d in np.unique(delay):
        late[d:, :, delay == d] = at_synapse[: max(steps - d, 0), :, delay == d]
    return late


def risen(trace: Trace, value: np.ndarray, spiked: np.ndarray) -> np.ndarray:
    after = {"add": value + 1.0, "set": np.ones_like(value), "none": value}[trace.rise]
    return np.where(spiked, after, value)


def interpret(rule: Rule, w: np.ndarray, pre: np.ndarray, post: np.ndarray, dt: float, *, axonal_delay=0.0,
              dendritic_delay=0.0, batch: str = "sum", weights_every: int | None = None, mask: np.ndarray | None = None,
              seed: int = 0, signals: Mapping[str, np.ndarray] | None = None,
              window: Window | None = None) -> Replayed:
    """Runs a rule on imposed spikes: pre [steps, batch, n_pre], post [steps, batch, n_post], both bool.

    w: [n_pre, n_post], or [fan_in, channels] with a window. axonal_delay, dendritic_delay: seconds, one value or
    [n_pre, n_post]. mask: which synapses exist. signals: arrays [steps, batch, n] or [steps, batch] for what the rule
    reads. batch: "sum" or "mean" of the samples. window: the weights are those of a convolution.
    """
    w, shape = np.array(w, float), np.shape(w)
    steps, n_batch = pre.shape[:2]
    n_samples = n_batch * (window.positions if window else 1)
    exists = _exists(mask, window, n_batch, shape)
    w = np.where(exists.any(0), w, 0.0)
    spiked = {"pre": arrivals(_at_positions(pre, "pre", window), in_steps(axonal_delay, dt), 0, shape),
              "post": arrivals(_at_positions(post, "post", window), in_steps(dendritic_delay, dt), 1, shape)}
    given = {name: _as_seen(rule, name, values, window) for name, values in (signals or {}).items()}
    fixed = {**rule.constants, "dt": dt}
    values = {name: np.full((n_samples, *shape), trace.initial) for name, trace in rule.variables.items()}
    values |= {name: np.where(exists, values[name], 0.0) for name in rule.syn}
    decay = {name: math.exp(-dt / trace.tau) for name, trace in rule.variables.items()}
    trajectory = []

    def change(event: str, where: np.ndarray, own: Mapping[str, np.ndarray]) -> None:
        nonlocal w
        namespace = {**fixed, **values, **own, **now, "w": w}
        new = {}
        for line in rule.statements.get(event, ()):
            result = expressions.evaluate(line.expr, namespace)
            old = namespace[line.target]
            increment = {"increment": result, "rate": dt * result, "assign": result - old}[line.kind]
            acts = where & exists if line.place == "syn" else where
            new[line.target] = np.broadcast_to(np.where(acts, increment, 0.0), (n_samples, *shape))
        for target, increment in new.items():
            if target == "w":
                reduced = increment.sum(0) if batch == "sum" else increment.sum(0) / n_batch
                w = np.where(exists.any(0), np.clip(w + reduced, rule.w_min, rule.w_max), 0.0)
            else:
                values[target] = values[target] + increment

    for t in range(steps):
        now = {name: np.broadcast_to(series[t], (n_samples, *shape)) for name, series in given.items()}
        for name, (variable, delay) in rule.delayed.items():
            past = given[variable][max(t - int(in_steps(delay, dt)), 0)]
            now[name] = np.broadcast_to(past, (n_samples, *shape))
        if "noise" in rule.reads_names:
            now["noise"] = random.normal(seed, t, (n_samples, *shape)) / math.sqrt(dt)
        for name in values:
            values[name] = values[name] * decay[name]
        change("on_step", np.ones(shape, bool), {})
        before = dict(values)
        for phase in ORDERS[rule.order]:
            event, side = phase.split("_")
            if event == "rise":
                for name, trace in getattr(rule, side).items():
                    values[name] = risen(trace, values[name], spiked[side][t])
            else:
                own = {name: before[name] for name, trace in getattr(rule, side).items() if trace.rise != "none"}
                change(phase, spiked[side][t], own)
        if weights_every and (t + 1) % weights_every == 0:
            trajectory.append(w.copy())
    shown = {name: _per_neuron(value, rule.place[name], n_batch, window) for name, value in values.items()}
    return Replayed(w, np.array(trajectory).reshape(-1, *shape), shown)


def _exists(mask: np.ndarray | None, window: Window | None, n_batch: int, shape: tuple[int, int]) -> np.ndarray:
    """Which synapses exist: bool [samples or 1, pre, post]; those that look into the padding do not."""
    if window is None:
        return np.ones((1, *shape), bool) if mask is None else np.asarray(mask, bool)[None]
    return np.broadcast_to(np.tile(window.patches >= 0, (n_batch, 1))[..., None], (n_batch * window.positions, *shape))


def _at_positions(values: np.ndarray, place: str, window: Window | None) -> np.ndarray:
    """[steps, batch, n] or [steps, batch] as the samples see it: on a convolution a sample for each position."""
    if window is None:
        return values
    if place == "global":
        return np.repeat(values, window.positions, 1)
    apart = window.unfold(values) if place == "pre" else window.by_position(values)
    return apart.reshape(len(values), -1, apart.shape[-1])


def _as_seen(rule: Rule, name: str, values: np.ndarray, window: Window | None) -> np.ndarray:
    """A signal as every synapse sees it: [steps, samples, pre, post] up to broadcasting."""
    place = rule.place[name]
    values = _at_positions(np.asarray(values, float), place, window)
    return values[..., None, None] if place == "global" else np.expand_dims(values, 3 if place == "pre" else 2)


def _per_neuron(value: np.ndarray, place: str, n_batch: int, window: Window | None) -> np.ndarray:
    """A trace as the first synapse of each neuron sees it: [batch, n]; a state [batch, pre, post] of synapses.

    On a convolution states are [batch, positions, fan_in, channels], and neurons that no position sees have 0.
    """
    first = value[{"pre": np.s_[:, :, 0], "post": np.s_[:, 0, :], "syn": np.s_[:]}[place]]
    if window is None:
        return first
    apart = first.reshape(n_batch, window.positions, *first.shape[1:])
    if place == "syn":
        return apart
    if place == "post":
        return np.swapaxes(apart, 1, 2).reshape(n_batch, -1)
    found, (neuron, position, where) = np.zeros((n_batch, window.n_pre)), window.seen
    found[:, neuron] = apart[:, position, where]
    return found
