"""Pair STDP whose depression grows with the logarithm of the weight."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule
from plasticity.rules.texts._parts import not_negative, positive, trace


@checked
def log_stdp(eta: float = 2e-4, w_0: float = 5e-3, alpha: float = 5.0, beta: float = 50.0, c_plus: float = 1.0,
             c_minus: float = 0.5, tau_plus: float = 17e-3, tau_minus: float = 34e-3, pairing: str = "all", *,
             order: str = "brian2", w_min: float = 0.0, w_max: float = float("inf")) -> Rule:
    """Strong weights are depressed only a little more than middling ones, so that weights spread over a long tail.

    at a presynaptic spike:   dw = -eta f_minus(w) y
    at a postsynaptic spike:  dw =  eta f_plus(w) x

    f_plus(w)  = c_plus exp(-w / (beta w_0))
    f_minus(w) = c_minus w / w_0                                       for w <= w_0
               = c_minus (1 + log(1 + alpha (w / w_0 - 1)) / alpha)    for w >  w_0

    x, y are traces of the two neurons. Near w_0 potentiation and depression balance, as c_plus tau_plus equals
    c_minus tau_minus.

    eta: learning rate (unit of w, not negative). w_0: reference weight (unit of w). alpha: how strongly depression
    saturates. beta: decay of potentiation, in w_0. c_plus, c_minus: amplitudes (no unit). tau_plus, tau_minus: seconds.
    pairing: "all" or "nearest". w_min (at least 0), w_max: bounds.

    Source: Gilson & Fukai 2011, PLoS ONE 6:e25339; form and numbers are the same in an independent program for Brian
    that repeats it. The paper multiplies each change by random noise; this rule does not. w_0 has the scale of the
    modeller's synapses: choose it with the unit of w.
    """
    not_negative(eta=eta, c_plus=c_plus, c_minus=c_minus, w_min=w_min)
    positive(w_0=w_0, alpha=alpha, beta=beta, tau_plus=tau_plus, tau_minus=tau_minus)
    return Rule(
        pre={"x": trace(tau_plus, pairing)},
        post={"y": trace(tau_minus, pairing)},
        let={"strong": "w > w_0",
             "f_plus": "c_plus * exp(-w / (beta * w_0))",
             "excess": "log(1 + alpha * (w / w_0 - 1) * strong) / alpha",
             "f_minus": "c_minus * (w / w_0 * (w <= w_0) + (1 + excess) * strong)"},
        on_pre={"w": "-eta * f_minus * y"},
        on_post={"w": "eta * f_plus * x"},
        params={"eta": eta, "w_0": w_0, "alpha": alpha, "beta": beta, "c_plus": c_plus, "c_minus": c_minus},
        w_min=w_min, w_max=w_max, order=order, name="log_stdp", family="pair",
        words="Depression grows with the logarithm of a strong weight, so that weights spread over a long tail.",
        source="Gilson & Fukai 2011, without its noise",
        units={"eta": "w", "w_0": "w", "alpha": "1", "beta": "1", "c_plus": "1", "c_minus": "1"})
