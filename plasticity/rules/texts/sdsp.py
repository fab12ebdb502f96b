"""Spike-driven plasticity of bistable synapses, gated by voltage and calcium."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule, Trace
from plasticity.rules.texts._parts import finite, not_negative, positive


@checked
def sdsp(a: float = 0.1, b: float = 0.1, theta_v: float = 0.8, up: tuple[float, float] = (3.0, 13.0),
         down: tuple[float, float] = (3.0, 4.0), theta_x: float = 0.5, alpha: float = 3.5, beta: float = 3.5,
         tau_c: float = 60e-3, *, order: str = "brian2", w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """A presynaptic spike moves the synapse up or down by the neuron's voltage, if its recent rate is in a window.

    at a presynaptic spike:  dw =  a  if v >  theta_v and up[0] < c < up[1]
                             dw = -b  if v <= theta_v and down[0] < c < down[1]
    in every step:           dw/dt = alpha if w > theta_x, else -beta

    v is the postsynaptic voltage; c counts postsynaptic spikes (+1 each) and decays with tau_c. Without spikes w drifts
    to the nearer bound and stays there. w is the paper's internal variable X; its synapses transmit only whether X is
    above theta_x, which is left to the reader of the weights.

    a, b: jumps (unit of w). theta_v: in the unit of v; the paper's neuron spikes at 1. up, down: windows of c, in
    spikes. theta_x: unit of w. alpha, beta: drift (unit of w per second). tau_c: seconds. w_min, w_max: bounds.

    Source: Brader, Senn & Fusi 2007, Neural Computation 19:2881. The numbers are those that an independent program of
    the paper's network (for GeNN) lists; the paper's own table was not at hand.
    """
    not_negative(a=a, b=b, alpha=alpha, beta=beta)
    finite(theta_v=theta_v, theta_x=theta_x)
    positive(tau_c=tau_c)
    for name, window in (("up", up), ("down", down)):
        if len(window) != 2 or not window[0] < window[1]:
            raise PlasticityError(f"{name} must be (low, high) with low < high, got {window!r}")
    return Rule(
        post={"c": Trace(tau_c)},
        on_pre={"w": "a * (v > theta_v) * (c > up_low) * (c < up_high)"
                     " - b * (v <= theta_v) * (c > down_low) * (c < down_high)"},
        on_step={"dw/dt": "alpha * (w > theta_x) - beta * (w <= theta_x)"},
        params={"a": a, "b": b, "theta_v": theta_v, "up_low": up[0], "up_high": up[1], "down_low": down[0],
                "down_high": down[1], "theta_x": theta_x, "alpha": alpha, "beta": beta},
        reads={"v": "post"}, w_min=w_min, w_max=w_max, order=order, name="sdsp", family="voltage",
        words="A presynaptic spike moves a bistable synapse up or down by the neuron's voltage, if its recent rate is "
              "in a window.",
        source="Brader, Senn & Fusi 2007; numbers: as in a program of its network for GeNN",
        units={"a": "w", "b": "w", "theta_x": "w", "alpha": "w/s", "beta": "w/s"})
