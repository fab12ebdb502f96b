"""The definition of what a rule does, as a plain numpy loop: slow, complete, and importing no engine.

Everything is an array [samples, pre, post], as each synapse sees it, so delays, traces and signals need no special
case. `Step` is the definition, `interpret` the loop around it; a convolution is the same on unfolded arrays (see
`unfolding`). Engines are tested against this function.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from plasticity._utils import random
from plasticity.engines.reference.unfolding import folded, inside, unfolded
from plasticity.language import expressions
from plasticity.language.rule import ORDERS, Rule, Trace
from plasticity.network.window import Window

#: place -> the first synapse of each neuron, which sees the neuron's trace; all synapses for their own states
_FIRST = {"pre": np.s_[:, :, 0], "post": np.s_[:, 0, :], "syn": np.s_[:]}


@dataclass(frozen=True)
class Replayed:
    """What `replay` answers: final `w` [pre, post], `trajectory` [k, pre, post], `traces` by name.

    Traces are [n], synaptic states [pre, post] ([positions, fan_in, channels] on a convolution), 0 without a synapse;
    of a batch [batch, ...].
    """

    w: np.ndarray
    trajectory: np.ndarray
    traces: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class SynapseState:
    """What a step leaves to the next: weights [pre, post], traces and synaptic states [samples, pre, post] by name."""

    w: np.ndarray
    values: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Step:
    """One step of a rule as a function: step(state, spikes, read) -> state.

    dt: seconds. samples: how many at once. exists: which synapses do, bool [samples or 1, pre, post]. divisor: of what
    the samples add up to, 1 for their sum.
    """

    rule: Rule
    dt: float
    samples: int
    exists: np.ndarray
    divisor: int = 1

    def __call__(self, state: SynapseState, spikes: Mapping[str, np.ndarray],
                 read: Mapping[str, np.ndarray]) -> SynapseState:
        """Variables decay, `on_step` acts, then the events follow in the rule's order.

        spikes: "pre" and "post" -> those that reach a synapse now, bool [samples, pre, post]. read: what the rule reads
        beside its own variables, by name, [samples, pre, post].
        """
        state = self.change("on_step", self.decay(state), np.ones(state.w.shape, bool), read)
        before_rise = state.values
        for phase in ORDERS[self.rule.order]:
            event, side = phase.split("_")
            traces: Mapping[str, Trace] = getattr(self.rule, side)
            if event == "rise":
                higher = {name: risen(trace, state.values[name], spikes[side]) for name, trace in traces.items()}
                state = replace(state, values={**state.values, **higher})
            else:
                own = {name: before_rise[name] for name, trace in traces.items() if trace.rise != "none"}
                state = self.change(phase, state, spikes[side], {**own, **read})
        return state

    def decay(self, state: SynapseState) -> SynapseState:
        """Each variable times exp(-dt/tau)."""
        factors = {name: math.exp(-self.dt / trace.tau) for name, trace in self.rule.variables.items()}
        return replace(state, values={name: value * factors[name] for name, value in state.values.items()})

    def change(self, event: str, state: SynapseState, where: np.ndarray,
               read: Mapping[str, np.ndarray]) -> SynapseState:
        """One event at the synapses `where`: its increments added up, the weights within their bounds."""
        w, values = state.w, dict(state.values)
        for target, increment in self.increments(event, state, where, read).items():
            if target == "w":
                bounded = np.clip(w + increment.sum(0) / self.divisor, self.rule.w_min, self.rule.w_max)
                w = np.where(self.exists.any(0), bounded, 0.0)
            else:
                values[target] = values[target] + increment
        return SynapseState(w, values)

    def increments(self, event: str, state: SynapseState, where: np.ndarray,
                   read: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """target -> increment [samples, pre, post]; all of an event are evaluated before any assignment."""
        namespace = {**self.rule.constants, "dt": self.dt, **state.values, **read, "w": state.w}
        increments = {}
        for line in self.rule.statements.get(event, ()):
            value, old = expressions.evaluate(line.expr, namespace), namespace[line.target]
            increment = {"increment": value, "rate": self.dt * value, "assign": value - old}[line.kind]
            acts = where & self.exists if line.place == "syn" else where
            increments[line.target] = np.broadcast_to(np.where(acts, increment, 0.0), (self.samples, *state.w.shape))
        return increments


def risen(trace: Trace, value: np.ndarray, spiked: np.ndarray) -> np.ndarray:
    """A trace after the spikes of its neurons."""
    after = {"add": value + 1.0, "set": np.ones_like(value), "none": value}[trace.rise]
    return np.where(spiked, after, value)


def start(rule: Rule, w: np.ndarray, exists: np.ndarray, samples: int) -> SynapseState:
    """The state before the first step; what does not exist is 0."""
    values = {name: np.full((samples, *w.shape), trace.initial) for name, trace in rule.variables.items()}
    values |= {name: np.where(exists, values[name], 0.0) for name in rule.syn}
    return SynapseState(np.where(exists.any(0), w, 0.0), values)


def interpret(rule: Rule, w: np.ndarray, pre: np.ndarray, post: np.ndarray, dt: float, *, axonal_delay=0.0,
              dendritic_delay=0.0, batch: str = "sum", weights_every: int | None = None, mask: np.ndarray | None = None,
              seed: int = 0, signals: Mapping[str, np.ndarray] | None = None,
              window: Window | None = None) -> Replayed:
    """Runs a rule on imposed spikes: pre [steps, batch, n_pre], post [steps, batch, n_post], both bool.

    w: [n_pre, n_post], or [fan_in, channels] with a window. axonal_delay, dendritic_delay: seconds, one value or
    [n_pre, n_post]. mask: which synapses exist. signals: arrays [steps, batch, n] or [steps, batch] for what the rule
    reads. batch: "sum" or "mean" of the samples. window: the weights are those of a convolution.
    """
    w, n_batch = np.array(w, float), pre.shape[1]
    series = {name: np.asarray(values, float) for name, values in (signals or {}).items()}
    exists = np.ones((1, *w.shape), bool) if mask is None else np.asarray(mask, bool)[None]
    if window:
        exists, pre, post = inside(window, n_batch), unfolded(pre, "pre", window), unfolded(post, "post", window)
        series = {name: unfolded(values, rule.place[name], window) for name, values in series.items()}
    series = {name: _at_synapses(values, rule.place[name]) for name, values in series.items()}
    pre = arrivals(pre, in_steps(axonal_delay, dt), 0, w.shape)
    post = arrivals(post, in_steps(dendritic_delay, dt), 1, w.shape)
    step = Step(rule, dt, pre.shape[1], exists, n_batch if batch == "mean" else 1)
    state, trajectory = start(rule, w, exists, step.samples), []
    for t in range(len(pre)):
        state = step(state, {"pre": pre[t], "post": post[t]}, _read(rule, series, t, dt, seed, pre.shape[1:]))
        if weights_every and (t + 1) % weights_every == 0:
            trajectory.append(state.w)
    traces = {name: value[_FIRST[rule.place[name]]] for name, value in state.values.items()}
    if window:
        traces = {name: folded(values, rule.place[name], window, n_batch) for name, values in traces.items()}
    return Replayed(state.w, np.array(trajectory).reshape(-1, *w.shape), traces)


def in_steps(delay: float | np.ndarray, dt: float) -> np.ndarray:
    """A delay (s) as a whole number of steps."""
    return np.rint(np.asarray(delay, float) / dt).astype(int)


def arrivals(spikes: np.ndarray, delay: np.ndarray, axis: int, shape: tuple[int, int]) -> np.ndarray:
    """Spikes [steps, batch, n] as they reach each synapse: [steps, batch, pre, post], `delay` steps later."""
    steps, batch = spikes.shape[:2]
    at_synapse = np.broadcast_to(np.expand_dims(spikes, 3 if axis == 0 else 2), (steps, batch, *shape))
    delay = np.broadcast_to(delay, shape)
    arrived = np.zeros_like(at_synapse)
    for d in np.unique(delay):
        arrived[d:, :, delay == d] = at_synapse[: max(steps - d, 0), :, delay == d]
    return arrived


def _at_synapses(values: np.ndarray, place: str) -> np.ndarray:
    """A signal as every synapse sees it: [steps, samples, n] or [steps, samples] with axes pre and post, 1 or n."""
    return values[..., None, None] if place == "global" else np.expand_dims(values, 3 if place == "pre" else 2)


def _read(rule: Rule, series: Mapping[str, np.ndarray], t: int, dt: float, seed: int,
          shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """What the rule reads in step t beside its own variables: signals, past values of them, and noise."""
    read = {name: np.broadcast_to(values[t], shape) for name, values in series.items()}
    for name, (variable, delay) in rule.delayed.items():
        past = series[variable][max(t - int(in_steps(delay, dt)), 0)]
        read[name] = np.broadcast_to(past, shape)
    if "noise" in rule.reads_names:
        read["noise"] = random.normal(seed, t, shape) / math.sqrt(dt)
    return read
