"""Which rule can train which network."""

from __future__ import annotations

from plasticity.engines.gradient.network import GradientNetwork
from plasticity.errors import RefusedError
from plasticity.network.network import Network
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.paths import GradientRule


def refusal(network: Network, readout: LeakyReadout | Counts | None = None, rule: str | GradientRule | None = None,
            **options) -> str:
    """Why the rule cannot train the network; "" if it can.

    options: further arguments of `GradientNetwork`. Other mistakes raise PlasticityError as they do there.
    """
    try:
        GradientNetwork(network, readout, rule, **options)
    except RefusedError as error:
        return str(error)
    return ""
