"""Pair STDP whose potentiation grows sublinearly with the weight."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule
from plasticity.rules.texts._parts import not_negative, positive, trace


@checked
def power_law_stdp(rate: float = 0.1, alpha: float = 1.0, mu: float = 0.4, w_0: float = 1.0, tau_plus: float = 20e-3,
                   tau_minus: float = 20e-3, pairing: str = "all", *, order: str = "brian2", w_min: float = 0.0,
                   w_max: float = float("inf")) -> Rule:
    """Potentiation goes with a power of the weight, depression with the weight itself: weights settle at one value.

    at a presynaptic spike:   dw = -rate alpha w y
    at a postsynaptic spike:  dw =  rate w_0^(1 - mu) w^mu x

    x, y are traces of the two neurons. Where potentiation and depression meet equally often, weights settle around
    w_0 alpha^(-1/(1 - mu)), without an upper bound.

    rate: learning rate, lambda in the paper (no unit, not negative). alpha: strength of depression (not negative).
    mu: exponent, 0 <= mu <= 1. w_0: reference weight (unit of w, positive). tau_plus, tau_minus: seconds.
    pairing: "all" or "nearest". w_min (at least 0), w_max: bounds.

    Source of the equations: Morrison, Aertsen & Diesmann 2007, Neural Computation 19:1437. The numbers are the defaults
    of NEST's stdp_pl_synapse_hom. alpha sets the weight at which a network settles: choose it for the network.
    """
    not_negative(rate=rate, alpha=alpha, mu=mu, w_min=w_min)
    positive(w_0=w_0, tau_plus=tau_plus, tau_minus=tau_minus)
    if mu > 1:
        raise PlasticityError(f"mu must be at most 1, got {mu!r}")
    return Rule(
        pre={"x": trace(tau_plus, pairing)},
        post={"y": trace(tau_minus, pairing)},
        on_pre={"w": "-rate * alpha * w * y"},
        on_post={"w": "rate * w_0**(1 - mu) * w**mu * x"},
        params={"rate": rate, "alpha": alpha, "mu": mu, "w_0": w_0},
        w_min=w_min, w_max=w_max, order=order, name="power_law_stdp", family="pair",
        words="Potentiation goes with a power of the weight, depression with the weight itself: weights settle.",
        source="equations: Morrison, Aertsen & Diesmann 2007; numbers: NEST's defaults",
        units={"rate": "1", "alpha": "1", "mu": "1", "w_0": "w"})
