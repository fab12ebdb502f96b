"""The rate of a leaky integrate-and-fire neuron, smoothed at its threshold so that gradients pass."""

from __future__ import annotations

from plasticity._utils.ranges import FINITE, POSITIVE, require
from plasticity._utils.typed import checked
from plasticity.neurons._parts import seconds
from plasticity.neurons.neuron import Neuron

#: log(1 + 1/z), z = gamma log(1 + exp(u)); far below the threshold, where z is 0 in floats, as it is in the limit
_LOG = "where(u > -20, log1p(1/(gamma*where(u > 30, u, log1p(exp(u))))), -u - log(gamma))"


@checked
def softlif(tau_rc: float = 20e-3, tau_ref: float = 2e-3, gamma: float = 0.02, amplitude: float = 1.0,
            bias: float = 0.0) -> Neuron:
    """The soft LIF unit: it sends the rate at which a LIF neuron would fire, for networks that will spike later.

    y = amplitude/(tau_ref + tau_rc log(1 + 1/z)),  z = gamma log(1 + exp((J - 1)/gamma)),  J = x + bias

    x is what arrives in variable `x` (project onto "x"), in units of the threshold; it is gone after one step, and the
    unit answers in the next. Where J exceeds the threshold, 1, counts as a spike. With gamma to 0 it is the rate of
    `lif`, whose derivative is infinite at the threshold; amplitude 1: in Hz.

    tau_rc, tau_ref: seconds. gamma, amplitude: positive numbers. bias: number; the authors train with 1.

    Source: Hunsberger & Eliasmith 2015, arXiv:1510.08829, equations 3 and 4; computed as NengoDL's SoftLIFRate does.
    """
    require(POSITIVE, gamma=gamma, amplitude=amplitude)
    require(FINITE, bias=bias)
    return Neuron(
        update=f"u = (x + bias - 1)/gamma; y = amplitude/(tau_ref + tau_rc*{_LOG}); x = 0*x",
        threshold="u > 0", output="y", name="softlif", source="Hunsberger & Eliasmith 2015",
        params=seconds(tau_rc=tau_rc, tau_ref=tau_ref) | {"gamma": gamma, "amplitude": amplitude, "bias": bias})
