"""The neuron of long short-term memory spiking networks, in the discrete form that e-prop was published with."""

from __future__ import annotations

from plasticity._utils.ranges import FINITE, POSITIVE, require
from plasticity._utils.typed import checked
from plasticity.errors import choice
from plasticity.neurons._parts import seconds
from plasticity.neurons.neuron import Neuron

RESETS = ("subtract", "subtract_delayed", "fixed")


@checked
def lsnn_neuron(tau: float = 20e-3, threshold: float = 0.6, tau_a: float = 2.0, beta: float = 0.0,
                refractory: float = 0.0, scaled_input: bool = False, reset: str = "subtract_delayed") -> Neuron:
    """A leaky neuron with an adaptive threshold, as a map; beta = 0 is a plain leaky neuron.

    v[t+1] = P v[t] + gain x[t] - threshold z[t],  P = exp(-dt/tau);  a[t+1] = rho a[t] + z[t],  rho = exp(-dt/tau_a)
    z = v >= threshold + beta a, and not refractory

    x is what arrives in a step (project onto "x"); it is gone after one. `beta` is a variable, so that one population
    may hold neurons of both kinds: give an array by Population.initial.
    tau, tau_a, refractory: seconds. threshold, beta: numbers.
    scaled_input: gain = 1 - P, so that a constant x leads to v = x (pattern generation in the paper's code); else 1.
    reset: "subtract_delayed", as above; "subtract", at once, so that what is subtracted decays with the
        membrane; "fixed", to 0.

    Source: Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020, Nature Communications 11:3625.
    """
    choice("reset", reset, RESETS)
    require(POSITIVE, threshold=threshold)
    require(FINITE, beta=beta)
    gain = "(1 - exp(-dt/tau))*" if scaled_input else ""
    spent = {"subtract": "v -= threshold", "subtract_delayed": "v -= threshold*exp(dt/tau)", "fixed": "v = 0*v"}[reset]
    return Neuron(
        update=f"v = exp(-dt/tau)*v + {gain}x; a = exp(-dt/tau_a)*a; x = 0*x; beta = beta",
        threshold="v >= threshold + beta*a", reset=f"{spent}; a += exp(dt/tau_a)",
        reset_delay=int(reset == "subtract_delayed"), refractory=refractory, initial={"beta": beta},
        params=seconds(tau=tau, tau_a=tau_a) | {"threshold": threshold},
        name="lsnn_neuron", source="Bellec et al. 2020")
