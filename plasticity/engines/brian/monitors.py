"""What records a presentation in Brian2, and what it recorded, channel by channel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticity.engines.brian import state as states
from plasticity.engines.record import Channel
from plasticity.network.network import Network
from plasticity.neurons.discretise import import_brian2


@dataclass(frozen=True)
class Monitored:
    """A channel in a circuit.

    monitor: Brian2's, None where nothing changes. synapses: of a state of synapses, those that are looked at (None:
    neurons); at: where each stands in what the channel records, flat.
    """

    monitor: object
    synapses: np.ndarray | None = None
    at: np.ndarray | None = None


def monitored(network: Network, channel: Channel, owner: object, dt: float, name: str) -> Monitored:
    """Watches a channel. owner: the group of neurons or the synapses it belongs to; None where there are none."""
    if channel.of_projection:
        return _of_synapses(network, channel, owner, dt, name)
    second, record = import_brian2().second, True if channel.index is None else list(channel.index)
    if not math.prod(channel.shape):
        return Monitored(None)
    return Monitored(import_brian2().StateMonitor(owner, channel.variable, record=record, when="end", dt=dt * second,
                                                  name=name))


def _of_synapses(network: Network, channel: Channel, synapses: object, dt: float, name: str) -> Monitored:
    """The first synapse of each weight or trace that is recorded.

    A monitor at the beginning of a step sees the end of the one before; its interval is the longest that meets all
    steps.
    """
    shape, places = states.places(network, network.projection(channel.part), channel.variable)
    kept, first = np.unique(places, return_index=True)
    wanted = np.arange(math.prod(shape)) if channel.index is None else np.array(channel.index, int)
    at = np.flatnonzero(np.isin(wanted, kept))
    which, variable = first[np.searchsorted(kept, wanted[at])], f"r_{channel.variable}"
    if not at.size or synapses is None or variable not in synapses.variables:
        return Monitored(None, which, at)
    brian2 = import_brian2()
    return Monitored(brian2.StateMonitor(synapses, variable, record=which.astype(np.int32), when="start", order=-1,
                                         dt=_interval(channel) * dt * brian2.second, name=name), which, at)


def _interval(channel: Channel) -> int:
    """Steps between two looks of which some meet all that are recorded."""
    return math.gcd(channel.steps.step, channel.steps.start + 1)


def read(channel: Channel, watched: Monitored, steps: int, after: Mapping[str, np.ndarray]) -> np.ndarray:
    """What a channel recorded of a presentation, [recorded steps, ...]. after: the state then."""
    values = np.zeros((len(channel.steps), math.prod(channel.shape)))
    if watched.synapses is None:
        if watched.monitor is not None:
            values[...] = watched.monitor.variables[channel.variable].get_value()[list(channel.steps)]
        return values.reshape(-1, *channel.shape)
    last = after[channel.name][watched.synapses]
    if watched.monitor is not None:
        seen = watched.monitor.variables[f"r_{channel.variable}"].get_value()
        rows = [seen[(t + 1) // _interval(channel)] if t + 1 < steps else last for t in channel.steps]
        last = np.array(rows).reshape(len(rows), len(watched.synapses))
    values[:, watched.at] = last
    return values.reshape(-1, *channel.shape)


def events(monitor, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """(step, neuron) of the spikes that a monitor holds."""
    return np.rint(np.asarray(monitor.t) / dt).astype(np.int64), np.array(monitor.i, np.int64)
