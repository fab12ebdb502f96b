"""The spikes of one step, and how they travel: delay lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from plasticity.encoding.spikes import Spikes
from plasticity.engines.torch.language import Context
from plasticity.network.projection import Projection


@dataclass(frozen=True)
class StepSpikes:
    """Spikes of one population in one step.

    dense: 0 or 1, [batch, n]. where: (sample, neuron) of every spike, by sample, if they are listed (on a CPU).
    """

    dense: torch.Tensor
    where: tuple[torch.Tensor, torch.Tensor] | None = None

    @property
    def silent(self) -> bool:
        """Whether it is known, without asking the device, that nobody spiked."""
        return self.where is not None and self.where[0].numel() == 0


def step_spikes(spiked: torch.Tensor, context: Context) -> StepSpikes:
    """Spikes of a step from a bool tensor [batch, n]."""
    if not context.lists:
        return StepSpikes(spiked.to(context.dtype))
    where = spiked.nonzero(as_tuple=True)
    dense = spiked.to(context.dtype) if where[0].numel() else torch.zeros(spiked.shape, dtype=context.dtype)
    return StepSpikes(dense, where)


def silence(batch: int, n: int, context: Context) -> StepSpikes:
    return step_spikes(torch.zeros(batch, n, dtype=torch.bool, device=context.device), context)


class Train:
    """The imposed spikes of a chunk of samples, handed out step by step."""

    def __init__(self, spikes: Spikes, context: Context):
        self.shape, self.context = (spikes.samples, spikes.n), context
        ptr, steps = spikes.ptr, spikes.steps
        per_step = np.diff(ptr, axis=1)
        sample = np.repeat(np.arange(spikes.samples), per_step.sum(1))
        step = np.repeat(np.tile(np.arange(steps), spikes.samples), per_step.ravel())
        chosen = [spikes.index[row[0]: row[-1]] for row in ptr]
        neuron = np.concatenate(chosen).astype(np.int64) if chosen else np.zeros(0, np.int64)
        by_step = np.argsort(step.astype(np.int32), kind="stable")
        self.ends = np.concatenate(([0], np.cumsum(per_step.sum(0)))).tolist()
        self.sample, self.neuron = (torch.from_numpy(values[by_step]).to(context.device) for values in (sample, neuron))
        self.flat = self.sample * spikes.n + self.neuron

    def at(self, t: int) -> StepSpikes:
        part = slice(self.ends[t], self.ends[t + 1])
        dense = torch.zeros(self.shape, dtype=self.context.dtype, device=self.context.device)
        dense.view(-1).index_fill_(0, self.flat[part], 1.0)
        return StepSpikes(dense, (self.sample[part], self.neuron[part]) if self.context.lists else None)


class DelayLine:
    """Spikes of a step as they were `steps` pushes ago."""

    def __init__(self, steps: int, context: Context):
        self.steps, self.context = steps, context
        self.past: list[StepSpikes] = []

    def start(self, batch: int, n: int) -> None:
        self.past = [silence(batch, n, self.context)] * self.steps

    def push(self, now: StepSpikes) -> StepSpikes:
        if not self.steps:
            return now
        self.past.append(now)
        return self.past.pop(0)

    def rows(self) -> torch.Tensor | None:
        """What is under way, [batch, steps, n]; None without a delay."""
        return torch.stack([spikes.dense != 0 for spikes in self.past], 1) if self.steps else None

    def set_rows(self, rows: torch.Tensor) -> None:
        self.past = [step_spikes(step.to(torch.bool), self.context) for step in rows.unbind(1)]


class ValueDelayLine:
    """A value as it was `steps` pushes ago; before that, the first one."""

    def __init__(self, steps: int, context: Context):
        self.steps, self.context = steps, context
        self.past: list[torch.Tensor] = []

    def start(self) -> None:
        self.past = []

    def push(self, now: torch.Tensor) -> torch.Tensor:
        if not self.past:
            self.past = [now] * self.steps
        self.past.append(now)
        return self.past.pop(0)

    def rows(self, batch: int) -> torch.Tensor:
        return torch.stack(self.past, 1) if self.past else self.context.tensor(np.zeros((batch, 0, 1)))

    def set_rows(self, rows: torch.Tensor) -> None:
        self.past = list(rows.unbind(1))


class DelayLinePerSynapse:
    """Spikes as they reach each synapse after its own delay: bool [batch, pre, post], of listed synapses [batch, 1, n].

    steps: int [pre, post] or [1, n]. neuron: whose spikes each synapse hears, likewise or so that it can be broadcast.
    """

    def __init__(self, steps: np.ndarray, neuron: np.ndarray, context: Context):
        self.length, self.device = int(steps.max(initial=0)) + 1, context.device
        self.steps, self.neuron = (torch.as_tensor(np.array(each, np.int64), device=context.device)
                                   for each in (steps, neuron))

    def start(self, batch: int, n: int) -> None:
        self.ring = torch.zeros(self.length, batch, n, dtype=torch.bool, device=self.device)
        self.head = 0

    def push(self, now: StepSpikes) -> torch.Tensor:
        self.head = (self.head + 1) % self.length
        self.ring[self.head] = now.dense != 0
        return self.ring[(self.head - self.steps) % self.length, :, self.neuron].permute(2, 0, 1)

    def rows(self) -> torch.Tensor:
        """The ring, oldest first: [batch, length, n]."""
        return torch.roll(self.ring, self.length - 1 - self.head, 0).transpose(0, 1)

    def set_rows(self, rows: torch.Tensor) -> None:
        self.ring, self.head = rows.transpose(0, 1).to(torch.bool).clone(), self.length - 1


def delay_line(projection: Projection, side: str, context: Context) -> DelayLine | DelayLinePerSynapse:
    """What delays the spikes of one side of a projection."""
    steps = in_steps(getattr(projection, {"pre": "axonal_delay", "post": "dendritic_delay"}[side]), context.dt)
    same = steps.size == 0 or steps.min() == steps.max()
    if projection.pairs is not None and (projection.rule is not None or not same):
        neuron = getattr(projection.pairs, side)[None]
        return DelayLinePerSynapse(np.broadcast_to(steps, neuron.shape), neuron, context)
    if same:
        return DelayLine(int(steps.max(initial=0)), context)
    rows, columns = (np.arange(size) for size in steps.shape)
    return DelayLinePerSynapse(steps, rows[:, None] if side == "pre" else columns[None, :], context)


def in_steps(delay: float | np.ndarray, dt: float) -> np.ndarray:
    return np.rint(np.asarray(delay, float) / dt).astype(np.int64)
