"""Plasticity driven by calcium, with its published parameter sets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from plasticity._utils.typed import checked
from plasticity.errors import choice
from plasticity.language.rule import Rule, State
from plasticity.rules.texts._parts import not_negative


class Fit(NamedTuple):
    """One set of parameters, times in seconds.

    delay: from the presynaptic spike to its calcium; give it to the projection as axonal_delay. b: strength of a
    potentiated synapse relative to a depressed one. beta: fraction of synapses that start depressed.
    """

    tau_ca: float
    c_pre: float
    c_post: float
    theta_d: float
    theta_p: float
    gamma_d: float
    gamma_p: float
    sigma: float
    tau: float
    delay: float
    b: float
    beta: float


#: fit -> parameters; Graupner & Brunel 2012
FITS: Mapping[str, Fit] = MappingProxyType({
    "DP": Fit(20e-3, 1.0, 2.0, 1.0, 1.3, 200.0, 321.808, 2.8284, 150.0, 13.7e-3, 5.0, 0.5),
    "DPD": Fit(20e-3, 0.9, 0.9, 1.0, 1.3, 250.0, 550.0, 2.8284, 150.0, 4.6e-3, 5.0, 0.5),
    "DPD'": Fit(20e-3, 1.0, 2.0, 1.0, 2.5, 50.0, 600.0, 2.8284, 150.0, 2.2e-3, 5.0, 0.5),
    "P": Fit(20e-3, 2.0, 2.0, 1.0, 1.3, 160.0, 257.447, 2.8284, 150.0, 0.0, 5.0, 0.5),
    "D": Fit(20e-3, 0.6, 0.6, 1.0, 1.3, 500.0, 550.0, 5.6568, 150.0, 0.0, 5.0, 0.5),
    "D'": Fit(20e-3, 1.0, 2.0, 1.0, 3.5, 60.0, 600.0, 2.8284, 150.0, 0.0, 5.0, 0.5),
    "hippocampal_slices": Fit(48.8373e-3, 1.0, 0.275865, 1.0, 1.3, 313.0965, 1645.59, 9.1844, 688.355, 18.8008e-3,
                              5.28145, 0.7),
    "hippocampal_cultures": Fit(11.9536e-3, 0.58156, 1.76444, 1.0, 1.3, 61.141, 113.6545, 2.5654, 33.7596, 10e-3,
                                36.0263, 0.5),
    "cortical_slices": Fit(22.6936e-3, 0.5617539, 1.23964, 1.0, 1.3, 331.909, 725.085, 3.3501, 346.3615, 4.6098e-3,
                           5.40988, 0.5),
})


@checked
def graupner_brunel(fit: str = "DP", *, sigma: float | None = None, order: str = "brian2", w_min: float = 0.0,
                    w_max: float = 1.0) -> Rule:
    """Calcium from both neurons' spikes potentiates above one threshold and depresses above another; w is bistable.

    tau dw/dt = -w (1 - w) (w_star - w) + gamma_p (1 - w) [c > theta_p] - gamma_d w [c > theta_d]
                + sigma sqrt(tau ([c > theta_d] + [c > theta_p])) noise

    c decays with tau_ca and gains c_pre at a presynaptic and c_post at a postsynaptic spike. w is the efficacy rho of
    the paper, between 0 (depressed) and 1 (potentiated). Without calcium it returns to the nearer of the two, over
    hours. noise is white, of unit density, and independent for each synapse.

    fit: one of the published sets: "DP", "DPD", "DPD'", "P", "D", "D'" (the shapes of the STDP curve),
    "hippocampal_slices", "hippocampal_cultures", "cortical_slices" (fits to data). Its presynaptic delay belongs to the
    projection: axonal_delay=FITS[fit].delay, from `plasticity.rules.graupner_brunel`.
    sigma: amplitude of the noise; None for the set's own, 0 for none. w_min, w_max: bounds; the noise is not bounded in
    the paper, so use infinite ones to compare with its theory.

    Forward Euler: a change of dt shifts a threshold crossing by up to dt, so use dt well below tau_ca.

    Source: Graupner & Brunel 2012, PNAS 109:3991, supporting tables, with the noise term as corrected later by the
    authors (sqrt of tau times the number of thresholds that calcium exceeds).
    """
    found = FITS[choice("fit", fit, FITS)]
    sigma = found.sigma if sigma is None else sigma
    not_negative(sigma=sigma)
    names = ("c_pre", "c_post", "theta_d", "theta_p", "gamma_d", "gamma_p", "tau")
    noisy = " + sigma * sqrt(tau * (high + low)) * noise" if sigma else ""
    return Rule(
        syn={"c": State(found.tau_ca)},
        on_pre={"c": "c_pre"},
        on_post={"c": "c_post"},
        let={"high": "c > theta_p", "low": "c > theta_d"},
        on_step={"dw/dt": "(-w * (1 - w) * (w_star - w) + gamma_p * (1 - w) * high - gamma_d * w * low" + noisy
                          + ") / tau"},
        params={name: getattr(found, name) for name in names} | {"w_star": 0.5} | ({"sigma": sigma} if sigma else {}),
        w_min=w_min, w_max=w_max, order=order, name="graupner_brunel", family="calcium",
        words="Calcium from both neurons' spikes potentiates above one threshold and depresses above another.",
        source=f"Graupner & Brunel 2012 ({fit.replace('_', ' ')})",
        units={"tau": "s", "sigma": "1"} if sigma else {"tau": "s"})
