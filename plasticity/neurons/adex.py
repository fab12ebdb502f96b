"""The adaptive exponential integrate-and-fire neuron."""

from __future__ import annotations

from plasticity._utils.ranges import POSITIVE, require
from plasticity._utils.typed import checked
from plasticity.neurons._parts import quantities, quantity, seconds, volts
from plasticity.neurons.neuron import Neuron


@checked
def adex(c: float = 281e-12, g_l: float = 30e-9, e_l: float = -70.6e-3, v_t: float = -50.4e-3, delta_t: float = 2e-3,
         a: float = 4e-9, b: float = 80.5e-12, tau_w: float = 144e-3, v_reset: float = -70.6e-3, v_peak: float = 0.0,
         tau_s: float = 5e-3, refractory: float = 0.0, current: bool = False) -> Neuron:
    """A membrane with an exponential upstroke and a slow adaptation current; two equations fit many firing patterns.

    c dv/dt = -g_l (v - e_l) + g_l delta_t exp((v - v_t)/delta_t) - w + I
    tau_w dw/dt = a (v - e_l) - w;  tau_s dI/dt = -I;  spike where v > v_peak; then v = v_reset, w += b

    Project onto "I" (weights in amperes). current: adds a variable `I_ext` (A) that a signal can drive.
    Integrated by forward Euler; use dt of 0.1 ms or less, the upstroke is steep.

    c: farads. g_l, a: siemens. e_l, v_t, delta_t, v_reset, v_peak: volts. b: amperes. tau_w, tau_s, refractory:
    seconds. Raises PlasticityError for what is not a number or a time constant that is not positive.

    Source: Brette & Gerstner 2005, Journal of Neurophysiology 94:3637, with its parameters; the numerical
    threshold v_peak is lowered from 20 mV, and the synaptic current is this library's.
    """
    require(POSITIVE, c=c, g_l=g_l, delta_t=delta_t)
    total = "w - I - I_ext" if current else "w - I"
    return Neuron(
        f"""dv/dt = (g_l*(e_l - v) + g_l*delta_t*exp((v - v_t)/delta_t) - ({total}))/c : volt (unless refractory)
            dw/dt = (a*(v - e_l) - w)/tau_w : amp
            dI/dt = -I/tau_s : amp
            {'I_ext : amp' * current}""",
        threshold="v > v_peak", reset="v = v_reset; w += b", refractory=refractory, method="euler",
        initial={"v": "e_l"}, name="adex", source="Brette & Gerstner 2005",
        params=seconds(tau_w=tau_w, tau_s=tau_s)
        | volts(e_l=e_l, v_t=v_t, delta_t=delta_t, v_reset=v_reset, v_peak=v_peak)
        | quantities("siemens", g_l=g_l, a=a) | quantities("amp", b=b) | {"c": quantity(c, "farad")})
