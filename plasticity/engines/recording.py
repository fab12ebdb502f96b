"""What a run answers, and what engines that hold their states as arrays collect it in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.engines import tables
from plasticity.engines.record import Channel
from plasticity.engines.request import Request
from plasticity.errors import PlasticityError, unknown


@dataclass(frozen=True)
class Recording:
    """What a run answers.

    counts: population -> spikes per sample and neuron, int [samples, n].
    spikes: population -> Spikes, for those recorded as "population.spikes"; those of neurons and steps that were not
    recorded are left out.
    values: name -> float [samples, recorded steps, neurons], of weights and states of synapses as `Simulation.get`
    answers them, [samples, recorded steps, n_pre, n_post], or of those chosen, [samples, recorded steps, pairs].
    trajectory: projection -> weights [k, n_pre, n_post], every `weights_every` steps.
    channels: name -> which steps, and which neurons or synapses, stand in what is recorded. dt: a step (s).
    """

    counts: Mapping[str, np.ndarray]
    spikes: Mapping[str, Spikes] = field(default_factory=dict)
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    trajectory: Mapping[str, np.ndarray] = field(default_factory=dict)
    channels: Mapping[str, Channel] = field(default_factory=dict)
    dt: float = 1.0

    def times(self, name: str) -> np.ndarray:
        """When the values of a name were taken (s from the start of the presentation): a value at the end of step t, as
        a spike in step t, has the time t * dt, as in Brian2. Raises PlasticityError for what is not recorded."""
        return tables.times(self.channel(name), self.dt)

    def channel(self, name: str) -> Channel:
        """Where a name was recorded. Raises PlasticityError if it was not."""
        if name not in self.channels:
            raise unknown("recorded name:", name, self.channels)
        return self.channels[name]

    def to_pandas(self, name: str | None = None):
        """A tidy pandas.DataFrame. Of spikes: sample, time (s), population, neuron. Of values: sample, time (s),
        population and neuron, or projection, pre and post (place and channel of a convolution), and the value, whose
        column is called by its variable.

        name: what was recorded; None: the spikes of all populations of which they were.
        Raises PlasticityError for what is not recorded, and where pandas is missing.
        """
        if name is not None and not self.channel(name).spikes:
            return tables.value_table(self.channel(name), self.values[name], self.dt)
        trains = {each.part: self.spikes[each.part] for each in self.channels.values()
                  if each.spikes and name in (None, each.name)}
        if not trains:
            raise PlasticityError("no spikes were recorded: record=['population.spikes'], or name what was "
                                  f"({', '.join(self.channels) or 'nothing'})")
        return tables.spike_table(trains, self.dt)

    def to_xarray(self, *names: str):
        """An xarray.Dataset of what was recorded, a variable for each name: of values [sample, time, neuron] or
        [sample, time, synapse], of spikes bool [sample, time, neuron]. Dimensions of neurons and synapses are called
        "E.neuron", "in->E.synapse"; times and neurons that one variable does not have are NaN in it (False for spikes
        alone).

        names: which (all). Raises PlasticityError for what is not recorded, and where xarray is missing.
        """
        recorded = [self.channel(name) for name in names or self.channels]
        return tables.dataset([(each, self.spikes[each.part] if each.spikes else self.values[each.name])
                               for each in recorded], self.dt)


class Collector:
    """Values and weights of a run in which samples are presented in chunks.

    viewer: a channel -> what answers, when called, what it records then, [samples side by side or 1, ...].
    """

    def __init__(self, asked: Request, viewer: Callable[[Channel], Callable[[], np.ndarray]]):
        self.asked = asked
        self._view = {channel: viewer(channel) for channel in (*asked.valued, *asked.weights)}
        self.values = {each.name: np.zeros((asked.samples, len(each.steps), *each.shape)) for each in asked.valued}
        self._weights: dict[str, list[np.ndarray]] = {each.part: [] for each in asked.weights}

    @property
    def due(self) -> Sequence[int]:
        """The numbers of steps after which something is taken, rising."""
        return sorted({step + 1 for each in (*self.asked.valued, *self.asked.weights) for step in each.steps})

    def take(self, chunk: slice, steps: int) -> None:
        """After so many steps of the samples `chunk`."""
        for channel in self.asked.valued:
            if steps - 1 in channel.steps:
                now = self._view[channel]()[:chunk.stop - chunk.start]
                self.values[channel.name][chunk, channel.steps.index(steps - 1)] = now
        for channel in self.asked.weights:
            if steps - 1 in channel.steps:
                self._weights[channel.part].append(np.array(self._view[channel]()[0]))

    @property
    def trajectory(self) -> dict[str, np.ndarray]:
        return {name: np.array(rows) for name, rows in self._weights.items() if rows}


def recording(asked: Request, dt: float, counts: Mapping[str, np.ndarray], spikes: Mapping[str, Spikes],
              values: Mapping[str, np.ndarray], trajectory: Mapping[str, np.ndarray]) -> Recording:
    """The answer to a request."""
    channels = {channel.name: channel for channel in (*asked.spiking, *asked.valued)}
    return Recording({name: count.astype(np.int64, copy=False) for name, count in counts.items()}, spikes, values,
                     trajectory, channels, dt)


def kept(channel: Channel, n: int, samples: int, steps: int, events: tuple[np.ndarray, np.ndarray, np.ndarray],
         ) -> Spikes:
    """Spikes of a population of n, (sample, step, neuron), of which those that a channel records are kept."""
    sample, step, neuron = (np.asarray(each) for each in events)
    if channel.index is not None or channel.steps != range(steps):
        wanted = np.zeros(n, bool)
        wanted[slice(None) if channel.index is None else list(channel.index)] = True
        here = wanted[neuron] & (step >= channel.steps.start) & (step < channel.steps.stop)
        sample, step, neuron = sample[here], step[here], neuron[here]
    return Spikes.from_events(sample, step, neuron, (samples, steps, n))
