"""A network running on its generated program."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.engines import Recording, restored, states
from plasticity.engines.event import cache
from plasticity.engines.event.kept import kept, require_state
from plasticity.engines.event.program import write
from plasticity.engines.event.writer import Array
from plasticity.engines.finite import watched
from plasticity.engines.request import Request, request
from plasticity.language import expressions
from plasticity.network.network import Network, normalized


class EventSimulation:
    """`plasticity.engines.Simulation` by one compiled function that runs a block of samples per call."""

    def __init__(self, network: Network, dtype: str, batch: int, reduce: str, seed: int):
        self.network, self.batch, self.reduce, self.seed = network, batch, reduce, seed
        self.dtype = np.dtype(dtype)
        self._program = write(network, batched=batch > 1)
        self._function = cache.load(self._program.source).run
        self._constants = np.array(self._program.constants, self.dtype)
        self._arrays = {array.name: self._allocate(array) for array in self._program.arrays}
        self._starts = [self._fill(array, array.start) for array in self._program.arrays if array.start is not None]
        self._now = self._age = self._tick = 0  # steps: in all, since the last reset, with learning on
        self._compiled, self.compile_seconds = False, 0.0
        for projection in network.projections:
            if projection.normalize is not None:
                w = normalized(projection, self.get(f"{projection.name}.w"))
                self.set(f"{projection.name}.w", w)
                sums = projection.kind.sums(projection, np.abs(w))
                settled = np.allclose(sums, projection.normalize, rtol=1e-6)
                self._arrays[f"{self._program.parts.synapses[projection.name].prefix}_short"][0] = not settled

    def __reduce__(self):
        options = {"dtype": self.dtype.name, "batch": self.batch, "reduce": self.reduce, "seed": self.seed}
        return restored, (self.network, "event", options, self.state())

    def _type(self, array: Array) -> np.dtype:
        return self.dtype if array.kind == "float" else np.dtype(array.kind)

    def _fill(self, array: Array, values) -> np.ndarray:
        return np.ascontiguousarray(np.broadcast_to(np.asarray(values), array.shape), self._type(array))

    def _allocate(self, array: Array) -> np.ndarray:
        if array.values is not None:
            values = np.ascontiguousarray(array.values, self._type(array))
            return values if values.flags.writeable else values.copy()  # those that belong to a projection
        shape = (self.batch, *array.shape) if array.per_sample else array.shape
        out = np.zeros(shape, self._type(array))
        if array.start is not None:
            out[...] = self._fill(array, array.start)
        return out

    def run(self, spikes: Mapping[str, Spikes | np.ndarray] | None = None, steps: int | None = None, *,
            signals: Mapping[str, np.ndarray] | None = None, learn: bool = True, reset: bool = True,
            record: Sequence[str] = (), weights_every: int | None = None) -> Recording:
        """See `plasticity.engines.Simulation.run`."""
        return self.answer(request(self.network, spikes, steps, signals, learn, reset, record, weights_every))

    @watched(0.04)
    def answer(self, asked: Request) -> Recording:
        """What a request asks for."""
        counts, trains = self._prepared(asked)
        records = _Records(self, asked)
        stream = self.batch == 1 and not records.stops
        idle = self._now - self._tick  # steps that learned nothing so far: what they drew, learning draws again
        for first in range(0, asked.samples, asked.samples if stream else self.batch):
            here, last = min(self.batch, asked.samples - first), asked.samples if stream else first + 1
            for t_start, t_stop in records.pieces():
                self._call(here, first, last, asked, t_start, t_stop, idle)
                records.take(first, here, t_stop)
        return Recording({name: count.astype(np.int64) for name, count in counts.items()},
                         {name: Spikes.from_dense(trains[name]) for name in asked.spiking}, records.values,
                         records.trajectory())

    def _call(self, here: int, first: int, last: int, asked: Request, t_start: int, t_stop: int, idle: int) -> None:
        """Samples first to last one after the other, or `here` samples side by side, from step t_start to t_stop."""
        arrays = [self._arrays[array.name] for array in self._program.arrays]
        reduction = self.dtype.type(1.0 if self.reduce == "sum" else 1.0 / here)

        def call(last: int) -> tuple[int, int, int]:
            return self._function(here, first, last, asked.steps, t_start, t_stop, self._now, self._age, self._tick,
                                  idle, self.seed, asked.learn, asked.reset, reduction, self._constants, *arrays,
                                  *self._starts)

        if not self._compiled:
            begun = time.perf_counter()
            call(first)  # no sample at all: compiles, or loads what was compiled before
            self._compiled, self.compile_seconds = True, time.perf_counter() - begun
        self._now, self._age, self._tick = call(last)

    def _prepared(self, asked: Request) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Puts what a run is given, and what it fills, among the arrays; answers counts and trains by population."""
        sources = self._program.parts.sources
        for name, train in asked.trains.items():
            self._arrays[f"{sources[name].prefix}_ptr"] = np.ascontiguousarray(train.ptr)
            self._arrays[f"{sources[name].prefix}_index"] = np.ascontiguousarray(train.index)
        for name, series in asked.signals.items():
            self._arrays[self._program.parts.signals[name]] = np.ascontiguousarray(series, self.dtype)
        counts = {part.name: np.zeros((asked.samples, part.n), np.int32) for part in self.network.populations}
        trains = {name: np.zeros((asked.samples, asked.steps, count.shape[1]) if name in asked.spiking else (0, 1, 1),
                                 np.uint8) for name, count in counts.items()}
        for name, count in counts.items():
            self._arrays[f"{sources[name].prefix}_counts"] = count
            self._arrays[f"{sources[name].prefix}_trains"] = trains[name]
        return counts, trains

    def get(self, name: str) -> np.ndarray:
        """A copy of a state by "part.variable"."""
        part, variable = states.located(self.network, name)
        if part in self._program.parts.groups:
            return self._squeezed(f"{self._program.parts.groups[part].prefix}_{variable}")
        if variable == "w":
            synapses = self._program.parts.synapses[part]
            return synapses.unpack(self._arrays[f"{synapses.prefix}_w"]).astype(float)
        return self._trace(part, variable)

    def extremes(self, name: str) -> tuple[float, float]:
        """The least and the largest number of weights or a neuron's variable, NaN if one is; nothing is copied."""
        part, _, variable = name.rpartition(".")
        parts = {**self._program.parts.groups, **self._program.parts.synapses}
        values = self._arrays[f"{parts[part].prefix}_{variable}"]
        return values.min(initial=0.0), values.max(initial=0.0)

    def view(self, part: str, name: str) -> np.ndarray:
        """A variable of a population, or what its equations compute of them, [batch, n]."""
        neuron = self._program.parts.groups[part].neuron
        if name in neuron.variables:
            return np.atleast_2d(self.get(f"{part}.{name}"))
        variables = {each: self.get(f"{part}.{each}") for each in neuron.variables}
        value = expressions.evaluate(neuron.inlined(neuron.subexpressions[name]),
                                     {**neuron.constants, "dt": self.network.dt, **variables})
        return np.broadcast_to(value, (self.batch, self.network.sizes[part]))

    def _trace(self, part: str, variable: str) -> np.ndarray:
        synapses, plastic = self._program.parts.synapses[part], self._program.parts.plastic[part]
        values = self._arrays[f"{synapses.prefix}_{variable}"].astype(float)
        if variable in plastic.rule.syn:
            if plastic.scale(variable):
                scale = self._arrays[f"{synapses.prefix}_{variable}_scale"].astype(float)
                values = values * scale.reshape(-1, *[1] * (values.ndim - 1))
            values = synapses.states(values)
        elif plastic.mixed and variable in plastic.spiking:
            values = self._as_first_synapse_sees(synapses, plastic.spiking[variable], variable)
        elif plastic.lazy(variable):
            age = self._tick - 1 - self._arrays[f"{synapses.prefix}_{variable}_t"]
            values = values * np.exp(-age * self.network.dt / plastic.rule.variables[variable].tau)
        return values[0] if self.batch == 1 else values

    def _as_first_synapse_sees(self, synapses, side: str, variable: str) -> np.ndarray:
        """Where delays differ, a neuron's trace is answered as the first synapse of its row or column sees it."""
        delays = synapses.list.delays(synapses.axonal if side == "pre" else synapses.dendritic)
        own, other = (synapses.list.pre, synapses.list.post)[::1 if side == "pre" else -1]
        by = np.lexsort((other, own))
        neuron, first = np.unique(own[by], return_index=True)
        delay = np.zeros(synapses.shape[side == "post"], np.int64)
        delay[neuron] = delays[by][first]
        ring = self._arrays[f"{synapses.prefix}_{variable}_after"]
        return ring[:, (self._tick - 1 - delay) % ring.shape[1], np.arange(delay.size)].astype(float)

    def _squeezed(self, array: str) -> np.ndarray:
        values = self._arrays[array].astype(float)
        per_sample = next(declared.per_sample for declared in self._program.arrays if declared.name == array)
        return values[0] if per_sample and self.batch == 1 else values

    def names(self) -> list[str]:
        """All states `get` answers."""
        return states.names(self.network)

    def set(self, name: str, value: np.ndarray) -> None:
        """See `plasticity.engines.Simulation.set`."""
        value, (part, variable) = states.written(self.network, name, value, self.batch), name.rsplit(".", 1)
        if part in self._program.parts.groups:
            self._arrays[f"{self._program.parts.groups[part].prefix}_{variable}"][...] = value
            return
        synapses = self._program.parts.synapses[part]
        self._arrays[f"{synapses.prefix}_w"][...] = synapses.pack(value)
        if synapses.projection.normalize is not None:
            self._arrays[f"{synapses.prefix}_short"][0] = 1  # every column may be off its sum now

    def state(self) -> dict[str, np.ndarray]:
        """Everything the next presentation depends on."""
        return {**{array.name: self._arrays[array.name].copy() for array in kept(self._program)},
                "clock": np.array([self._now, self._age, self._tick], np.int64)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes back to a `state()`."""
        state = states.alike(self.state(), state)
        require_state(self._program, state)
        self._now, self._age, self._tick = (int(value) for value in state.pop("clock"))
        for name, values in state.items():
            self._arrays[name][...] = values


class _Records:
    """Collects what a run was asked to record between the pieces in which it runs."""

    def __init__(self, simulation: EventSimulation, asked: Request):
        self.simulation, self.asked = simulation, asked
        sizes = simulation.network.sizes
        self.values = {f"{part}.{name}": np.zeros((asked.samples, asked.steps, sizes[part]))
                       for part, name in asked.values}
        self.stops = bool(self.values or asked.weights_every)
        self._weights: dict[str, list[np.ndarray]] = {p.name: [] for p in simulation.network.plastic}

    def pieces(self) -> list[tuple[int, int]]:
        steps = self.asked.steps
        width = 1 if self.values else (self.asked.weights_every or max(steps, 1))
        return [(t, min(t + width, steps)) for t in range(0, steps, width)] or [(0, 0)]

    def take(self, first: int, here: int, t_stop: int) -> None:
        if not t_stop:  # a presentation without steps
            return
        for part, name in self.asked.values:
            self.values[f"{part}.{name}"][first : first + here, t_stop - 1] = self.simulation.view(part, name)[:here]
        if self.asked.weights_every and t_stop % self.asked.weights_every == 0:
            for name, weights in self._weights.items():
                weights.append(self.simulation.get(f"{name}.w"))

    def trajectory(self) -> dict[str, np.ndarray]:
        return {name: np.array(weights) for name, weights in self._weights.items() if weights}
