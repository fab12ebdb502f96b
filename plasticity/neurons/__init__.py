"""Neurons as Brian2 equations or discrete maps: functions of SI numbers that answer a `Neuron`."""

from __future__ import annotations

from plasticity._utils import own
from plasticity._utils.catalogue import Catalogue
from plasticity.neurons.adaptive import alif, diehl_cook
from plasticity.neurons.adex import adex
from plasticity.neurons.gated import gru_unit, lstm_unit
from plasticity.neurons.izhikevich import izhikevich
from plasticity.neurons.lif import lif
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.maps import excess, relay, snu, unit
from plasticity.neurons.neuron import Neuron
from plasticity.neurons.poisson import poisson
from plasticity.neurons.rate import rate_neuron
from plasticity.neurons.softlif import softlif

__all__ = ["Neuron", "adex", "alif", "catalogue", "diehl_cook", "excess", "gru_unit", "izhikevich", "lif",
           "lsnn_neuron", "lstm_unit", "make", "poisson", "rate_neuron", "relay", "snu", "softlif", "unit"]

#: name -> function that makes the neuron; all of its arguments have defaults
catalogue = Catalogue("neuron", {make.__name__: f"{make.__module__}:{make.__name__}" for make in (
    lif, diehl_cook, alif, adex, izhikevich, snu, relay, lsnn_neuron, rate_neuron, unit, excess, lstm_unit, gru_unit,
    softlif, poisson)})


def make(neuron: str | Neuron, **options) -> Neuron:
    """The neuron that a text names, "lif(tau=20e-3)" or "my_neurons.py:cell(tau=20e-3)"; a Neuron as it is.

    Raises PlasticityError for an unknown name, with the nearest match, for an option that the neuron does not have, and
    for an object of a file that is no Neuron.
    """
    if own.is_own(neuron):
        return own.make(neuron, "neuron", Neuron, options)
    return neuron if isinstance(neuron, Neuron) else catalogue.make(neuron, **options)
