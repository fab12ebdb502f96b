"""Plasticity by the order of first spikes, for networks in which a neuron spikes at most once per image."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule, Trace
from plasticity.rules.texts._parts import finite_bounds, not_negative


@checked
def rank_order_stdp(a_plus: float = 0.004, a_minus: float = 0.003, *, order: str = "brian2", w_min: float = 0.0,
                    w_max: float = 1.0) -> Rule:
    """When a neuron spikes, inputs that spiked before it gain strength, all others lose it, however long ago.

    at a postsynaptic spike:  dw =  a_plus  (w - w_min) (w_max - w)   for inputs that have spiked in this presentation
                              dw = -a_minus (w - w_min) (w_max - w)   for inputs that have not

    Only order matters, not time. With bounds 0 and 1 the change is a w (1 - w): it vanishes at both bounds, and weights
    end up near one of them. A coincident presynaptic spike counts as earlier (t_pre <= t_post in the paper), except
    with order="strict".

    a_plus, a_minus: learning rates (1/w), not negative. w_min, w_max: bounds, both finite.

    Source: Kheradpisheh, Ganjtabesh, Thorpe & Masquelier 2018, Neural Networks 99:56; the rates are the defaults of
    SpykeTorch, which repeats its experiments.
    """
    not_negative(a_plus=a_plus, a_minus=a_minus)
    finite_bounds("rank_order_stdp", w_min, w_max)
    return Rule(
        pre={"x": Trace(rise="set")},
        on_post={"w": "(a_plus * (x > 0) - a_minus * (x == 0)) * (w - w_min) * (w_max - w)"},
        params={"a_plus": a_plus, "a_minus": a_minus},
        w_min=w_min, w_max=w_max, order=order, name="rank_order_stdp", family="order",
        words="When a neuron spikes, inputs that have spiked before gain strength and all others lose it.",
        source="Kheradpisheh, Ganjtabesh, Thorpe & Masquelier 2018",
        units={"a_plus": "1/w", "a_minus": "1/w"})
