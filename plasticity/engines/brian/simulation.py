"""The simulation protocol on Brian2: state lives here as arrays, Brian2 runs one presentation at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.engines import Recording
from plasticity.engines.brian import state as states
from plasticity.engines.brian.circuit import Circuit, Plan
from plasticity.engines.brian.monitors import events, read
from plasticity.engines.finite import watched
from plasticity.engines.record import Channel, Record
from plasticity.engines.recording import kept, recording
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
            record: Sequence[str | Record] = (), weights_every: int | None = None) -> Recording:
        """Presents samples one after the other; see `plasticity.engines.Simulation.run`."""
        return self.answer(request(self.network, spikes, steps, signals, learn, reset, record, weights_every))

    @watched(0.0)
    def answer(self, asked: Request) -> Recording:
        """What a request asks for."""
        if not asked.reset and not self._runner.carries_over:
            raise PlasticityError("reset=False needs engine='brian2': a compiled program starts each presentation anew")
        plan = Plan(asked.steps, asked.learn, frozenset(each.part for each in asked.spiking),
                    frozenset((*asked.valued, *asked.weights)))
        return _joined(self.network, asked, [self._present(plan, asked, sample) for sample in range(asked.samples)])

    def _present(self, plan: Plan, asked: Request, sample: int) -> _Presented:
        """One presentation; what its monitors hold."""
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


@dataclass(frozen=True)
class _Presented:
    """What a presentation leaves: counts and events (step, neuron) by population, and values by channel."""

    counts: Mapping[str, np.ndarray]
    events: Mapping[str, tuple[np.ndarray, np.ndarray]]
    values: Mapping[Channel, np.ndarray]


def _nothing(network: Network, asked: Request) -> _Presented:
    """What a presentation leaves in which nothing happens."""
    nobody = np.zeros(0, np.int64)
    return _Presented({part.name: np.zeros(part.n, np.int64) for part in network.populations},
                      {each.part: (nobody, nobody) for each in asked.spiking},
                      {each: np.zeros((len(each.steps), *each.shape)) for each in (*asked.valued, *asked.weights)})


def _read(circuit: Circuit, network: Network, plan: Plan, after: Mapping[str, np.ndarray]) -> _Presented:
    """What the monitors of one presentation hold."""
    return _Presented({name: np.array(monitor.count) for name, monitor in circuit.counters.items()},
                      {name: events(circuit.counters[name], network.dt) for name in plan.spiking},
                      {channel: read(channel, watched, plan.steps, after)
                       for channel, watched in circuit.monitored.items()})


def _joined(network: Network, asked: Request, presented: Sequence[_Presented]) -> Recording:
    counts = {part.name: np.array([each.counts[part.name] for each in presented]).reshape(-1, part.n)
              for part in network.populations}
    spikes = {channel.part: kept(channel, network.sizes[channel.part], asked.samples, asked.steps,
                                 _events([each.events[channel.part] for each in presented]))
              for channel in asked.spiking}
    values = {channel.name: np.array([each.values[channel] for each in presented]).reshape(
        asked.samples, len(channel.steps), *channel.shape) for channel in asked.valued}
    weights = {channel.part: np.array([each.values[channel] for each in presented]).reshape(-1, *channel.shape)
               for channel in asked.weights if presented and channel.steps}
    return recording(asked, network.dt, counts, spikes, values, weights)


def _events(presented: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(sample, step, neuron) of events (step, neuron) of several presentations."""
    sample = np.repeat(np.arange(len(presented)), [len(step) for step, _ in presented])
    step, neuron = (np.concatenate([np.zeros(0, np.int64), *parts]) for parts in
                    (zip(*presented, strict=True) if presented else ((), ())))
    return sample, step, neuron
