"""The simulation protocol on Brian2: state lives here as arrays, Brian2 runs one presentation at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.engines import Recording
from plasticity.engines.brian import state as states
from plasticity.engines.brian.circuit import Circuit, Plan
from plasticity.engines.finite import watched
from plasticity.engines.request import Request, request
from plasticity.engines.states import located, names, written
from plasticity.errors import PlasticityError
from plasticity.network.network import Network, normalized


class BrianSimulation:
    """A network on Brian2 (see `plasticity.engines.Simulation` for the protocol)."""

    def __init__(self, network: Network, runner):
        self.network, self._runner = network, runner
        self._state = states.initial(network)
        self._normalise()

    def run(self, spikes: Mapping[str, Spikes | np.ndarray] | None = None, steps: int | None = None, *,
            signals: Mapping[str, np.ndarray] | None = None, learn: bool = True, reset: bool = True,
            record: Sequence[str] = (), weights_every: int | None = None) -> Recording:
        """Presents samples one after the other; see `plasticity.engines.Simulation.run`."""
        return self.answer(request(self.network, spikes, steps, signals, learn, reset, record, weights_every))

    @watched(0.0)
    def answer(self, asked: Request) -> Recording:
        """What a request asks for."""
        if not asked.reset and not self._runner.carries_over:
            raise PlasticityError("reset=False needs engine='brian2': a compiled program starts each presentation anew")
        plan = Plan(asked.steps, asked.learn, tuple(sorted(asked.record)), asked.weights_every)
        return _joined(self.network, asked, [self._present(plan, asked, sample) for sample in range(asked.samples)])

    def _present(self, plan: Plan, asked: Request, sample: int) -> dict:
        """One presentation; what its monitors hold, and weights over time."""
        before = states.at_start(self.network, self._state) if asked.reset else self._state
        circuit, after = None, before
        if plan.steps:  # Brian2 has no presentation without any
            circuit, after = self._runner.present(plan, self._arrays(asked, sample), before, asked.reset)
        self._state = after if asked.learn else states.without_learning(self.network, self._state, after)
        if asked.learn:
            self._normalise()
        return _nothing(self.network, asked) if circuit is None else _read(circuit, self.network, plan, self._state)

    def get(self, name: str) -> np.ndarray:
        """A copy of a state by "part.variable"."""
        part, variable = located(self.network, name)
        return states.presented(self.network, part, variable, self._state[name])

    def extremes(self, name: str) -> tuple[float, float]:
        """The least and the largest number of weights or a neuron's variable, NaN if one is."""
        return self._state[name].min(initial=0.0), self._state[name].max(initial=0.0)

    def names(self) -> list[str]:
        """All states `get` answers."""
        return names(self.network)

    def set(self, name: str, value: np.ndarray) -> None:
        """See `plasticity.engines.Simulation.set`."""
        self._store(name, written(self.network, name, value))

    def _store(self, name: str, value: np.ndarray) -> None:
        part, _, variable = name.rpartition(".")
        self._state = {**self._state, name: states.stored(self.network, part, variable, value)}

    def state(self) -> dict[str, np.ndarray]:
        return {name: value.copy() for name, value in self._state.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes back to a `state()`."""
        self._state = states.restored(self.network, self._state, state)

    def _arrays(self, asked: Request, sample: int) -> dict:
        """What one presentation gets from outside."""
        imposed = {part.name: np.zeros((asked.steps, part.n)) for part in self.network.inputs}
        steps = np.arange(asked.steps)
        for name, trains in asked.trains.items():
            pointer = trains.ptr[sample]
            imposed[name][np.repeat(steps, np.diff(pointer)), trains.index[pointer[0]:pointer[-1]]] = 1.0
        signals: dict[object, np.ndarray] = {name: series[sample] for name, series in asked.signals.items()}
        for projection in self.network.plastic:
            for name, lag in states.delayed_signals(self.network, projection):
                signals[name, lag] = signals[name][np.maximum(steps - lag, 0)]
        return {"imposed": imposed, "signals": signals}

    def _normalise(self) -> None:
        for projection in self.network.projections:
            if projection.normalize is not None:
                self._store(f"{projection.name}.w", normalized(projection, self.get(f"{projection.name}.w")))


def _nothing(network: Network, asked: Request) -> dict:
    """What a presentation leaves in which nothing happens."""
    sizes, steps = network.sizes, asked.steps
    return {"counts": {part.name: np.zeros(part.n, np.int64) for part in network.populations},
            "spikes": {name: np.zeros((steps, sizes[name]), bool) for name in asked.spiking},
            "values": {f"{part}.{name}": np.zeros((steps, sizes[part])) for part, name in asked.values},
            "trajectory": {}}


def _read(circuit: Circuit, network: Network, plan: Plan, after: Mapping[str, np.ndarray]) -> dict:
    """What the monitors of one presentation hold."""
    counts = {name: np.array(monitor.count) for name, monitor in circuit.counters.items()}
    spikes = {}
    for name in (what.rpartition(".")[0] for what in plan.record if what.endswith(".spikes")):
        monitor = circuit.counters[name]
        spikes[name] = np.zeros((plan.steps, network.sizes[name]), bool)
        spikes[name][np.rint(np.asarray(monitor.t) / network.dt).astype(int), np.asarray(monitor.i)] = True
    values = {name: np.array(monitor.variables[name.rpartition(".")[2]].get_value())
              for name, monitor in circuit.monitors.items()}
    weights = {name: _trajectory(network, name, monitor, plan, after) for name, monitor in circuit.weights.items()}
    return {"counts": counts, "spikes": spikes, "values": values, "trajectory": weights}


def _trajectory(network: Network, name: str, monitor, plan: Plan, after: Mapping[str, np.ndarray]) -> np.ndarray:
    """Weights after every so many steps; the monitor saw them at the start of the step that follows."""
    rows = list(np.array(monitor.variables["r_w"].get_value())[1:])
    if plan.steps % plan.weights_every == 0:
        rows.append(after[f"{name}.w"])
    shape = states.shape_of_part(network, name)
    return np.array([states.presented(network, name, "w", row) for row in rows]).reshape(-1, *shape)


def _joined(network: Network, asked: Request, presentations: list[dict]) -> Recording:
    nobody = {kind: {name: rows[None][:0] for name, rows in values.items()}
              for kind, values in _nothing(network, asked).items()}
    stacked = {kind: {name: np.stack([each[kind][name] for each in presentations]) for name in presentations[0][kind]}
               for kind in nobody} if presentations else nobody
    return Recording(
        counts={name: rows.astype(np.int64) for name, rows in stacked["counts"].items()},
        spikes={name: Spikes.from_dense(rows, name) for name, rows in stacked["spikes"].items()},
        values=stacked["values"],
        trajectory={name: np.concatenate(rows) for name, rows in stacked["trajectory"].items() if rows.size})
