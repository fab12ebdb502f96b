"""Relays left out: what passes through them arrives over projections that are products of those before and after."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
from scipy import sparse

from plasticity._utils.sums import add_to
from plasticity.network.kinds import synapses_of
from plasticity.network.network import Network, shape_of, weight_matrix
from plasticity.network.population import Population
from plasticity.network.projection import Projection
from plasticity.neurons.maps import relay

#: population -> what a readout weighs its units with, [n, outputs]
Weights = Mapping[str, np.ndarray]


def matrix_of(network: Network, projection: Projection) -> sparse.csr_matrix:
    """What a projection brings of values [n_pre] at once, `values @ matrix`, of every kind but max pools."""
    synapses = synapses_of(projection, shape_of(network, projection))
    w = projection.scale * weight_matrix(network, projection).ravel()[synapses.weight]
    return sparse.csr_matrix((w, (synapses.pre, synapses.post)), shape_of(network, projection))


def folded(network: Network, readout: Weights | None = None) -> tuple[Network, dict[str, np.ndarray]]:
    """A network without relays that answers constant values with the same, and the readout weights that then do.

    From a to b over a relay: w[a, b] = w[a, relay] @ w[relay, b], as pairs. Each relay takes one step less.

    A relay that nothing hears stays. Max pools, which are no matrix, must not be among the projections.
    """
    weights = dict(readout or {})
    for part in network.populations:
        heard = part.name in weights or any(each.pre == part.name for each in network.projections)
        if heard and part.neuron == relay():
            network, weights = _without(network, part, weights)
    return network, weights


def _without(network: Network, part: Population, readout: Weights) -> tuple[Network, dict[str, np.ndarray]]:
    """The network without one relay, and the readout's weights."""
    before = [each for each in network.projections if each.post == part.name]
    after = [each for each in network.projections if each.pre == part.name]
    brought: dict[tuple[str, str, str], sparse.csr_matrix] = {}
    for one, other in itertools.product(before, after):
        add_to(brought, (one.pre, other.post, other.onto), matrix_of(network, one) @ matrix_of(network, other))
    kept = []
    for each in network.projections:  # one that leads the same way brings what the relay brought as well
        if (way := (each.pre, each.post, each.onto)) in brought:
            add_to(brought, way, matrix_of(network, each))
        elif part.name not in (each.pre, each.post):
            kept.append(each)
    made = [Projection(pre, post, matrix, onto=onto) for (pre, post, onto), matrix in brought.items()]
    given = {name: w for name, w in readout.items() if name != part.name}
    for each in before if part.name in readout else ():
        add_to(given, each.pre, matrix_of(network, each) @ readout[part.name])
    populations = tuple(each for each in network.populations if each is not part)
    return network.with_(populations=populations, projections=(*kept, *made)), given
