"""Cuts a run of the event engine into calls, between which what is recorded is taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from plasticity.engines.recording import Collector, Recording, kept, recording
from plasticity.engines.request import Request

#: spikes for which a call has room; memory is touched only where some are written
ROOM = 1 << 22


@dataclass(frozen=True)
class Piece:
    """A call: samples first to last one after the other, or `side` samples from `first` on side by side, from step
    start to stop."""

    side: int
    first: int
    last: int
    start: int
    stop: int


class Recorder:
    """What a run records: spikes as the compiled loop writes them down, states as they are between two calls."""

    def __init__(self, simulation, asked: Request):
        self.simulation, self.asked = simulation, asked
        self.sizes = simulation.network.sizes
        self._collector = Collector(asked, simulation.viewer)
        widest = max((self.sizes[each.part] for each in asked.spiking), default=0) * simulation.batch
        self._most = max(ROOM // widest, 1) if widest else max(asked.steps * asked.samples, 1)  # steps in a call
        self._codes = {each.part: [] for each in asked.spiking}
        longest = min(self._most, max(asked.steps * asked.samples, 1))
        self._buffers = {part.name: np.zeros(0, np.int64) for part in simulation.network.populations}
        for name in self._codes:
            self._buffers[name] = np.empty(1 + longest * self.sizes[name] * simulation.batch, np.int64)
            self._buffers[name][0] = 0
        for name, buffer in self._buffers.items():
            simulation.keep_events(name, buffer)

    def pieces(self) -> Iterator[Piece]:
        """The calls of a run, in order."""
        samples, steps, batch = self.asked.samples, self.asked.steps, self.simulation.batch
        due = self._collector.due
        if batch == 1 and not due and steps <= self._most:
            several = self._most // max(steps, 1)
            for first in range(0, samples, several):
                yield Piece(1, first, min(first + several, samples), 0, steps)
            return
        stops = sorted({*due, *range(self._most, steps, self._most), steps})
        for first in range(0, samples, batch):
            side = min(batch, samples - first)
            for start, stop in zip([0, *stops[:-1]], stops, strict=True):
                yield Piece(side, first, first + 1, start, stop)

    def take(self, piece: Piece) -> None:
        """After a call."""
        for name, codes in self._codes.items():
            buffer = self._buffers[name]
            codes.append(buffer[1 : buffer[0] + 1].copy())
            buffer[0] = 0
        self._collector.take(slice(piece.first, piece.first + piece.side), piece.stop)

    def recording(self, counts: Mapping[str, np.ndarray]) -> Recording:
        """The answer, once all calls are done."""
        asked, spikes = self.asked, {}
        for channel in asked.spiking:
            n = self.sizes[channel.part]
            place, neuron = np.divmod(np.concatenate([np.zeros(0, np.int64), *self._codes[channel.part]]), n)
            sample, step = np.divmod(place, max(asked.steps, 1))
            spikes[channel.part] = kept(channel, n, asked.samples, asked.steps, (sample, step, neuron))
        return recording(asked, self.simulation.network.dt, counts, spikes, self._collector.values,
                         self._collector.trajectory)
