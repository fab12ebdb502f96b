"""Neurons as Brian2 equations or discrete maps: functions of SI numbers that answer a `Neuron`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity._utils.catalogue import made
from plasticity.neurons.adaptive import alif, diehl_cook
from plasticity.neurons.adex import adex
from plasticity.neurons.izhikevich import izhikevich
from plasticity.neurons.lif import lif
from plasticity.neurons.maps import relay, snu
from plasticity.neurons.neuron import Neuron

__all__ = ["Neuron", "adex", "alif", "catalogue", "diehl_cook", "izhikevich", "lif", "make", "relay", "snu"]

#: name -> function that makes the neuron; all of its arguments have defaults
catalogue: Mapping[str, Callable[..., Neuron]] = MappingProxyType({
    make.__name__: make for make in (lif, diehl_cook, alif, adex, izhikevich, snu, relay)})


def make(name: str, **options) -> Neuron:
    """The neuron called `name`.

    Raises PlasticityError for an unknown name, with the nearest match, and for an option that the neuron does not have.
    """
    return made("neuron", catalogue, name, options)
