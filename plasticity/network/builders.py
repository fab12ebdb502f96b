"""Networks for sequences: one recurrent population, or layers one above the other; all weights drawn by a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import Count, Finite, Positive, ProperShare, Steps, at_least, require
from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.network.size import require_drawable
from plasticity.neurons.neuron import Neuron


@checked
def recurrent_network(n_inputs: Count, n: Count, neuron: Neuron, recurrent: bool = True, gain: Finite = 1.0,
                      onto: str = "x", dt: Positive = 1e-3, seed: int = 0, bias: bool = False) -> Network:
    """One recurrent population without autapses, weights normal with variance gain^2/n of the presynaptic side; biases
    (`with_bias`) where wished."""
    require_drawable("recurrent", (n, n), (n, n), (n_inputs, n))
    rng = np.random.default_rng(checked_seed(seed))
    within = Projection("rec", "rec", gain * rng.normal(size=(n, n)) / np.sqrt(n), connect="sparse", onto=onto,
                        mask=~np.eye(n, dtype=bool))
    inward = Projection("in", "rec", gain * rng.normal(size=(n_inputs, n)) / np.sqrt(n_inputs), onto=onto)
    network = Network(inputs=(Input("in", n_inputs),), populations=(Population("rec", n, neuron),), dt=dt,
                      projections=(inward, within) if recurrent else (inward,), name="recurrent")
    return with_bias(network, {"rec": np.zeros(n)}, _biased(neuron, onto)) if bias else network


def _biased(neuron: Neuron, onto: str) -> str:
    """Where biases arrive: in "b", of neurons that have such a variable for them, else with the rest."""
    return "b" if "b" in neuron.variables else onto


def with_bias(network: Network, biases: Mapping[str, np.ndarray], onto: str) -> Network:
    """The same network with an input "one" that always sends, whose weights onto each population are its biases.

    biases: population -> first values [n]. They arrive in variable `onto` in every step, from the end of the first on.
    """
    weights = tuple(Projection("one", name, np.asarray(values, float)[None], onto=onto)
                    for name, values in biases.items())
    return network.with_(inputs=(*network.inputs, Input("one", 1, always=True)),
                         projections=(*network.projections, *weights))


@checked
def layered_network(n_inputs: Count, sizes: Sequence[int], neuron: Neuron, gain: Finite = 1.0, onto: str = "x",
                    dt: Positive = 1e-3, seed: int = 0, bias: bool = False) -> Network:
    """Populations "layer1", "layer2", ... of the given sizes, each driving the next; weights and biases as in
    `recurrent_network`."""
    if not sizes:
        raise PlasticityError("layers have sizes of at least one neuron, got none")
    require(at_least(1), **{f"the size of layer {k}": n for k, n in enumerate(sizes, 1)})
    require_drawable("layers", *pairwise((n_inputs, *sizes)))
    rng = np.random.default_rng(checked_seed(seed))
    parts = [("in", n_inputs), *((f"layer{k}", int(n)) for k, n in enumerate(sizes, 1))]
    projections = tuple(Projection(pre, post, gain * rng.normal(size=(m, n)) / np.sqrt(m), onto=onto)
                        for (pre, m), (post, n) in pairwise(parts))
    network = Network(inputs=(Input("in", n_inputs),), projections=projections, dt=dt, name="layers",
                      populations=tuple(Population(name, n, neuron) for name, n in parts[1:]))
    return with_bias(network, {name: np.zeros(n) for name, n in parts[1:]}, _biased(neuron, onto)) if bias else network


@checked
def lsnn_network(n_inputs: Count, regular: Steps, adaptive: Steps, neuron: Neuron, beta: Finite, *, gain: Finite = 1.0,
                 recurrent_gain: Finite = 1.0, connectivity: ProperShare = 1.0, dt: Positive = 1e-3,
                 seed: int = 0) -> Network:
    """One recurrent population "rec" in which the last `adaptive` neurons have an adaptive threshold, without autapses.

    neuron: an `lsnn_neuron`; its beta is overruled, 0 for the `regular` first neurons and `beta` for the others.
    connectivity: probability that a neuron projects to another. First weights are normal with variance gain^2/n_inputs
    and recurrent_gain^2/(n connectivity). dt: s.

    Source: Bellec, Salaj, Subramoney, Legenstein & Maass 2018, NeurIPS.
    """
    n = regular + adaptive
    if not n:
        raise PlasticityError(f"a network needs neurons, got regular={regular!r} and adaptive={adaptive!r}")
    if "beta" not in neuron.variables:
        raise PlasticityError(f"neuron {neuron.name!r} has no variable beta; use lsnn_neuron()")
    require_drawable("lsnn", (n, n), (n, n), (n_inputs, n))
    rng = np.random.default_rng(checked_seed(seed))
    inward = Projection("in", "rec", gain * rng.normal(size=(n_inputs, n)) / np.sqrt(n_inputs), onto="x")
    weights = recurrent_gain * rng.normal(size=(n, n)) / np.sqrt(n * connectivity)
    mask = ~np.eye(n, dtype=bool) & (rng.random((n, n)) < connectivity)
    within = Projection("rec", "rec", weights, connect="sparse", mask=mask, onto="x")
    betas = np.concatenate([np.zeros(regular), np.full(adaptive, float(beta))])
    return Network(inputs=(Input("in", n_inputs),), dt=dt, projections=(inward, within), name="lsnn",
                   populations=(Population("rec", n, neuron, initial={"beta": betas}),))
