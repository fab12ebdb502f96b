"""A network's step as a plain numpy loop, written from the semantics alone: what every engine must agree with.

Slow and dense. Only what the feature networks use: no delayed readings, no random winners.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from plasticity.engines.reference.interpreter import in_steps, risen
from plasticity.language import expressions
from plasticity.language.rule import ORDERS
from plasticity.network.network import Network, existing, weight_matrix
from plasticity.neurons.discretise import discretise


def weight_of_each_synapse(network: Network, p) -> np.ndarray:
    """int [pre, post]: which weight a synapse has, -1 where there is none; of a convolution counted out here."""
    if p.connect != "convolution":
        exists = existing(network, p)
        return np.where(exists, np.arange(exists.size).reshape(exists.shape), -1)
    window = p.window
    (maps, height, width), (rows, columns) = window.shape, window.size
    index = np.full((window.n_pre, window.channels, *window.grid), -1)
    for neuron, (m, r, q) in enumerate(np.ndindex(maps, height, width)):
        for channel, row, column in np.ndindex(window.channels, *window.grid):
            dr = r - row * window.stride[0] + window.padding[0]
            dq = q - column * window.stride[1] + window.padding[1]
            if 0 <= dr < rows and 0 <= dq < columns:
                index[neuron, channel, row, column] = ((m * rows + dr) * columns + dq) * window.channels + channel
    return index.reshape(window.n_pre, window.n_post)


class StepLoop:
    """State of a network and its step. weights: by projection; spiked: population or input -> bool [steps, n]."""

    def __init__(self, network: Network):
        self.network, self.dt = network, network.dt
        self.weights = {p.name: weight_matrix(network, p).astype(float) for p in network.projections}
        self.index = {p.name: weight_of_each_synapse(network, p) for p in network.projections}
        self.slow: dict[tuple[str, str], np.ndarray] = {}
        self.traces: dict[str, dict[str, np.ndarray]] = {}
        self.normalise()

    def normalise(self) -> None:
        for p in self.network.projections:
            if p.normalize is not None:
                sums = np.abs(self.weights[p.name]).sum(0)
                scaled = self.weights[p.name] * p.normalize / np.where(sums > 0, sums, 1)
                self.weights[p.name] = np.clip(scaled, p.rule.w_min, p.rule.w_max) if p.rule else scaled

    def present(self, spikes: Mapping[str, np.ndarray], signals: Mapping[str, np.ndarray], steps: int,
                learn: bool = True) -> dict[str, np.ndarray]:
        """One presentation from the initial state; spikes [steps, n] by input."""
        self.learn, self.signals = learn, signals
        self.values = {p.name: self._initial(p) for p in self.network.populations}
        self.paused_until = {p.name: np.zeros(p.n, int) for p in self.network.populations}
        self.spiked = {name: np.zeros((steps, n), bool) for name, n in self.network.sizes.items()}
        self.spiked.update({name: np.array(train, bool) for name, train in spikes.items()})
        self.must_reset = {p.name: np.zeros(p.n, bool) for p in self.network.populations}
        self.traces = {p.name: self._first_traces(p) for p in self.network.plastic}
        for t in range(steps):
            self._step(t)
        for p in self.network.populations:
            self.slow.update({(p.name, name): self.values[p.name][name] for name in p.neuron.slow})
        if learn:
            self.normalise()
        return self.spiked

    def _initial(self, p) -> dict[str, np.ndarray]:
        start = {**p.neuron.start, **p.initial}
        return {name: self.slow.get((p.name, name), np.broadcast_to(np.asarray(value, float), p.n)).copy()
                for name, value in start.items()}

    def _first_traces(self, p) -> dict[str, np.ndarray]:
        start = {name: np.full(self.index[p.name].shape, trace.initial) for name, trace in p.rule.variables.items()}
        lasting = self.traces.get(p.name, {})
        return start | {name: lasting[name] for name, trace in p.rule.variables.items() if trace.keep and lasting}

    def _step(self, t: int) -> None:
        for s in self.network.signals:
            if s.drives:
                population, _, variable = s.drives.rpartition(".")
                self.values[population][variable] = np.broadcast_to(
                    self.signals[s.name][t], self.network.sizes[population]).astype(float)
        for p in self.network.populations:
            if p.neuron.reset_delay:
                self._reset(p)
        for p in self.network.populations:
            self._integrate(p, t)
        if self.learn:
            for p in self.network.plastic:
                for name, trace in p.rule.variables.items():
                    self.traces[p.name][name] = self.traces[p.name][name] * math.exp(-self.dt / trace.tau)
                self._event(p, "on_step", np.ones_like(self.index[p.name], bool), {}, t)
        for p in self.network.populations:
            self._threshold(p, t)
        for p in self.network.projections:
            if p.onto:
                self._transmit(p, t)
        if self.learn:
            for p in self.network.plastic:
                self._learn(p, t)
        for p in self.network.populations:
            if not p.neuron.reset_delay:
                self._reset(p)

    def _namespace(self, p) -> dict:
        space = {**p.neuron.constants, "dt": self.dt, **self.values[p.name]}
        for name, expr in p.neuron.subexpressions.items():
            space[name] = expressions.evaluate(expr, space)
        return space

    def _integrate(self, p, t: int) -> None:
        temporary: dict[str, np.ndarray] = {}
        for line in discretise(p.neuron):
            value = expressions.evaluate(p.neuron.inlined(line.expr), {**self._namespace(p), **temporary})
            if line.target not in self.values[p.name]:
                temporary[line.target] = value
            elif self.learn or line.target not in p.neuron.slow:
                hold = (t < self.paused_until[p.name]) & (line.target in p.neuron.gated)
                self.values[p.name][line.target] = np.where(hold, self.values[p.name][line.target], value)

    def _threshold(self, p, t: int) -> None:
        crossed = np.asarray(expressions.evaluate(p.neuron.threshold_expr, self._namespace(p)), bool)
        crossed = np.broadcast_to(crossed, p.n) & (t >= self.paused_until[p.name])
        fired = crossed.copy()
        if p.winner == "highest" and crossed.any():
            first = np.where(crossed, self.values[p.name][p.neuron.variables[0]], -np.inf)
            fired = np.arange(p.n) == np.argmax(first)
        self.spiked[p.name][t] = fired
        self.must_reset[p.name] = crossed if p.losers_reset else fired
        pause = round(p.neuron.refractory / self.dt)
        self.paused_until[p.name] = np.where(self.must_reset[p.name], t + pause, self.paused_until[p.name])

    def _reset(self, p) -> None:
        for line in (*p.neuron.at_reset, *(p.neuron.at_adapt if self.learn else ())):
            value = expressions.evaluate(line.expr, self._namespace(p))
            old = self.values[p.name][line.target]
            self.values[p.name][line.target] = np.where(self.must_reset[p.name], value, old)

    def _arrived(self, p, side: str, t: int) -> np.ndarray:
        """Which synapses a spike of that side reaches in this step: bool [pre, post]."""
        source, delay = {"pre": (p.pre, p.axonal_delay), "post": (p.post, p.dendritic_delay)}[side]
        then = np.broadcast_to(t - in_steps(delay, self.dt), self.index[p.name].shape)
        neuron = np.indices(then.shape)[0 if side == "pre" else 1]
        return (then >= 0) & self.spiked[source][np.maximum(then, 0), neuron] & (self.index[p.name] >= 0)

    def _at_synapses(self, p) -> np.ndarray:
        """The weight of each synapse, [pre, post]."""
        index = self.index[p.name]
        return np.where(index >= 0, self.weights[p.name].ravel()[np.maximum(index, 0)], 0.0)

    def _transmit(self, p, t: int) -> None:
        sent = np.where(self._arrived(p, "pre", t), self._at_synapses(p), 0.0)
        received = p.scale * (sent.max(0) if p.connect == "max_pool" else sent.sum(0))
        population = self.network.population(p.post)
        if p.onto in population.neuron.gated:
            received = np.where(t < self.paused_until[p.post], 0.0, received)
        self.values[p.post][p.onto] = self.values[p.post][p.onto] + received

    def _learn(self, p, t: int) -> None:
        before = dict(self.traces[p.name])
        for phase in ORDERS[p.rule.order]:
            event, side = phase.split("_")
            arrived, own = self._arrived(p, side, t), getattr(p.rule, side)
            if event == "rise":
                for name, trace in own.items():
                    self.traces[p.name][name] = risen(trace, self.traces[p.name][name], arrived)
            else:
                self._event(p, phase, arrived, {name: before[name] for name in own if own[name].rise != "none"}, t)

    def _event(self, p, event: str, where: np.ndarray, own: Mapping[str, np.ndarray], t: int) -> None:
        traces, w, index = self.traces[p.name], self._at_synapses(p), self.index[p.name]
        space = {**p.rule.constants, "dt": self.dt, **self._outside(p, t), **traces, **own, "w": w}
        results = {line: expressions.evaluate(line.expr, space) for line in p.rule.statements.get(event, ())}
        for line, result in results.items():
            old = w if line.target == "w" else traces[line.target]
            new = {"increment": old + result, "rate": old + self.dt * result, "assign": result + 0 * old}[line.kind]
            here = where & (index >= 0)
            new = np.where(here, new, old)
            if line.target == "w":
                total = np.zeros(self.weights[p.name].size)
                np.add.at(total, index[here], (new - old)[here])
                changed = self.weights[p.name] + total.reshape(self.weights[p.name].shape)
                self.weights[p.name] = np.clip(changed, p.rule.w_min, p.rule.w_max)
            else:
                traces[line.target] = new

    def _outside(self, p, t: int) -> dict[str, np.ndarray]:
        found = {}
        for name in (*p.rule.reads, *p.rule.signals):
            kind, source = self.network.source_of(p, name)
            place = p.rule.place_of(name)
            value = self.signals[source][t] if kind == "signal" else \
                self._namespace(self.network.population(source.rpartition(".")[0]))[name]
            found[name] = value if np.ndim(value) == 0 else value[:, None] if place == "pre" else value[None, :]
        return found
