"""Plasticity of inhibitory synapses that balances excitation."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule, Trace
from plasticity.rules.texts._parts import not_negative


@checked
def vogels_istdp(eta: float = 1e-3, rho0: float = 3.0, tau: float = 20e-3, *, order: str = "brian2",
                 w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Coincident spikes strengthen an inhibitory synapse, lone presynaptic spikes weaken it: rates settle at rho0.

    at a presynaptic spike:   dw = eta (y - alpha),  alpha = 2 rho0 tau
    at a postsynaptic spike:  dw = eta x

    x, y are traces of the two neurons (+1 per spike, decaying with tau).

    eta: learning rate (unit of w). rho0: target rate of the postsynaptic neuron (Hz). tau: seconds.
    w_min, w_max: bounds of the strength of inhibition, a positive number (let the projection's scale be negative).

    Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, Science 334:1569. eta is the
    default of NEST's synapse of that name; scale it with the unit of w.
    """
    not_negative(eta=eta, rho0=rho0)
    return Rule(
        pre={"x": Trace(tau)},
        post={"y": Trace(tau)},
        on_pre={"w": "eta * (y - alpha)"},
        on_post={"w": "eta * x"},
        params={"eta": eta, "alpha": 2.0 * rho0 * tau},
        w_min=w_min, w_max=w_max, order=order, name="vogels_istdp", family="inhibitory",
        words="Coincident spikes strengthen an inhibitory synapse, lone presynaptic spikes weaken it, until the "
              f"postsynaptic rate is {rho0:g} Hz.",
        source="Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011",
        units={"eta": "w", "alpha": "1"})
