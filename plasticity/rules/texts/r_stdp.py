"""Plasticity by the order of first spikes whose sign reward and punishment choose."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule, State, Trace
from plasticity.rules.texts._parts import finite_bounds, not_negative


@checked
def r_stdp(a_r_plus: float = 0.005, a_r_minus: float = 0.0025, a_p_plus: float = 0.0005, a_p_minus: float = 0.005, *,
           order: str = "brian2", w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Inputs that led to a spike gain after a right decision and lose after a wrong one; the others do the reverse.

    at a postsynaptic spike:   e = 1 for inputs that have spiked in this presentation, -1 for those that have not
    in a step with reward r:   dw = |r| a (w - w_min) (w_max - w)
                               a =  a_r_plus (e = 1), -a_r_minus (e = -1)    for r > 0
                               a = -a_p_minus (e = 1), a_p_plus (e = -1)     for r < 0

    `reward` is one signal for all synapses, 0 but for one step after the decision; the change does not depend on dt.
    Neurons that have not spiked learn nothing, so let one neuron win (`Population(winner=...)`, inhibition). e lives
    until the end of the presentation and is that of the neuron's last spike. The step in which a neuron spikes is too
    early for its reward. A coincident presynaptic spike counts as earlier, except with order="strict".

    The paper multiplies the rates after right decisions by the share of wrong ones in the last pass and the other way
    round, so that learning slows where there is little to correct: give that factor as the size of the reward.

    a_r_plus, a_r_minus: rates after reward, a_p_plus, a_p_minus: after punishment (1/w), not negative. w_min, w_max:
    bounds, both finite.

    Source: Mozafari, Kheradpisheh, Masquelier, Nowzari-Dalini & Ganjtabesh 2018, IEEE Transactions on Neural Networks
    and Learning Systems 29:6178. The rates are those of its first author's program for Caltech faces and motorbikes;
    for digits (Mozafari et al. 2019, Pattern Recognition 94:87) it has 0.004, 0.003, 0.0005, 0.004 and bounds 0.2, 0.8.
    """
    not_negative(a_r_plus=a_r_plus, a_r_minus=a_r_minus, a_p_plus=a_p_plus, a_p_minus=a_p_minus)
    finite_bounds("r_stdp", w_min, w_max)
    return Rule(
        pre={"x": Trace(rise="set")},
        syn={"e": State()},
        let={"right": "a_r_plus * (e > 0) - a_r_minus * (e < 0)", "wrong": "a_p_plus * (e < 0) - a_p_minus * (e > 0)"},
        on_post={"e": "2 * (x > 0) - 1 - e"},
        on_step={"w": "w + abs(reward) * (right * (reward > 0) + wrong * (reward < 0)) * (w - w_min) * (w_max - w)"},
        params={"a_r_plus": a_r_plus, "a_r_minus": a_r_minus, "a_p_plus": a_p_plus, "a_p_minus": a_p_minus},
        signals={"reward": "global"}, w_min=w_min, w_max=w_max, order=order, name="r_stdp", family="reward",
        words="After a right decision, inputs that spiked before the neuron gain and the others lose; after a wrong "
              "one, the reverse.",
        source="Mozafari, Kheradpisheh, Masquelier, Nowzari-Dalini & Ganjtabesh 2018",
        units={"a_r_plus": "1/w", "a_r_minus": "1/w", "a_p_plus": "1/w", "a_p_minus": "1/w"})
