"""Collects what a run is asked to record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch

from plasticity.encoding.spikes import Spikes
from plasticity.engines import Recording
from plasticity.engines.request import Request
from plasticity.engines.torch.step_spikes import StepSpikes


class Recorder:
    """Counts always; spikes, values and weights as asked: `begin`, `take` per step, `end`, for every chunk."""

    def __init__(self, simulation, asked: Request):
        self.simulation, self.steps, self.weights_every = simulation, asked.steps, asked.weights_every
        sizes = {part.name: part.n for part in simulation.network.populations}
        self.counts = {name: np.zeros((asked.samples, n), np.int64) for name, n in sizes.items()}
        self.watched = [tuple(name.rsplit(".", 1)) for name in asked.record]
        self.values = {f"{part}.{name}": np.zeros((asked.samples, asked.steps, sizes[part]))
                       for part, name in asked.values}
        nobody = Spikes(np.zeros((0, asked.steps + 1), np.int64), np.zeros(0, np.int32), 0)
        self.spikes: dict[str, list[Spikes]] = {part: [replace(nobody, n=sizes[part])] for part in asked.spiking}
        self.weights: dict[str, list[np.ndarray]] = {part.name: [] for part in simulation.network.plastic}

    def begin(self, chunk: slice) -> None:
        context, size = self.simulation.context, chunk.stop - chunk.start
        self.chunk = chunk
        self.counted = {name: torch.zeros(size, counts.shape[1], dtype=context.dtype, device=context.device)
                        for name, counts in self.counts.items()}
        self.kept = {part_name: [] for part_name in self.watched}

    def take(self, t: int, fired: Mapping[str, StepSpikes]) -> None:
        """The end of step `t` of the chunk."""
        for name, counted in self.counted.items():
            if not fired[name].silent:
                counted += fired[name].dense
        for part, name in self.watched:
            self.kept[part, name].append(fired[part].dense != 0 if name == "spikes"
                                         else self.simulation._neurons[part].view(name))
        if t + 1 < self.steps:
            self._weigh(t + 1)

    def _weigh(self, steps: int) -> None:
        if self.weights_every and steps and steps % self.weights_every == 0:
            for name, weights in self.weights.items():
                weights.append(self.simulation.get(f"{name}.w"))

    def end(self) -> None:
        """The end of the chunk, with weights as they are then, after normalisation."""
        self._weigh(self.steps)
        for name, counted in self.counted.items():
            self.counts[name][self.chunk] = counted.cpu().numpy()
        for (part, name), kept in self.kept.items():
            shape = (len(self.counted[part]), 0, self.counts[part].shape[1])
            stacked = torch.stack(kept, 1).cpu().numpy() if kept else np.zeros(shape, bool)
            if name == "spikes":
                self.spikes[part].append(Spikes.from_dense(stacked))
            else:
                self.values[f"{part}.{name}"][self.chunk] = stacked

    def recording(self) -> Recording:
        return Recording(self.counts, {name: _joined(parts) for name, parts in self.spikes.items()}, self.values,
                         {name: np.array(weights) for name, weights in self.weights.items() if weights})


def _joined(parts: Sequence[Spikes]) -> Spikes:
    """Spikes of several chunks as one."""
    shifts = np.cumsum([0, *(len(part.index) for part in parts)])
    return Spikes(np.concatenate([part.ptr + shift for part, shift in zip(parts, shifts, strict=False)]),
                  np.concatenate([part.index for part in parts]), parts[0].n)
