"""Five published rules that stretch the language, as a user would write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity.rule import Rule, State, Trace


def clopath() -> Rule:
    """Voltage-based STDP with homeostasis (Clopath, Buesing, Vasilaki & Gerstner 2010), in volts and seconds.

    The depressing and potentiating filters see the voltage as it was 4 ms ago; a filter of a delayed voltage is the
    delayed filter.
    """
    return Rule(
        pre={"x": Trace(15e-3)},
        post={"u_minus": State(initial=-0.0706), "u_plus": State(initial=-0.0706), "u_slow": State(initial=0.01)},
        let={"plus": "u_plus + (1 - exp(-dt / tau_plus)) * (delayed(v, lag) - u_plus)",
             "above": "(v - theta_plus) * (v > theta_plus) * (plus - theta_minus) * (plus > theta_minus)"},
        on_step={"u_minus": "u_minus + (1 - exp(-dt / tau_minus)) * (delayed(v, lag) - u_minus)",
                 "u_plus": "plus",
                 "u_slow": "u_slow + (1 - exp(-dt / tau_slow)) * (v - v_rest - u_slow)",
                 "dw/dt": "a_ltp * x / tau_x * above"},
        on_pre={"w": "-a_ltd * u_slow**2 / u_ref2 * (u_minus - theta_minus) * (u_minus > theta_minus)"},
        params={"a_ltd": 0.14, "a_ltp": 80.0, "theta_minus": -0.0706, "theta_plus": -0.0453, "v_rest": -0.0706,
                "tau_x": 15e-3, "tau_minus": 10e-3, "tau_plus": 7e-3, "tau_slow": 1.0, "u_ref2": 60e-6, "lag": 4e-3},
        reads={"v": "post"}, w_min=0.0, w_max=3.0, name="clopath",
        source="Clopath, Buesing, Vasilaki & Gerstner 2010")


def graupner_brunel(sigma: float = 2.8284) -> Rule:
    """Calcium-based plasticity with noise (Graupner & Brunel 2012), set DP; give the 13.7 ms as axonal_delay."""
    return Rule(
        syn={"c": State(20e-3)},
        on_pre={"c": "c_pre"},
        on_post={"c": "c_post"},
        let={"high": "c > theta_p", "low": "c > theta_d"},
        on_step={"dw/dt": "(-w * (1 - w) * (w_star - w) + gamma_p * (1 - w) * high - gamma_d * w * low"
                          " + sigma * sqrt(tau * (low + high)) * noise) / tau"},
        params={"c_pre": 1.0, "c_post": 2.0, "theta_d": 1.0, "theta_p": 1.3, "gamma_d": 200.0, "gamma_p": 321.808,
                "sigma": sigma, "tau": 150.0, "w_star": 0.5},
        name="graupner_brunel", source="Graupner & Brunel 2012")


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


def dopamine_stdp() -> Rule:
    """Pairs of spikes leave an eligibility that dopamine turns into change within a second (Izhikevich 2007)."""
    return Rule(
        pre={"x": Trace(20e-3)},
        post={"y": Trace(20e-3)},
        syn={"c": State(1.0)},
        on_pre={"c": "-a_minus * y"},
        on_post={"c": "a_plus * x"},
        on_step={"dw/dt": "c * dopamine"},
        params={"a_plus": 1.0, "a_minus": 1.5}, signals={"dopamine": "global"}, w_min=0.0, w_max=4.0,
        name="dopamine_stdp", source="Izhikevich 2007")


STRESS: Mapping[str, Callable[[], Rule]] = MappingProxyType({
    make.__name__: make for make in (clopath, graupner_brunel, eprop_alif, sanger, dopamine_stdp)})
