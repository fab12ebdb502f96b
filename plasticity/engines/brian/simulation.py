"""The simulation protocol on Brian2: state lives here as arrays, Brian2 runs one presentation at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from plasticity.encoding.spikes import Spikes, as_spikes
from plasticity.engines import Recording
from plasticity.engines.brian import state as states
from plasticity.engines.brian.circuit import Circuit, Plan
from plasticity.engines.finite import watched
from plasticity.errors import PlasticityError, unknown
from plasticity.network.network import Network, normalized


class BrianSimulation:
    """A network on Brian2 (see `plasticity.engines.Simulation` for the protocol)."""

    def __init__(self, network: Network, runner):
        self.network, self._runner = network, runner
        self._state = states.initial(network)
        self._normalise()

    @watched(0.0)
    def run(self, spikes: Mapping[str, Spikes | np.ndarray], steps: int | None = None, *,
            signals: Mapping[str, np.ndarray] | None = None, learn: bool = True, reset: bool = True,
            record: Sequence[str] = (), weights_every: int | None = None) -> Recording:
        """Presents samples one after the other."""
        if not reset and not self._runner.carries_over:
            raise PlasticityError("reset=False needs engine='brian2': a compiled program starts each presentation anew")
        _check_record(self.network, record)
        trains = {name: as_spikes(value, name, self._size(name)) for name, value in spikes.items()}
        samples, steps = _extent(trains, signals or {}, steps)
        series = {name: self._series(name, values, samples, steps) for name, values in (signals or {}).items()}
        plan = Plan(steps, learn, tuple(sorted(record)), weights_every)
        presentations = []
        for sample in range(samples):
            before = states.at_start(self.network, self._state) if reset else self._state
            circuit, after = self._runner.present(plan, self._arrays(trains, series, sample, steps), before, reset)
            presentations.append(_read(circuit, self.network, plan, after))
            self._state = after if learn else states.without_learning(self.network, self._state, after)
            if learn:
                self._normalise()
        return _joined(self.network, plan, presentations)

    def get(self, name: str) -> np.ndarray:
        """A copy of a state by "part.variable"."""
        part, variable = self._find(name)
        return states.presented(self.network, part, variable, self._state[name])

    def extremes(self, name: str) -> tuple[float, float]:
        """The least and the largest number of weights or a neuron's variable, NaN if one is."""
        return self._state[name].min(initial=0.0), self._state[name].max(initial=0.0)

    def set(self, name: str, value: np.ndarray) -> None:
        """Overwrites a state by "part.variable"."""
        part, variable = self._find(name)
        self._state = {**self._state, name: states.stored(self.network, part, variable, value, self._state[name])}

    def state(self) -> dict[str, np.ndarray]:
        return {name: value.copy() for name, value in self._state.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        missing = {name for name in self._state if not states.is_list(name)} - state.keys()
        if missing:
            raise PlasticityError(f"the state is of another network: it lacks {', '.join(sorted(missing))}")
        for name, value in self._state.items():
            if not states.is_list(name) and np.shape(state[name]) != value.shape:
                raise PlasticityError(f"the state is of another network: {name!r} has shape {np.shape(state[name])}, "
                                      f"expected {value.shape}")
        self._state = {name: np.array(value) for name, value in state.items()}

    def _find(self, name: str) -> tuple[str, str]:
        part, _, variable = name.rpartition(".")
        known = [key for key in self._state if states.is_public(self.network, key)]
        if name not in known:
            raise unknown("state", name, known)
        return part, variable

    def _size(self, name: str) -> int:
        inputs = {part.name: part.n for part in self.network.inputs}
        if name not in inputs:
            raise unknown("input", name, inputs)
        return inputs[name]

    def _series(self, name: str, values: np.ndarray, samples: int, steps: int) -> np.ndarray:
        signal = self.network.signal(name)
        if signal is None:
            raise unknown("signal", name, [signal.name for signal in self.network.signals])
        values, wanted = np.asarray(values, float), (samples, steps, signal.n) if signal.n else (samples, steps)
        if values.shape != wanted:
            raise PlasticityError(f"signal {name!r} must have shape {wanted} (samples, steps"
                                  f"{', n' if signal.n else ''}), got {values.shape}")
        if not np.isfinite(values).all():
            raise PlasticityError(f"signal {name!r} holds NaN or infinity")
        return values

    def _arrays(self, spikes: Mapping[str, Spikes], series: Mapping[str, np.ndarray], sample: int, steps: int) -> dict:
        """What one presentation gets from outside; what is left out is silent."""
        imposed = {part.name: np.zeros((steps, part.n)) for part in self.network.inputs}
        for name, trains in spikes.items():
            pointer = trains.ptr[sample]
            imposed[name][np.repeat(np.arange(steps), np.diff(pointer)), trains.index[pointer[0]:pointer[-1]]] = 1.0
        signals: dict[object, np.ndarray] = {}
        for signal in self.network.signals:
            silent = np.zeros((steps, signal.n) if signal.n else steps)
            signals[signal.name] = series[signal.name][sample] if signal.name in series else silent
        for projection in self.network.plastic:
            for name, lag in states.delayed_signals(self.network, projection):
                signals[name, lag] = signals[name][np.maximum(np.arange(steps) - lag, 0)]
        return {"imposed": imposed, "signals": signals}

    def _normalise(self) -> None:
        for projection in self.network.projections:
            if projection.normalize is not None:
                self.set(f"{projection.name}.w", normalized(projection, self.get(f"{projection.name}.w")))


def _check_record(network: Network, record: Sequence[str]) -> None:
    known = [f"{population.name}.{variable}" for population in network.populations
             for variable in ("spikes", *population.neuron.variables, *population.neuron.subexpressions)]
    for name in record:
        if name not in known:
            raise unknown("quantity to record", name, known)


def _extent(spikes: Mapping[str, Spikes], signals: Mapping[str, np.ndarray], steps: int | None) -> tuple[int, int]:
    """Samples and steps of a run, the same for all that is given."""
    sizes = {name: (train.samples, train.steps) for name, train in spikes.items()}
    sizes |= {name: np.shape(values)[:2] for name, values in signals.items()}
    if not sizes:
        if not steps:
            raise PlasticityError("steps is needed when neither spikes nor signals are given")
        return 1, steps
    if len(set(sizes.values())) > 1:
        raise PlasticityError(f"spikes and signals must have the same samples and steps, got {sizes}")
    samples, common = next(iter(sizes.values()))
    if steps not in (None, common):
        raise PlasticityError(f"steps={steps} does not fit the spikes, which have {common} steps")
    return samples, common


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


def _joined(network: Network, plan: Plan, presentations: list[dict]) -> Recording:
    stacked = {kind: {name: [each[kind][name] for each in presentations] for name in presentations[0][kind]}
               for kind in ("counts", "spikes", "values", "trajectory")} if presentations else {}
    counts = {name: np.stack(rows).astype(np.int64) for name, rows in stacked.get("counts", {}).items()} or {
        population.name: np.zeros((0, population.n), np.int64) for population in network.populations}
    return Recording(
        counts=counts,
        spikes={name: Spikes.from_dense(np.stack(rows), name) for name, rows in stacked.get("spikes", {}).items()},
        values={name: np.stack(rows) for name, rows in stacked.get("values", {}).items()},
        trajectory={name: np.concatenate(rows) for name, rows in stacked.get("trajectory", {}).items()})
