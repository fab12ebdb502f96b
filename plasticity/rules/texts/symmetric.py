"""Pair-based plasticity that does not ask which spike came first."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule
from plasticity.rules.texts._parts import finite, trace


@checked
def symmetric_stdp(a: float = 0.005, tau: float = 20e-3, pairing: str = "all", *, order: str = "brian2",
                   w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Two spikes close in time change the synapse by the same amount, whichever came first.

    at a presynaptic spike:   dw = a y
    at a postsynaptic spike:  dw = a x

    so that a pair changes the weight by a exp(-|dt|/tau). a > 0 is Hebbian, a < 0 anti-Hebbian. A coincident pair
    counts once with order="brian2", not at all with "strict", twice with "inclusive".

    a: weight change (unit of w). tau: seconds. pairing: "all" earlier spikes or the "nearest" one.
    w_min, w_max: bounds.

    The symmetric window was measured at CA3-CA3 synapses, where it is broad (half-width about 150 ms), by Mishra, Kim,
    Guzman & Jonas 2016, Nature Communications 7:11552. The exponential shape and the default numbers are this
    library's choice; for a symmetric window with a set point, see `vogels_istdp`.
    """
    finite(a=a)
    return Rule(
        pre={"x": trace(tau, pairing)},
        post={"y": trace(tau, pairing)},
        on_pre={"w": "a * y"},
        on_post={"w": "a * x"},
        params={"a": a},
        w_min=w_min, w_max=w_max, order=order, name="symmetric_stdp", family="pair",
        words="Two spikes close in time change the synapse by the same amount, whichever came first.",
        source="window: Mishra, Kim, Guzman & Jonas 2016; shape and numbers: this library's choice",
        units={"a": "w"})
