"""A network running on its generated program."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import numpy as np

from plasticity.encoding.spikes import Spikes, as_spikes
from plasticity.engines import Recording, restored
from plasticity.engines.event import cache
from plasticity.engines.event.program import write
from plasticity.engines.event.writer import Array
from plasticity.engines.finite import watched
from plasticity.errors import PlasticityError, choice, unknown
from plasticity.network.network import Network, normalized


class EventSimulation:
    """`plasticity.engines.Simulation` by one compiled function that runs a block of samples per call."""

    def __init__(self, network: Network, dtype: str, batch: int, reduce: str, seed: int):
        self.network, self.batch, self.reduce, self.seed = network, batch, reduce, seed
        self.dtype = np.dtype(choice("dtype", dtype, ("float64", "float32")))
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
                settled = np.allclose(np.abs(w).sum(0), projection.normalize, rtol=1e-6)
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
            return np.ascontiguousarray(array.values, self._type(array))
        shape = (self.batch, *array.shape) if array.per_sample else array.shape
        out = np.zeros(shape, self._type(array))
        if array.start is not None:
            out[...] = self._fill(array, array.start)
        return out

    @watched(0.04)
    def run(self, spikes: Mapping[str, Spikes | np.ndarray] | None = None, steps: int | None = None, *,
            signals: Mapping[str, np.ndarray] | None = None, learn: bool = True, reset: bool = True,
            record: Sequence[str] = (), weights_every: int | None = None) -> Recording:
        """See `plasticity.engines.Simulation.run`."""
        arrays, samples, steps = self._inputs(spikes or {}, steps, signals or {})
        watched = _watched(self.network, record)
        counts = {part.name: np.zeros((samples, part.n), np.int32) for part in self.network.populations}
        trains = {name: np.zeros((samples, steps, n) if f"{name}.spikes" in watched else (0, 1, 1), np.uint8)
                  for name, n in self.network.sizes.items() if name in counts}
        for name, count in counts.items():
            self._arrays[f"{self._program.parts.sources[name].prefix}_counts"] = count
            self._arrays[f"{self._program.parts.sources[name].prefix}_trains"] = trains[name]
        self._arrays.update(arrays)
        variables = [name for name in watched if not name.endswith(".spikes")]
        records = _Records(self, variables, samples, steps, weights_every)
        stream = self.batch == 1 and not records.stops
        idle = self._now - self._tick  # steps that learned nothing so far: what they drew, learning draws again
        for first in (0,) if stream else range(0, samples, self.batch):
            here, last = min(self.batch, samples - first), samples if stream else first + 1
            for t_start, t_stop in records.pieces(steps):
                self._call(here, first, last, steps, t_start, t_stop, idle, learn, reset)
                records.take(first, here, t_stop)
        spikes = {name: Spikes.from_dense(train) for name, train in trains.items() if f"{name}.spikes" in watched}
        return Recording(counts, spikes, records.values, records.trajectory())

    def _call(self, here: int, first: int, last: int, steps: int, t_start: int, t_stop: int, idle: int,
              learn: bool, reset: bool) -> None:
        """Samples first to last one after the other, or `here` samples side by side, from step t_start to t_stop."""
        arrays = [self._arrays[array.name] for array in self._program.arrays]
        reduction = self.dtype.type(1.0 if self.reduce == "sum" else 1.0 / here)

        def call(last: int) -> tuple[int, int, int]:
            return self._function(here, first, last, steps, t_start, t_stop, self._now, self._age, self._tick,
                                  idle, self.seed, learn, reset, reduction, self._constants, *arrays, *self._starts)

        if not self._compiled:
            begun = time.perf_counter()
            call(first)  # no sample at all: compiles, or loads what was compiled before
            self._compiled, self.compile_seconds = True, time.perf_counter() - begun
        self._now, self._age, self._tick = call(last)

    def _inputs(self, spikes, steps, signals) -> tuple[dict[str, np.ndarray], int, int]:
        for name in spikes:
            if name not in [part.name for part in self.network.inputs]:
                raise unknown("input", name, [part.name for part in self.network.inputs])
        events = {part.name: as_spikes(spikes[part.name], part.name, part.n)
                  for part in self.network.inputs if part.name in spikes}
        shapes = {(train.samples, train.steps) for train in events.values()}
        values = {signal.name: _signal(signal, signals) for signal in self.network.signals}
        shapes |= {series.shape[:2] for series in values.values()}
        if len(shapes) > 1:
            raise PlasticityError(f"inputs and signals differ in samples and steps: {sorted(shapes)}")
        samples, steps = shapes.pop() if shapes else (1, steps)
        if steps is None:
            raise PlasticityError("steps is needed when no spikes are given")
        arrays = {}
        for part in self.network.inputs:
            silence = Spikes(np.zeros((samples, steps + 1), np.int64), np.zeros(0, np.int32), part.n)
            train = events.get(part.name, silence)
            prefix = self._program.parts.sources[part.name].prefix
            arrays[f"{prefix}_ptr"] = np.ascontiguousarray(train.ptr, np.int64)
            arrays[f"{prefix}_index"] = np.ascontiguousarray(train.index, np.int32)
        for name, series in values.items():
            arrays[self._program.parts.signals[name]] = np.ascontiguousarray(series, self.dtype)
        return arrays, samples, steps

    def get(self, name: str) -> np.ndarray:
        """A copy of a state by "part.variable"."""
        part, _, variable = name.rpartition(".")
        if part in self._program.parts.groups and variable in self._program.parts.groups[part].neuron.variables:
            group = self._program.parts.groups[part]
            return self._squeezed(f"{group.prefix}_{variable}")
        synapses = self._program.parts.synapses.get(part)
        if synapses is None:
            raise unknown("state", name, self.names())
        if variable == "w":
            return synapses.unpack(self._arrays[f"{synapses.prefix}_w"]).astype(float)
        rule = synapses.projection.rule
        if rule is None or variable not in rule.variables:
            raise unknown("state", name, self.names())
        return self._trace(part, variable)

    def extremes(self, name: str) -> tuple[float, float]:
        """The least and the largest number of weights or a neuron's variable, NaN if one is; nothing is copied."""
        part, _, variable = name.rpartition(".")
        parts = {**self._program.parts.groups, **self._program.parts.synapses}
        values = self._arrays[f"{parts[part].prefix}_{variable}"]
        return values.min(initial=0.0), values.max(initial=0.0)

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
        delay = synapses.axonal if side == "pre" else synapses.dendritic
        delay = np.broadcast_to(delay, synapses.shape)[:, 0] if side == "pre" else \
            np.broadcast_to(delay, synapses.shape)[0]
        ring = self._arrays[f"{synapses.prefix}_{variable}_after"]
        return ring[:, (self._tick - 1 - delay) % ring.shape[1], np.arange(delay.size)].astype(float)

    def _squeezed(self, array: str) -> np.ndarray:
        values = self._arrays[array].astype(float)
        per_sample = next(declared.per_sample for declared in self._program.arrays if declared.name == array)
        return values[0] if per_sample and self.batch == 1 else values

    def names(self) -> list[str]:
        """All states `get` answers."""
        neurons = [f"{name}.{v}" for name, group in self._program.parts.groups.items() for v in group.neuron.variables]
        rules = [f"{p.name}.{v}" for p in self.network.plastic for v in p.rule.variables]
        return neurons + [f"{p.name}.w" for p in self.network.projections] + rules

    def set(self, name: str, value: np.ndarray) -> None:
        """Overwrites weights ([n_pre, n_post]) or a neuron's variable ([n])."""
        part, _, variable = name.rpartition(".")
        synapses = self._program.parts.synapses.get(part)
        if synapses is not None and variable == "w":
            if np.shape(value) != synapses.weight_shape:
                raise PlasticityError(f"{name} must have shape {synapses.weight_shape}, got {np.shape(value)}")
            if synapses.packed:
                raise PlasticityError(f"{name} is {synapses.packed}: its weights are fixed when built")
            self._arrays[f"{synapses.prefix}_w"][...] = synapses.pack(np.asarray(value, float))
        elif part in self._program.parts.groups and variable in self._program.parts.groups[part].neuron.variables:
            self._arrays[f"{self._program.parts.groups[part].prefix}_{variable}"][...] = value
        else:
            raise unknown("state", name, self.names())

    def state(self) -> dict[str, np.ndarray]:
        """Everything the next presentation depends on."""
        fixed = {array.name for array in self._program.arrays if array.values is not None and
                 not array.name.endswith("_w")}
        inputs = {f"{source.prefix}_{kind}" for source in self._program.parts.sources.values()
                  for kind in ("ptr", "index", "counts", "trains")} | set(self._program.parts.signals.values())
        kept = {name: values.copy() for name, values in self._arrays.items() if name not in fixed | inputs}
        return {**kept, "clock": np.array([self._now, self._age, self._tick], np.int64)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes back to a `state()`."""
        expected = self.state()
        wrong = [name for name in expected if name not in state or state[name].shape != expected[name].shape]
        if wrong or set(state) - set(expected):
            raise PlasticityError(f"this state belongs to another network or engine (it differs in "
                                  f"{', '.join(wrong or sorted(set(state) - set(expected)))})")
        for name, values in state.items():
            if name != "clock":
                self._arrays[name][...] = values
        self._now, self._age, self._tick = (int(value) for value in state["clock"])


class _Records:
    """Collects what a run was asked to record between the pieces in which it runs."""

    def __init__(self, simulation: EventSimulation, variables: Sequence[str], samples: int, steps: int,
                 weights_every: int | None):
        self.simulation, self.weights_every = simulation, weights_every
        sizes = simulation.network.sizes
        self.values = {name: np.zeros((samples, steps, sizes[name.partition(".")[0]])) for name in variables}
        self.stops = bool(variables or weights_every)
        self._weights: dict[str, list[np.ndarray]] = {p.name: [] for p in simulation.network.plastic}

    def pieces(self, steps: int) -> list[tuple[int, int]]:
        width = 1 if self.values else (self.weights_every or max(steps, 1))
        return [(t, min(t + width, steps)) for t in range(0, steps, width)] or [(0, 0)]

    def take(self, first: int, here: int, t_stop: int) -> None:
        for name, out in self.values.items():
            out[first : first + here, t_stop - 1] = np.atleast_2d(self.simulation.get(name))[:here]
        if self.weights_every and t_stop % self.weights_every == 0:
            for name, weights in self._weights.items():
                weights.append(self.simulation.get(f"{name}.w"))

    def trajectory(self) -> dict[str, np.ndarray]:
        return {name: np.array(weights) for name, weights in self._weights.items() if weights}


def _signal(signal, signals: Mapping[str, np.ndarray]) -> np.ndarray:
    if signal.name not in signals:
        raise PlasticityError(f"the network has a signal {signal.name!r}: pass signals={{{signal.name!r}: array}} with "
                              f"shape [samples, steps{', n' if signal.n else ''}]")
    values = np.asarray(signals[signal.name], float)
    if values.ndim != (3 if signal.n else 2) or (signal.n and values.shape[2] != signal.n):
        raise PlasticityError(f"signal {signal.name!r} must have shape [samples, steps"
                              f"{f', {signal.n}' if signal.n else ''}], got {values.shape}")
    if not np.isfinite(values).all():
        raise PlasticityError(f"signal {signal.name!r} holds NaN or infinity")
    return values


def _watched(network: Network, record: Sequence[str]) -> list[str]:
    known = [f"{p.name}.{v}" for p in network.populations for v in (*p.neuron.variables, "spikes")]
    for name in record:
        if name not in known:
            raise unknown("recorded variable", name, known)
    return list(record)
