"""Networks for sequences: one recurrent population, or layers one above the other; all weights drawn by a seed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from plasticity.errors import PlasticityError
from plasticity.network import Input, Network, Population, Projection
from plasticity.neurons.neuron import Neuron


def recurrent_network(n_inputs: int, n: int, neuron: Neuron, recurrent: bool = True, gain: float = 1.0, onto: str = "x",
                      dt: float = 1e-3, seed: int = 0) -> Network:
    """One recurrent population without autapses, weights normal with variance gain^2/n of the presynaptic side."""
    if int(n) < 1:
        raise PlasticityError(f"a recurrent population has at least one neuron, got {n!r}")
    rng, n = np.random.default_rng(seed), int(n)
    within = Projection("rec", "rec", gain * rng.normal(size=(n, n)) / np.sqrt(n), connect="sparse", onto=onto,
                        mask=~np.eye(n, dtype=bool))
    inward = Projection("in", "rec", gain * rng.normal(size=(n_inputs, n)) / np.sqrt(n_inputs), onto=onto)
    return Network(inputs=(Input("in", n_inputs),), populations=(Population("rec", n, neuron),), dt=dt,
                   projections=(inward, within) if recurrent else (inward,), name="recurrent")


def layered_network(n_inputs: int, sizes: Sequence[int], neuron: Neuron, gain: float = 1.0, onto: str = "x",
                    dt: float = 1e-3, seed: int = 0) -> Network:
    """Populations "layer1", "layer2", ... of the given sizes, each driving the next; weights as `recurrent_network`."""
    if not sizes or any(int(n) < 1 for n in sizes):
        raise PlasticityError(f"layers have sizes of at least one neuron, got {tuple(sizes)}")
    rng = np.random.default_rng(seed)
    parts = [("in", n_inputs), *((f"layer{k}", int(n)) for k, n in enumerate(sizes, 1))]
    projections = tuple(Projection(pre, post, gain * rng.normal(size=(m, n)) / np.sqrt(m), onto=onto)
                        for (pre, m), (post, n) in pairwise(parts))
    return Network(inputs=(Input("in", n_inputs),), projections=projections, dt=dt, name="layers",
                   populations=tuple(Population(name, n, neuron) for name, n in parts[1:]))
