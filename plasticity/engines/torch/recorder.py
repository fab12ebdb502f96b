"""Collects what a run is asked to record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from plasticity.engines.record import Channel
from plasticity.engines.recording import Recording, kept, recording
from plasticity.engines.request import Request
from plasticity.engines.torch.step_spikes import StepSpikes

#: steps of which spikes stay as they were answered, dense on a device, until they become events
TOGETHER = 256


class Recorder:
    """Counts always; spikes, values and weights as asked: `begin`, `take` per step, `end`, for every chunk."""

    def __init__(self, simulation, asked: Request):
        self.simulation, self.asked = simulation, asked
        self.sizes = {part.name: part.n for part in simulation.network.populations}
        self.counts = {name: np.zeros((asked.samples, n), np.int64) for name, n in self.sizes.items()}
        self.values = {each.name: np.zeros((asked.samples, len(each.steps), *each.shape)) for each in asked.valued}
        self.events: dict[str, list[np.ndarray]] = {each.part: [] for each in asked.spiking}
        self.weights: dict[str, list[np.ndarray]] = {each.part: [] for each in asked.weights}

    def begin(self, chunk: slice) -> None:
        context, size = self.simulation.context, chunk.stop - chunk.start
        self.chunk = chunk
        self.counted = {name: torch.zeros(size, counts.shape[1], dtype=context.dtype, device=context.device)
                        for name, counts in self.counts.items()}
        self.kept: dict[Channel, list[torch.Tensor]] = {channel: [] for channel in self.asked.valued}
        self.waiting: dict[str, list[StepSpikes]] = {name: [] for name in self.events}
        self.first = 0  # the step of the first that wait

    def take(self, t: int, fired: Mapping[str, StepSpikes]) -> None:
        """The end of step `t` of the chunk."""
        for name, counted in self.counted.items():
            if not fired[name].silent:
                counted += fired[name].dense
        for name, waiting in self.waiting.items():
            waiting.append(fired[name])
        if t + 1 - self.first == TOGETHER:
            self._write_down(t + 1)
        if t + 1 < self.asked.steps:
            self._look(t)

    def end(self) -> None:
        """The end of the chunk, with weights as they are then, after normalisation."""
        self._write_down(self.asked.steps)
        self._look(self.asked.steps - 1)
        for name, counted in self.counted.items():
            self.counts[name][self.chunk] = counted.cpu().numpy()
        for channel, rows in self.kept.items():
            if rows:
                self.values[channel.name][self.chunk] = torch.stack(rows, 1).cpu().numpy()

    def _look(self, t: int) -> None:
        for channel, rows in self.kept.items():
            if t in channel.steps:
                rows.append(channel.chosen(self._now(channel)).clone())
        for channel in self.asked.weights:
            if t in channel.steps:
                self.weights[channel.part].append(self.simulation.get(channel.name))

    def _now(self, channel: Channel) -> torch.Tensor:
        """A whole state, [samples of the chunk or 1, ...]."""
        simulation, part = self.simulation, channel.part
        if part in simulation._neurons:
            return simulation._neurons[part].view(channel.variable)
        if channel.variable == "w":
            return simulation._synapses[part].matrix()[None]
        return simulation._learning[part].trace(channel.variable)

    def _write_down(self, stop: int) -> None:
        """The spikes of the steps that wait as events, rows of (sample, step, neuron)."""
        for name, waiting in self.waiting.items():
            if waiting:
                sample, step, neuron = _events(waiting)
                rows = torch.stack((sample + self.chunk.start, step + self.first, neuron))
                self.events[name].append(rows.cpu().numpy())
            waiting.clear()
        self.first = stop

    def recording(self) -> Recording:
        asked, nobody = self.asked, np.zeros((3, 0), np.int64)
        spikes = {each.part: kept(each, self.sizes[each.part], asked.samples, asked.steps,
                                  np.concatenate([nobody, *self.events[each.part]], 1)) for each in asked.spiking}
        return recording(asked, self.simulation.network.dt, self.counts, spikes, self.values,
                         {name: np.array(rows) for name, rows in self.weights.items() if rows})


def _events(steps: Sequence[StepSpikes]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(sample, step, neuron) of the spikes of several steps; a device is asked once where they are not listed."""
    if any(spikes.where is None for spikes in steps):
        return torch.stack([spikes.dense for spikes in steps], 1).nonzero(as_tuple=True)
    sample, neuron = (torch.cat(parts) for parts in zip(*(spikes.where for spikes in steps), strict=True))
    lengths = torch.tensor([len(spikes.where[0]) for spikes in steps])
    return sample, torch.repeat_interleave(torch.arange(len(steps)), lengths), neuron
