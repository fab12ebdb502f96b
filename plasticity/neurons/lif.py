"""Leaky integrate-and-fire neurons with four kinds of synapse."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError, choice
from plasticity.neurons._parts import seconds, volts
from plasticity.neurons.neuron import Neuron


class Synapse(NamedTuple):
    """What arrives between a spike and the membrane: the current in dv/dt, its own equations, how to integrate."""

    drive: str
    equations: str
    method: str


SYNAPSES: Mapping[str, Synapse] = MappingProxyType({
    "delta": Synapse("", "", "exact"),
    "exponential": Synapse(" + I", "dI/dt = -I/tau_s : volt", "exact"),
    "alpha": Synapse(" + I", "dI/dt = (g - I)/tau_s : volt\ndg/dt = -g/tau_s : volt", "exact"),
    "conductance": Synapse(" + ge*(e_exc - v) + gi*(e_inh - v)", "dge/dt = -ge/tau_e : 1\ndgi/dt = -gi/tau_i : 1",
                           "exponential_euler"),
})


@checked
def lif(synapse: str = "delta", tau: float = 20e-3, v_rest: float = -65e-3, v_reset: float = -65e-3,
        v_threshold: float = -52e-3, refractory: float = 0.0, tau_s: float = 5e-3, tau_e: float = 5e-3,
        tau_i: float = 10e-3, e_exc: float = 0.0, e_inh: float = -80e-3, current: bool = False) -> Neuron:
    """A leaky membrane that spikes at a fixed threshold and is reset.

    tau dv/dt = v_rest - v + drive;  spike where v > v_threshold;  then v = v_reset, held for `refractory` seconds

    synapse="delta": a spike of weight w adds w volts to v (project onto "v").
    "exponential": tau_s dI/dt = -I, a spike adds w volts to I (onto "I").
    "alpha": an alpha function w (t/tau_s) exp(-t/tau_s), as tau_s dI/dt = g - I, tau_s dg/dt = -g (onto "g").
    "conductance": drive = ge (e_exc - v) + gi (e_inh - v), conductances relative to the leak (onto "ge", "gi").
    current: adds a variable `I_ext` (V) that a signal can drive.

    tau, refractory, tau_s, tau_e, tau_i: seconds. v_*, e_*: volts. The first three are integrated exactly, the last by
    exponential Euler. Raises PlasticityError for an unknown synapse, a time constant that is
    not positive, and tau_s equal to tau.

    Source: Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, chapters 1 and 3.
    """
    if synapse in ("exponential", "alpha") and tau_s == tau:
        raise PlasticityError(f"tau_s must differ from tau, got {tau_s!r} s for both (the exact solution divides by "
                              "their difference); change one of them slightly")
    chosen = SYNAPSES[choice("synapse", synapse, SYNAPSES)]
    own = {"exponential": seconds(tau_s=tau_s), "alpha": seconds(tau_s=tau_s),
           "conductance": seconds(tau_e=tau_e, tau_i=tau_i) | volts(e_exc=e_exc, e_inh=e_inh)}
    lines = [f"dv/dt = (v_rest - v{chosen.drive}{' + I_ext' * current})/tau : volt (unless refractory)",
             *chosen.equations.splitlines(), *["I_ext : volt"] * current]
    return Neuron(
        "\n".join(lines), threshold="v > v_threshold", reset="v = v_reset", refractory=refractory,
        method=chosen.method, initial={"v": "v_rest"}, name=f"lif_{synapse}",
        params=seconds(tau=tau) | volts(v_rest=v_rest, v_reset=v_reset, v_threshold=v_threshold) | own.get(synapse, {}),
        source="Gerstner, Kistler, Naud & Paninski 2014")
