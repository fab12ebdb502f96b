"""One small network of every kind, and what becomes of it under another teacher."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity import Network, engines, networks
from plasticity.engines.gradient.support import refusal
from plasticity.errors import PlasticityError
from plasticity.network.builders import layered_network, recurrent_network
from plasticity.networks.csnn import csnn
from plasticity.neurons import lsnn_neuron, rate_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules import RuleLike

N_IN = 36
#: networks with samples that are shown to them, and projections that learn by a rule of their own
PRESENTED = tuple(name for name, kind in networks.KIND.items() if kind == "presented")
NETWORKS: Mapping[str, Callable[[], Network]] = MappingProxyType({
    **{name: lambda name=name: networks.build(name, N_IN, 6).network for name in PRESENTED},
    "layers": lambda: layered_network(N_IN, (8, 6), lsnn_neuron(), gain=2.0),
    "recurrent": lambda: recurrent_network(N_IN, 8, lsnn_neuron(), gain=2.0),
    "recurrent, graded": lambda: recurrent_network(N_IN, 8, rate_neuron(0.3)),
    "csnn": lambda: csnn(N_IN, (2,), size=3, outputs=6, gain=3.0),
})


def readout(network: Network) -> LeakyReadout:
    """A readout of the last population that something else than inhibition drives."""
    names = [part.name for part in network.populations]
    return LeakyReadout("excitatory" if "excitatory" in names else names[-1], 3)


def taught(network: Network, *rules: str | RuleLike, freeze: bool = True, clip: bool = True) -> Network:
    """The network under one teacher after the other."""
    for rule in rules:
        network = network.with_rule(rule, freeze=freeze, clip=clip)
    return network


def why_not(network: Network, *rules: str | RuleLike, freeze: bool = True, clip: bool = True) -> str:
    """Why the network cannot learn under the last of the rules, coming from the others; empty if it can."""
    try:
        last = taught(network, *rules, freeze=freeze, clip=clip)
    except PlasticityError as error:
        return str(error)
    return engines.refusal(last, "torch") if last.rule is None else refusal(last, readout(last))
