"""How much memory a network would take, estimated before anything of that size is made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from plasticity._utils.memory import require_memory
from plasticity.network.population import Population
from plasticity.network.projection import Projection

VALUE = 8  # bytes of a number
COPIES = 3  # of weights that are drawn, scaled, checked and given to an engine, while it is done


class Described(Protocol):
    """A network's parts, as far as these functions need them."""

    name: str
    populations: Sequence[Population]
    projections: Sequence[Projection]
    sizes: Mapping[str, int]
    dt: float


def require_room(network: Described, batch: int = 1) -> None:
    """Raises PlasticityError for a network whose weights and states do not fit into the memory that is free.

    batch: how many samples are shown at once.
    """
    require_memory(_bytes(network, batch), f"network {network.name!r}{f' in batches of {batch:,}' * (batch > 1)}")


def require_drawable(name: str, *shapes: tuple[int, ...]) -> None:
    """The same for arrays of these shapes, from which a network is about to be made."""
    require_memory(COPIES * VALUE * sum(float(math.prod(shape)) for shape in shapes), f"network {name!r}")


def _bytes(network: Described, batch: int) -> float:
    """What is on its way along an axon takes a byte per step and neuron, everything else a number."""
    neurons = sum(part.n * max(len(part.neuron.variables), 1) for part in network.populations)
    lines = sum(float(np.max(delay, initial=0)) / network.dt * network.sizes[end] for each in network.projections
                for end, delay in ((each.pre, each.axonal_delay), (each.post, each.dendritic_delay)))
    return lines + VALUE * (float(batch) * neurons + sum(_values(network, each, batch) for each in network.projections))


def _values(network: Described, projection: Projection, batch: int) -> float:
    """Numbers of a projection: its weights, and what each synapse keeps for itself. One weight for all needs none.
    """
    weights, rule = weight_count(network, projection), projection.rule
    synapses = projection.window.positions * weights if projection.connect == "convolution" else weights
    states = batch * len(rule.syn) * synapses if rule else 0.0
    return states + COPIES * (weights if projection.kind.learns and projection.connect != "one_to_one" else 0.0)


def weight_count(network: Described, projection: Projection) -> float:
    """How many weights a projection has at most, told without making anything of that size."""
    if projection.pairs is not None:
        return float(projection.pairs.size)
    if projection.connect == "convolution":
        return float(projection.window.fan_in * projection.window.channels)
    return float(network.sizes[projection.pre]) * network.sizes[projection.post]
