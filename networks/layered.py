"""Networks for gradient rules: layers one above the other, and one recurrent population."""

from __future__ import annotations

from plasticity.errors import PlasticityError
from plasticity.network.builders import layered_network, lsnn_network, recurrent_network
from plasticity.network.network import Network
from plasticity.neurons import make
from plasticity.neurons.neuron import Neuron


def layers(n_inputs: int, *sizes: int, neuron: str | Neuron = "lsnn_neuron(threshold=1.0)", gain: float = 1.0,
           onto: str | None = None, bias: bool = False, dt: float = 1e-3, seed: int = 0) -> Network:
    """Populations "layer1", "layer2", ... of the given sizes, each driving the next.

    sizes: neurons of each (one layer of 100 if none is given). neuron: of all; by default leaky, 20 ms, threshold 1.
    gain: first weights are normal with variance gain^2/n of the presynaptic side. onto: variable that spikes drive, by
    default the neuron's "x", or else its first. bias: whether neurons have one, from an input that always sends; its
    weights learn as the others do. dt: s.
    """
    neuron = make(neuron)
    return layered_network(n_inputs, sizes or (100,), neuron, gain, onto or _driven(neuron), dt, seed, bias)


def recurrent(n_inputs: int, neurons: int = 100, *, neuron: str | Neuron = "lsnn_neuron(threshold=1.0)",
              connections: bool = True, gain: float = 1.0, onto: str | None = None, bias: bool = False,
              dt: float = 1e-3, seed: int = 0) -> Network:
    """One population "rec" in which all neurons project to all others.

    connections: whether they do. neuron, gain, onto, bias, dt: as for `layers`.
    """
    neuron = make(neuron)
    return recurrent_network(n_inputs, neurons, neuron, connections, gain, onto or _driven(neuron), dt, seed, bias)


def lsnn(n_inputs: int, regular: int = 100, adaptive: int = 100, *, neuron: str | Neuron = "lsnn_neuron",
         beta: float = 0.07, gain: float = 1.0, recurrent_gain: float = 1.0, connectivity: float = 1.0,
         dt: float = 1e-3, seed: int = 0) -> Network:
    """One recurrent population of `regular` neurons and `adaptive` ones, whose threshold rises by beta per spike.

    connectivity: probability that a neuron projects to another. The rest as for `lsnn_network`.

    Source: Bellec, Salaj, Subramoney, Legenstein & Maass 2018, NeurIPS.
    """
    return lsnn_network(n_inputs, regular, adaptive, make(neuron), beta, gain=gain, recurrent_gain=recurrent_gain,
                        connectivity=connectivity, dt=dt, seed=seed)


def _driven(neuron: Neuron) -> str:
    if not neuron.variables:
        raise PlasticityError(f"neuron {neuron.name!r} has no variable that spikes could drive; give onto=")
    return "x" if "x" in neuron.variables else neuron.variables[0]


