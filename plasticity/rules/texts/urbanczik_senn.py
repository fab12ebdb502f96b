"""Plasticity by which a dendrite learns to predict the spikes of its soma."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule, State, Trace
from plasticity.rules.texts._parts import finite, not_negative, positive


@checked
def urbanczik_senn(eta: float = 5e-5, share: float = 600 / 630, e_l: float = -70e-3, theta: float = -55e-3,
                   beta: float = 1e3 / 3, k: float = 0.5, phi_max: float = 150.0, tau_m: float = 10e-3,
                   tau_s: float = 3e-3, tau_delta: float = 0.1, *, order: str = "brian2", w_min: float = 0.0,
                   w_max: float = 1.0) -> Rule:
    """A dendritic synapse grows where the soma spikes more than the dendrite alone would make it, else it shrinks.

    at a postsynaptic spike:  de = eta h psp
    in every step:            de/dt = -eta phi h psp  (beside the decay with tau_delta),  dw/dt = e / tau_delta
                              (w gains what e has lost since the last step, which is exact)

    phi = phi_max / (1 + k exp(beta (theta - v_star))) is the rate (Hz) at which the soma would spike if it followed the
    dendrite, v_star = e_l + share (v_dendrite - e_l), and h = (d phi / d v_star) / phi. psp is the potential that one
    spike of this synapse makes: tau_s / (tau_m - tau_s) (x - x_s), two traces, for a synaptic current that starts at 1
    and decays with tau_s. e is the error, which becomes change of the weight within about tau_delta.

    `v_dendrite` is read from the postsynaptic neuron (V). The mean of the change is the gradient of the likelihood of
    the soma's spikes under the rate that the dendrite predicts, so learning stops when that rate is right.

    eta: learning rate (unit of w times V). share: coupling g_d / (g_d + g_l) of soma and dendrite, 0 to 1. e_l, theta:
    V. beta: 1/V. k: no unit. phi_max: Hz. tau_m, tau_s, tau_delta: seconds, tau_s < tau_m. w_min, w_max: bounds.
    Raises PlasticityError for values out of range.

    Source: Urbanczik & Senn 2014, Neuron 81:521. The numbers are those of NEST's test of urbanczik_synapse with
    pp_cond_exp_mc_urbanczik, but for eta and the bounds, this library's choice (NEST's eta has another unit).
    """
    not_negative(eta=eta)
    finite(e_l=e_l, theta=theta)
    positive(beta=beta, k=k, phi_max=phi_max, tau_m=tau_m, tau_s=tau_s, tau_delta=tau_delta)
    if not 0 < share <= 1:
        raise PlasticityError(f"share must lie between 0 and 1 (1 included), got {share!r}")
    if not tau_s < tau_m:
        raise PlasticityError(f"tau_s must be below tau_m, got {tau_s!r} and {tau_m!r}")
    return Rule(
        pre={"x": Trace(tau_m), "x_s": Trace(tau_s)},
        syn={"e": State(tau_delta)},
        let={"v_star": "e_l + share * (v_dendrite - e_l)",
             "odds": "k * exp(beta * (theta - v_star))",
             "phi": "phi_max / (1 + odds)",
             "h": "beta * odds / (1 + odds)",
             "psp": "tau_s / (tau_m - tau_s) * (x - x_s)"},
        on_post={"e": "eta * h * psp"},
        on_step={"de/dt": "-eta * phi * h * psp", "w": "w + (exp(dt / tau_delta) - 1) * e"},
        params={"eta": eta, "share": share, "e_l": e_l, "theta": theta, "beta": beta, "k": k, "phi_max": phi_max,
                "tau_m": tau_m, "tau_s": tau_s, "tau_delta": tau_delta},
        reads={"v_dendrite": "post"}, w_min=w_min, w_max=w_max, order=order, name="urbanczik_senn", family="voltage",
        words="A dendritic synapse grows where the soma spikes more than its dendrite predicts, and else shrinks.",
        source="Urbanczik & Senn 2014; numbers: NEST's test of its synapse of that name",
        units={"eta": "w V", "share": "1", "e_l": "V", "theta": "V", "beta": "1/V", "k": "1", "phi_max": "Hz",
               "tau_m": "s", "tau_s": "s", "tau_delta": "s"})
