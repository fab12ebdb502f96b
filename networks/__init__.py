"""Networks from papers and systems, one per file.

Builders take the number of inputs first. Those for rules of spiking synapses answer a `plasticity.network.Model`, which
also says how samples are shown; those for gradient rules a `plasticity.Network`; those for rules of rates a
`plasticity.network.RateLayer`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType

from plasticity._utils import own
from plasticity._utils.catalogue import Catalogue, called, parse
from plasticity._utils.random import checked_seed
from plasticity.errors import PlasticityError
from plasticity.network.blueprint import Blueprint
from plasticity.network.network import Network
from plasticity.network.presentation import Model

_PLACES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "presented": {"diehl-cook": "plasticity.networks.diehl_cook:fast",
                  "diehl-cook-published": "plasticity.networks.diehl_cook:published",
                  "diehl-cook-bindsnet": "plasticity.networks.diehl_cook:bindsnet"},
    "spiking": {"layers": "plasticity.networks.layered:layers", "recurrent": "plasticity.networks.layered:recurrent",
                "lsnn": "plasticity.networks.layered:lsnn", "csnn": "plasticity.networks.csnn:csnn",
                "gated": "plasticity.networks.gated:gated",
                "excess_output": "plasticity.networks.excess_output:excess_output"},
    "rates": {"rates": "plasticity.networks.rates:rates"},
    "static": {name: f"plasticity.methods.backprop:{name}" for name in ("mlp", "cnn", "rnn", "gru", "lstm")}})
#: name -> what it is made of, see `plasticity.network.blueprint.KINDS`
KIND: Mapping[str, str] = MappingProxyType({name: kind for kind, places in _PLACES.items() for name in places})
#: name -> builder(n_inputs, ...); all of its other arguments have defaults
catalogue = Catalogue("network", {name: place for places in _PLACES.values() for name, place in places.items()})


def make(network):
    """What a text names, "diehl-cook(neurons=400)" or "my_net.py:build", as a `Blueprint`; a Network or Model, or a
    function from the number of inputs to one, as it is. A file may hold any of the latter two.

    Raises PlasticityError for an unknown name, with the nearest match, and for what is none of these.
    """
    if own.is_own(network):
        found, call = own.load(network, "network")
        if callable(found) and not isinstance(found, Network | Model):
            return Blueprint(network.partition("(")[0], "own", found, call.arguments, call.options)
        network = found
    if isinstance(network, str):
        call = parse(network, "network")
        name = catalogue.known(call.name)
        return Blueprint(name, KIND[name], catalogue[name], call.arguments, call.options)
    if callable(network):
        return Blueprint(getattr(network, "__name__", "network"), "own", network)
    if isinstance(network, Network | Model | Blueprint):
        return network
    raise PlasticityError(f"network must be a text, NAME or NAME(option=value, ...), a Network, a Model, or a function "
                          f"from the number of inputs to one, got {network!r}")


def suited(network, rule: object) -> Mapping[str, object]:
    """The options that a network names for a rule that is named without any; none for all others."""
    if not isinstance(network, Blueprint) or not isinstance(rule, str) or "(" in rule or own.is_own(rule):
        return {}
    module = inspect.getmodule(network.builder)
    return getattr(module, "SUITED", {}).get(rule.strip().replace("-", "_"), {})


def build(name: str, n_inputs: int, neurons: int, *, rule=None, seed: int = 0, **options) -> Model:
    """The network called `name` of those that show samples, which may carry options:
    "diehl-cook-published(gate=inert)".

    Raises PlasticityError for unknown names, with the nearest match, and for options the network does not have.
    """
    call = parse(name)
    arguments = (n_inputs, neurons)
    return called("network", call.name, catalogue[call.name], arguments,
                  {"rule": rule, "seed": checked_seed(seed), **options, **call.options})
