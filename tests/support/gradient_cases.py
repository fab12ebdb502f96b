"""One small network of every kind that a gradient rule may meet, and the rules, for the table of what trains what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from plasticity import Input, Network, Population, Projection, neurons
from plasticity import rules as all_rules
from plasticity.network.window import Window
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.neuron import Neuron
from plasticity.neurons.rate import rate_neuron
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop
from plasticity.rules.paths import GradientRule

N_IN, N, N_OUT = 36, 8, 3


class Case(NamedTuple):
    """A network with its readout (None: the loss is on the spikes of the last population)."""

    network: Network
    readout: LeakyReadout | Counts | None


def _weights(rng: np.random.Generator, pre: int, post: int, size: float = 1.0) -> np.ndarray:
    return size * rng.normal(size=(pre, post)) * (3 / np.sqrt(pre))


def _row(*names: str, neuron: Neuron | None = None, loops: tuple[str, ...] = (), delay: float = 0.0,
         read: tuple[str, ...] = ()) -> Case:
    """Populations in a row, those in `loops` recurrent; all projections with the same delay."""
    rng, made = np.random.default_rng(3), neuron or lsnn_neuron(beta=0.1)
    sizes = {"in": N_IN} | dict.fromkeys(names, N)
    pairs = [*zip(sizes, names, strict=False), *((name, name) for name in loops)]
    projections = tuple(Projection(pre, post, _weights(rng, sizes[pre], N, 0.5 if pre == post else 1.0), onto="x",
                                   axonal_delay=delay) for pre, post in pairs)
    network = Network((Input("in", N_IN),), tuple(Population(name, N, made) for name in names), projections)
    return Case(network, LeakyReadout(read or names[-1], N_OUT))


def _convolutional() -> Case:
    rng, first, pool = np.random.default_rng(4), Window((1, 6, 6), 3, channels=2), Window((2, 4, 4), 2, 2, stride=2)
    second = Window((2, 2, 2), 2, channels=N)
    return Case(Network((Input("in", N_IN),), (
        Population("conv1", first.n_post, lsnn_neuron()), Population("pool", pool.n_post, neurons.relay()),
        Population("conv2", second.n_post, lsnn_neuron())), (
        Projection("in", "conv1", _weights(rng, first.fan_in, 2), "convolution", onto="x", window=first),
        Projection("conv1", "pool", 1.0, "max_pool", onto="x", window=pool),
        Projection("pool", "conv2", _weights(rng, second.fan_in, N), "convolution", onto="x", window=second))),
        LeakyReadout("conv2", N_OUT))


def _delay_per_synapse() -> Case:
    case, rng = _row("a"), np.random.default_rng(5)
    (inward,) = case.network.projections
    drawn = Projection("in", "a", inward.weights, onto="x", axonal_delay=rng.integers(0, 3, (N_IN, N)) * 1e-3)
    return Case(case.network.with_(projections=(drawn,)), case.readout)


NETWORKS: Mapping[str, Callable[[], Case]] = {
    "recurrent": lambda: _row("a", loops=("a",)),
    "layers, the last is read": lambda: _row("a", "b"),
    "layers, all are read": lambda: _row("a", "b", read=("a", "b")),
    "recurrent layers": lambda: _row("a", "b", loops=("a", "b"), read=("a", "b")),
    "convolutions and a pool": _convolutional,
    "delays": lambda: _row("a", "b", loops=("a",), delay=2e-3, read=("a", "b")),
    "delay per synapse": _delay_per_synapse,
    "graded, recurrent": lambda: _row("a", neuron=rate_neuron(0.3), loops=("a",)),
    "layers, the last is counted": lambda: _row("a", "b")._replace(readout=Counts("b")),
    "no readout": lambda: _row("a", loops=("a",))._replace(readout=None),
}


def rules() -> dict[str, GradientRule]:
    """{what to write: rule}: the catalogue, e-prop in all its forms."""
    found = {f"`{name}`": make() for name, make in all_rules.KINDS["credit"].items() if name != "eprop"}
    forms = {f'`eprop("{feedback}")`': eprop(feedback) for feedback in ("symmetric", "random", "adaptive")}
    return {**found, **forms, '`eprop("random", broadcast=True)`': eprop("random", broadcast=True)}
