"""A network running on its generated program."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from plasticity._utils import generated
from plasticity._utils.arrays import aligned
from plasticity.encoding.spikes import Spikes
from plasticity.engines import Recording, restored, states
from plasticity.engines.event.kept import kept, require_state
from plasticity.engines.event.program import write
from plasticity.engines.event.recorder import Piece, Recorder
from plasticity.engines.event.writer import Array
from plasticity.engines.finite import watched
from plasticity.engines.record import Channel, Record
from plasticity.engines.request import Request, request
from plasticity.language import expressions
from plasticity.network.network import Network, normalized


class EventSimulation:
    """`plasticity.engines.Simulation` by one compiled function that runs a block of samples per call."""

    def __init__(self, network: Network, dtype: str, batch: int, reduce: str, seed: int):
        self.network, self.batch, self.reduce, self.seed = network, batch, reduce, seed
        self.dtype = np.dtype(dtype)
        self._program = write(network, batched=batch > 1)
        self._function = generated.load(self._program.source).run
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
        if array.values is not None and array.kind != "float":  # lists of synapses: large, and nothing to compute with
            values = np.ascontiguousarray(array.values, self._type(array))
            return values if values.flags.writeable else values.copy()  # those that belong to a projection
        shape = (self.batch, *array.shape) if array.per_sample else array.shape
        out = aligned(array.shape if array.values is not None else shape, self._type(array))
        if array.values is not None:
            out[...] = array.values
        if array.start is not None:
            out[...] = self._fill(array, array.start)
        return out

    def run(self, spikes: Mapping[str, Spikes | np.ndarray] | None = None, steps: int | None = None, *,
            signals: Mapping[str, np.ndarray] | None = None, learn: bool = True, reset: bool = True,
            record: Sequence[str | Record] = (), weights_every: int | None = None) -> Recording:
        """See `plasticity.engines.Simulation.run`."""
        return self.answer(request(self.network, spikes, steps, signals, learn, reset, record, weights_every))

    @watched(0.04)
    def answer(self, asked: Request) -> Recording:
        """What a request asks for."""
        recorder, counts = Recorder(self, asked), self._prepared(asked)
        idle = self._now - self._tick  # steps that learned nothing so far: what they drew, learning draws again
        arrays = (*(self._arrays[array.name] for array in self._program.arrays), *self._starts)
        for piece in recorder.pieces():
            self._call(piece, asked, idle, arrays)
            recorder.take(piece)
        return recorder.recording(counts)

    def _call(self, piece: Piece, asked: Request, idle: int, arrays: Sequence[np.ndarray]) -> None:
        reduction = self.dtype.type(1.0 if self.reduce == "sum" else 1.0 / piece.side)

        def call(last: int) -> tuple[int, int, int]:
            return self._function(piece.side, piece.first, last, asked.steps, piece.start, piece.stop, self._now,
                                  self._age, self._tick, idle, self.seed, asked.learn, asked.reset, reduction,
                                  self._constants, *arrays)

        if not self._compiled:
            begun = time.perf_counter()
            call(piece.first)  # no sample at all: compiles, or loads what was compiled before
            self._compiled, self.compile_seconds = True, time.perf_counter() - begun
        self._now, self._age, self._tick = call(piece.last)

    def _prepared(self, asked: Request) -> dict[str, np.ndarray]:
        """Puts what a run is given, and what it fills, among the arrays; answers counts by population."""
        sources = self._program.parts.sources
        for name, train in asked.trains.items():
            self._arrays[f"{sources[name].prefix}_ptr"] = np.ascontiguousarray(train.ptr)
            self._arrays[f"{sources[name].prefix}_index"] = np.ascontiguousarray(train.index)
        for name, series in asked.signals.items():
            self._arrays[self._program.parts.signals[name]] = np.ascontiguousarray(series, self.dtype)
        counts = {part.name: np.zeros((asked.samples, part.n), np.int32) for part in self.network.populations}
        for name, count in counts.items():
            self._arrays[f"{sources[name].prefix}_counts"] = count
        return counts

    def keep_events(self, name: str, buffer: np.ndarray) -> None:
        """Where the next calls write down the spikes of a population (see `Source.fired`); without room they do not."""
        self._arrays[f"{self._program.parts.sources[name].prefix}_events"] = buffer

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

    def viewer(self, channel: Channel) -> Callable[[], np.ndarray]:
        """What answers, when it is called, what a channel records then, [batch or 1, ...]."""
        if channel.part in self._program.parts.groups:
            return self._neurons(channel)
        if channel.variable == "w":
            return self._weights(channel)
        several = slice(None) if self.batch > 1 else None
        return lambda: channel.chosen(self._trace(channel.part, channel.variable)[several])

    def _neurons(self, channel: Channel) -> Callable[[], np.ndarray]:
        """A variable of a population, or what its equations compute of them."""
        group = self._program.parts.groups[channel.part]
        neuron, name = group.neuron, channel.variable
        chosen = slice(None) if channel.index is None else [*channel.index]
        arrays = {each: self._arrays[f"{group.prefix}_{each}"] for each in neuron.variables}
        arrays = {each: array if array.ndim == 2 else array[None] for each, array in arrays.items()}
        if name in neuron.variables:
            return lambda: arrays[name][:, chosen]
        expression, constants = neuron.inlined(neuron.subexpressions[name]), {**neuron.constants, "dt": self.network.dt}
        return lambda: np.broadcast_to(expressions.evaluate(expression, constants | {
            each: array[:, chosen].astype(float) for each, array in arrays.items()}), (self.batch, *channel.shape))

    def _weights(self, channel: Channel) -> Callable[[], np.ndarray]:
        """Weights of all synapses, or of those chosen, without a look at the others."""
        synapses = self._program.parts.synapses[channel.part]
        w = self._arrays[f"{synapses.prefix}_w"]
        if channel.index is None:
            return lambda: synapses.unpack(w)[None]
        number = synapses.unpack(np.arange(1.0, w.size + 1).reshape(w.shape))  # where each weight is kept
        places = number.ravel()[[*channel.index]].astype(int) - 1
        return lambda: w.ravel()[places][None]

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
