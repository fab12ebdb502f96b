"""Units that send rates, and the spiking neurons that fire at these rates: which twin each unit has, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from plasticity.errors import RefusedError, choice
from plasticity.neurons.lif import lif
from plasticity.neurons.neuron import Neuron
from plasticity.neurons.softlif import softlif

#: synapse of `lif` whose filter has an area of weight times tau_s -> variable that a spike arrives in
FILTERS: Mapping[str, str] = MappingProxyType({"alpha": "g", "exponential": "I"})


@dataclass(frozen=True)
class Twin:
    """A neuron that spikes at the rate r which a unit sends as amplitude r.

    neuron: with the filter of its synapses. spikes: variable that they arrive in. current: variable that holds a
    constant current, in units of what the unit hears. hears: variable of the unit that weights project onto. amplitude:
    what the unit sends for a rate of 1 Hz. bias: what is added to all that it hears.
    """

    neuron: Neuron
    spikes: str
    current: str
    hears: str
    amplitude: float
    bias: float


def _of_softlif(unit: Neuron, synapse: str, tau_s: float) -> Twin:
    """tau_rc dv/dt = J - v; a spike where v > 1, then v = 0 for tau_ref: its rate is 1/(tau_ref + tau_rc log(1 +
    1/(J - 1))), that of the unit without its softness."""
    missing = {*softlif().params} - {*unit.params}
    if missing:  # it is only called so
        raise RefusedError(f"neuron 'softlif' has no parameter {min(missing)!r}, so it is not the unit of that name; "
                           "call a unit of your own otherwise")
    has = unit.constants
    neuron = lif(synapse, has["tau_rc"], 0.0, 0.0, 1.0, has["tau_ref"], tau_s, current=True)
    return Twin(neuron, FILTERS[synapse], "I_ext", "x", has["amplitude"], has["bias"])


#: name of a unit -> (unit, synapse, tau_s) -> its twin
TWINS: Mapping[str, Callable[[Neuron, str, float], Twin]] = MappingProxyType({softlif.__name__: _of_softlif})


def twin_of(unit: Neuron, synapse: str = "alpha", tau_s: float = 5e-3) -> Twin:
    """The spiking twin of a unit, with synapses of that filter and time constant (s).

    Raises PlasticityError for another filter than `FILTERS` has, RefusedError for a unit without a twin.
    """
    choice("synapse", synapse, FILTERS)
    if unit.name not in TWINS:
        raise RefusedError(f"neuron {unit.name!r} has no spiking twin, only {', '.join(TWINS)}: train with such units")
    return TWINS[unit.name](unit, synapse, tau_s)
