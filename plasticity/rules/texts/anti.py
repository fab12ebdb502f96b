"""Pair STDP with the signs exchanged."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule
from plasticity.rules.texts._parts import not_negative, positive, trace


@checked
def anti_stdp(a_minus: float = 0.01, a_plus: float = 0.0105, tau_minus: float = 20e-3, tau_plus: float = 20e-3,
              pairing: str = "all", *, order: str = "brian2", w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """A presynaptic spike shortly before a postsynaptic one weakens the synapse, the reverse strengthens it.

    at a presynaptic spike:   dw =  a_plus y
    at a postsynaptic spike:  dw = -a_minus x

    x, y are traces of the two neurons. What predicts a spike loses influence on it, so that a neuron learns to cancel
    what it expects.

    a_minus, a_plus: weight change of a coincident pair (unit of w), not negative. tau_minus: window of depression (x),
    tau_plus: of potentiation (y), seconds. pairing: "all" or "nearest". order, w_min, w_max: see `pair_stdp`.

    The anti-Hebbian order dependence was measured in the electrosensory lobe of mormyrid fish by Bell, Han, Sugawara &
    Grant 1997, Nature 387:278. The exponential windows and the numbers are those of `pair_stdp`, this library's choice.
    """
    not_negative(a_minus=a_minus, a_plus=a_plus)
    positive(tau_minus=tau_minus, tau_plus=tau_plus)
    return Rule(
        pre={"x": trace(tau_minus, pairing)},
        post={"y": trace(tau_plus, pairing)},
        on_pre={"w": "a_plus * y"},
        on_post={"w": "-a_minus * x"},
        params={"a_minus": a_minus, "a_plus": a_plus},
        w_min=w_min, w_max=w_max, order=order, name="anti_stdp", family="pair",
        words="A presynaptic spike before a postsynaptic one weakens the synapse, the reverse strengthens it.",
        source="Bell, Han, Sugawara & Grant 1997; window and numbers: this library's choice",
        units={"a_minus": "w", "a_plus": "w"})
