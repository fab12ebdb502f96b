"""The rate of a leaky integrate-and-fire neuron, smoothed at its threshold so that gradients pass."""

from __future__ import annotations

from plasticity._utils.ranges import BELOW_ONE, FINITE, NOT_NEGATIVE, POSITIVE, require
from plasticity._utils.typed import checked
from plasticity.neurons._parts import seconds
from plasticity.neurons.neuron import Neuron

#: log(1 + 1/z), z = gamma log(1 + exp(u)); far below the threshold, where z is 0 in floats, as it is in the limit
_LOG = "where(u > -20, log1p(1/(gamma*where(u > 30, u, log1p(exp(u))))), -u - log(gamma))"


@checked
def softlif(tau_rc: float = 20e-3, tau_ref: float = 2e-3, gamma: float = 0.02, amplitude: float = 1.0,
            bias: float = 0.0, rate_noise: float = 0.0, current_noise: float = 0.0, dropout: float = 0.0) -> Neuron:
    """The soft LIF unit: it sends the rate at which a LIF neuron would fire, for networks that will spike later.

    y = amplitude/(tau_ref + tau_rc log(1 + 1/z)),  z = gamma log(1 + exp((J - 1)/gamma)),  J = x + bias

    x is what arrives in variable `x` (project onto "x"), in units of the threshold; it is gone after one step, and the
    unit answers in the next. Where J exceeds the threshold, 1, counts as a spike. With gamma to 0 it is the rate of
    `lif`, whose derivative is infinite at the threshold; amplitude 1: in Hz.

    While it learns it may be disturbed, so that it later bears the variability of spikes: by normal numbers on the rate
    where J > 1 (it is then clipped at 0), of standard deviation `rate_noise` (Hz, before amplitude), or on the current,
    of `current_noise`; and what it sends may be 0 with probability `dropout`, else 1/(1 - dropout) times itself.

    tau_rc, tau_ref: seconds. gamma, amplitude: positive numbers. bias: number; the authors train with 1.
    rate_noise, current_noise: not negative. dropout: from 0 to below 1.

    Source: Hunsberger & Eliasmith 2015, arXiv:1510.08829, equations 3, 4, 6 and 7 (noise on the rate, of
    10 and 20 Hz); computed as NengoDL's SoftLIFRate does. Noise on the current: `propup` of
    github.com/hunse/mnist-nengo (2015), which trains with 0.3.
    """
    require(POSITIVE, gamma=gamma, amplitude=amplitude)
    require(FINITE, bias=bias)
    require(NOT_NEGATIVE, rate_noise=rate_noise, current_noise=current_noise)
    require(BELOW_ONE, dropout=dropout)
    current = "x + bias - 1 + current_noise*normal()" if current_noise else "x + bias - 1"
    rate = f"1/(tau_ref + tau_rc*{_LOG})"
    rate = f"relu({rate} + where(u > 0, rate_noise*normal(), 0))" if rate_noise else rate
    disturbed = {"rate_noise": rate_noise, "current_noise": current_noise, "dropped": dropout}
    return Neuron(
        update=f"u = ({current})/gamma; y = amplitude*{rate}; x = 0*x", threshold="u > 0",
        output="y*dropout(dropped)" if dropout else "y", name="softlif", source="Hunsberger & Eliasmith 2015",
        params=seconds(tau_rc=tau_rc, tau_ref=tau_ref) | {"gamma": gamma, "amplitude": amplitude, "bias": bias}
        | {name: value for name, value in disturbed.items() if value})
