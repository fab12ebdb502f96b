"""Published rules that stretch the language, as a user would write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity.rule import Rule, State, Trace


def eprop_alif(tau_m: float = 20e-3) -> Rule:
    """e-prop for adaptive neurons (Bellec et al. 2020): eligibility as a recursion, times a learning signal."""
    return Rule(
        pre={"z": Trace(tau_m)},
        syn={"eps_a": State(), "e_bar": State()},
        let={"rho": "exp(-dt / tau_a)", "kappa": "exp(-dt / tau_out)", "eps_v": "z * exp(dt / tau_m)",
             "e": "psi * (eps_v - beta * eps_a)", "filtered": "kappa * e_bar + (1 - kappa) * e"},
        on_step={"eps_a": "psi * eps_v + (rho - psi * beta) * eps_a", "e_bar": "filtered",
                 "w": "w - eta * L * filtered"},
        params={"tau_m": tau_m, "tau_a": 0.2, "tau_out": 20e-3, "beta": 0.07, "eta": 0.01},
        reads={"psi": "post"}, signals={"L": "post"}, name="eprop_alif", source="Bellec et al. 2020")


def sanger() -> Rule:
    """The generalised Hebbian algorithm (Sanger 1989): neuron j learns what the neurons before it leave over."""
    return Rule(on_step={"dw/dt": "eta * rate_post * (rate_pre - prefix_sum(w * rate_post))"},
                params={"eta": 1.0}, reads={"rate_pre": "pre", "rate_post": "post"}, name="sanger",
                source="Sanger 1989")


STRESS: Mapping[str, Callable[[], Rule]] = MappingProxyType({
    make.__name__: make for make in (eprop_alif, sanger)})
