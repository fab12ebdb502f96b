"""Plasticity of inhibitory synapses that balances excitation."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule, Trace
from plasticity.rules.texts._parts import not_negative, positive


@checked
def vogels_istdp(eta: float = 1e-3, rho0: float = 3.0, tau: float = 20e-3, *, tau_post: float | None = None,
                 halves: bool = False, order: str = "brian2", w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Coincident spikes strengthen an inhibitory synapse, lone presynaptic spikes weaken it: rates settle at rho0.

    at a presynaptic spike:   dw = eta (y - alpha),  alpha = 2 rho0 tau
    at a postsynaptic spike:  dw = eta x

    x, y are traces of the two neurons (+1 per spike, decaying with tau, or y with tau_post).

    eta: learning rate (unit of w). rho0: target rate of the postsynaptic neuron (Hz). tau, tau_post: seconds; rates
    settle at rho0 where tau_post is tau, as it is by default. halves: clip the weight between eta y and -eta alpha too,
    as NEST does. w_min, w_max: bounds of the strength of inhibition, a positive number (let the projection's scale be
    negative). Raises PlasticityError for values out of range.

    Source: Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011, Science 334:1569. eta is the
    default of NEST's synapse of that name; scale it with the unit of w.
    """
    tau_post = tau if tau_post is None else tau_post
    not_negative(eta=eta, rho0=rho0)
    positive(tau=tau, tau_post=tau_post)
    return Rule(
        pre={"x": Trace(tau)},
        post={"y": Trace(tau_post)},
        on_pre={"w": "clip(w + eta * y, w_min, w_max) - w - eta * alpha" if halves else "eta * (y - alpha)"},
        on_post={"w": "eta * x"},
        params={"eta": eta, "alpha": 2.0 * rho0 * tau},
        w_min=w_min, w_max=w_max, order=order, name="vogels_istdp", family="inhibitory",
        words="Coincident spikes strengthen an inhibitory synapse, lone presynaptic spikes weaken it, until the "
              f"postsynaptic rate is {rho0:g} Hz.",
        source="Vogels, Sprekeler, Zenke, Clopath & Gerstner 2011",
        units={"eta": "w", "alpha": "1"})
