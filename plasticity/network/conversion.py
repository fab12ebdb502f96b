"""A network of rates as one of spikes: what each part becomes, as data; nothing here runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from plasticity.errors import RefusedError
from plasticity.network.folding import folded, matrix_of
from plasticity.network.network import Network
from plasticity.network.population import Population, Signal
from plasticity.network.projection import Projection
from plasticity.neurons.neuron import Neuron
from plasticity.neurons.twins import FILTERS, Twin, twin_of

NEVER = 1e30  # a threshold that no filtered output reaches


@dataclass(frozen=True)
class Readout:
    """What is added up of the units' outputs: weights {population: [n, outputs]} and a constant [outputs]."""

    weights: Mapping[str, np.ndarray]
    bias: np.ndarray


@dataclass(frozen=True)
class Spiking:
    """A spiking network, and how values of the inputs that it has no more become currents.

    network: without inputs; a signal for each population that heard them. hearing: the same network with its inputs,
    whose values arrive in every step over filtered synapses, so that it can learn on. ways: signal -> {input: matrix
    [n_input, n]}. constants: signal -> currents besides, [n]. sizes: of the inputs. amplitudes: population -> what its
    units send for each spike per second. read: what answers, "population.variable", or a population whose spikes do.
    """

    network: Network
    hearing: Network
    ways: Mapping[str, Mapping[str, sparse.csr_matrix]]
    constants: Mapping[str, np.ndarray]
    sizes: Mapping[str, int]
    amplitudes: Mapping[str, float]
    read: str

    def currents(self, x: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """signal -> [samples, n], of values {input: [samples, n_input]}."""
        return {signal: self.constants[signal] + sum(x[name] @ matrix for name, matrix in ways.items())
                for signal, ways in self.ways.items()}


def spiking(network: Network, dt: float, synapse: str, tau_s: float, readout: Readout | None = None) -> Spiking:
    """The network with the spiking twins of its units (`plasticity.neurons.twins`), filtered synapses, and inputs and
    biases as constant currents.

    A weight w onto a population becomes w amplitude / tau_s, so that a spike brings a current of area w amplitude.
    Delays, which do nothing to constant rates, are left out, and so are relays, whose weights before and after are
    multiplied. readout: becomes a population "readout" that never spikes, whose `out` is the filtered sum.
    Raises RefusedError, naming the part, for what spikes cannot do: units without a twin, max pools, winners,
    projections that are normalised.
    """
    for each in network.projections:
        _require_constant(each)
    network, weights = folded(network, None if readout is None else readout.weights)
    twins = {part.name: _twin(part, synapse, tau_s) for part in network.populations}
    for each in network.projections:
        _require_heard(each, twins)
    driven = {each.post: None for each in network.projections if _given(network, each)}
    constants = {part.name: _constant(network, part, twins[part.name]) for part in network.populations}
    populations = tuple(
        Population(part.name, part.n, twins[part.name].neuron,
                   {} if part.name in driven else {twins[part.name].current: constants[part.name]})
        for part in network.populations)
    # an input that sends a value in each step brings the current of a unit that spikes in each step
    amplitudes = {part.name: dt for part in network.inputs} | {name: twin.amplitude for name, twin in twins.items()}
    filtered = tuple(_filtered(each, amplitudes[each.pre], twins[each.post].spikes, tau_s)
                     for each in network.projections)
    projections = tuple(each for each in filtered if each.pre in twins)
    signals = tuple(Signal(f"into {name}", network.sizes[name], f"{name}.{twins[name].current}") for name in driven)
    if readout is not None:
        populations += (Population("readout", readout.bias.size, _summing(synapse, tau_s), {"b": readout.bias}),)
        projections += tuple(_filtered(Projection(name, "readout", w), amplitudes[name], FILTERS[synapse], tau_s)
                             for name, w in weights.items())
    return Spiking(
        Network((), populations, projections, signals, dt, network.name),
        Network(network.inputs, tuple(_alone(part, twins[part.name]) for part in network.populations), filtered, (), dt,
                network.name),
        {f"into {name}": _ways(network, name) for name in driven},
        {f"into {name}": constants[name] for name in driven},
        {part.name: part.n for part in network.shown}, {name: twin.amplitude for name, twin in twins.items()},
        network.populations[-1].name if readout is None else "readout.out")


def _twin(population: Population, synapse: str, tau_s: float) -> Twin:
    if population.winner != "all":
        raise RefusedError(f"population {population.name!r} has winner={population.winner!r}, which rates know nothing "
                           "of; use winner='all'")
    try:
        return twin_of(population.neuron, synapse, tau_s)
    except RefusedError as error:
        raise RefusedError(f"population {population.name!r}: {error}") from None


def _require_constant(projection: Projection) -> None:
    if projection.connect == "max_pool":
        raise RefusedError(f"projection {projection.name!r} is a max_pool: the largest of several rates is the rate of "
                           "no spikes; train with average pools, csnn(pooling=average)")
    if projection.normalize is not None:
        raise RefusedError(f"projection {projection.name!r} is normalised, which rates that learn by gradients know "
                           "nothing of; use network.with_rule(rule, freeze=True), which does it once")


def _require_heard(projection: Projection, twins: Mapping[str, Twin]) -> None:
    if projection.onto != twins[projection.post].hears:
        raise RefusedError(f"projection {projection.name!r} drives {projection.onto!r}; the twin of "
                           f"{projection.post!r} hears what drives {twins[projection.post].hears!r}")


def _given(network: Network, projection: Projection) -> bool:
    """Whether a projection leads from an input that is shown values."""
    return projection.pre in {part.name for part in network.shown}


def _ways(network: Network, population: str) -> dict[str, sparse.csr_matrix]:
    found: dict[str, sparse.csr_matrix] = {}
    for each in network.projections:
        if each.post == population and _given(network, each):
            found[each.pre] = found.get(each.pre, 0) + matrix_of(network, each)
    return found


def _constant(network: Network, population: Population, twin: Twin) -> np.ndarray:
    """The units' own bias, and what inputs that always send bring, [n]."""
    always = {part.name: np.ones(part.n) for part in network.inputs if part.always}
    brought = (always[each.pre] @ matrix_of(network, each) for each in network.projections
               if each.post == population.name and each.pre in always)
    return sum(brought, np.full(population.n, twin.bias))


def _alone(population: Population, twin: Twin) -> Population:
    """A population with no current but its units' own."""
    return Population(population.name, population.n, twin.neuron, {twin.current: np.full(population.n, twin.bias)})


def _filtered(projection: Projection, amplitude: float, onto: str, tau_s: float) -> Projection:
    return replace(projection, onto=onto, scale=projection.scale * amplitude / tau_s, axonal_delay=0.0,
                   dendritic_delay=0.0)


def _summing(synapse: str, tau_s: float) -> Neuron:
    """Filtered sums that never spike: out = I + b."""
    drive, rest = {"alpha": ("(g - I)/tau_s", "dg/dt = -g/tau_s : 1"), "exponential": ("-I/tau_s", "")}[synapse]
    return Neuron(f"dI/dt = {drive} : 1\n{rest}\nb : 1\nout = I + b : 1", f"I > {NEVER}", name="readout",
                  params={"tau_s": f"{tau_s!r}*second"})
