"""The definition of what a rule does, as a plain numpy loop: slow, complete, and importing no engine.

Everything is an array [batch, pre, post], as each synapse sees it, so delays, traces and signals need no special case.
Engines are tested against this function.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticity import language, noise
from plasticity.rule import ORDERS, Rule, Trace


@dataclass(frozen=True)
class Replayed:
    """What `replay` answers: final `w` [pre, post], `trajectory` [k, pre, post], `traces` by name."""

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
              seed: int = 0, signals: Mapping[str, np.ndarray] | None = None) -> Replayed:
    """Runs a rule on imposed spikes: pre [steps, batch, n_pre], post [steps, batch, n_post], both bool.

    axonal_delay, dendritic_delay: seconds, one value or [n_pre, n_post]. mask: which synapses exist.
    signals: arrays [steps, batch, n] or [steps, batch] for what the rule reads. batch: "sum" or "mean".
    """
    w, shape = np.array(w, float), np.shape(w)
    steps, n_batch = pre.shape[:2]
    exists = np.ones(shape, bool) if mask is None else np.asarray(mask, bool)
    w = np.where(exists, w, 0.0)
    spiked = {"pre": arrivals(pre, in_steps(axonal_delay, dt), 0, shape),
              "post": arrivals(post, in_steps(dendritic_delay, dt), 1, shape)}
    given = {name: _as_seen(rule, name, values, shape) for name, values in (signals or {}).items()}
    fixed = {**rule.constants, "dt": dt}
    values = {name: np.full((n_batch, *shape), trace.initial) for name, trace in rule.variables.items()}
    decay = {name: math.exp(-dt / trace.tau) for name, trace in rule.variables.items()}
    trajectory = []

    def change(event: str, where: np.ndarray, own: Mapping[str, np.ndarray]) -> None:
        nonlocal w
        namespace = {**fixed, **values, **own, **now, "w": w}
        new = {}
        for line in rule.statements.get(event, ()):
            result = language.evaluate(line.expr, namespace)
            old = namespace[line.target]
            increment = {"increment": result, "rate": dt * result, "assign": result - old}[line.kind]
            acts = where & exists if line.place == "syn" else where
            new[line.target] = np.broadcast_to(np.where(acts, increment, 0.0), (n_batch, *shape))
        for target, increment in new.items():
            if target == "w":
                reduced = increment.sum(0) if batch == "sum" else increment.mean(0)
                w = np.where(exists, np.clip(w + reduced, rule.w_min, rule.w_max), 0.0)
            else:
                values[target] = values[target] + increment

    for t in range(steps):
        now = {name: np.broadcast_to(series[t], (n_batch, *shape)) for name, series in given.items()}
        for name, (variable, delay) in rule.delayed.items():
            past = given[variable][max(t - int(in_steps(delay, dt)), 0)]
            now[name] = np.broadcast_to(past, (n_batch, *shape))
        if "noise" in rule.reads_names:
            now["noise"] = noise.normal(seed, t, (n_batch, *shape)) / math.sqrt(dt)
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
    return Replayed(w, np.array(trajectory).reshape(-1, *shape), _per_neuron(rule, values))


def _as_seen(rule: Rule, name: str, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A signal as every synapse sees it: [steps, batch, pre, post] up to broadcasting."""
    place = rule.place[name]
    values = np.asarray(values, float)
    return values[..., None, None] if place == "global" else np.expand_dims(values, 3 if place == "pre" else 2)


def _per_neuron(rule: Rule, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Traces as the first synapse of each neuron sees them: [batch, n] for neurons, [batch, pre, post] for synapses."""
    cut = {"pre": np.s_[:, :, 0], "post": np.s_[:, 0, :], "syn": np.s_[:]}
    return {name: value[cut[rule.place[name]]] for name, value in values.items()}
