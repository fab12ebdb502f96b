"""Pair-based spike-timing-dependent plasticity."""

from __future__ import annotations

from plasticity._utils.typed import checked
from plasticity.language.rule import Rule
from plasticity.rules.texts._parts import finite, positive, soft_bounds, toward, trace


@checked
def pair_stdp(a_plus: float = 0.01, a_minus: float = 0.0105, tau_plus: float = 20e-3, tau_minus: float = 20e-3,
              mu_plus: float = 0.0, mu_minus: float = 0.0, pairing: str = "all", *, order: str = "brian2",
              w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """A presynaptic spike shortly before a postsynaptic one strengthens the synapse, the reverse weakens it.

    at a presynaptic spike:   dw = -a_minus s^mu_minus y
    at a postsynaptic spike:  dw =  a_plus (1 - s)^mu_plus x,    s = (w - w_min) / (w_max - w_min)

    x, y are traces of the two neurons, decaying with tau_plus and tau_minus. With pairing="all" each spike adds 1, so
    every pair counts by a exp(-|dt|/tau); with "nearest" it sets the trace to 1, so that only the last spike does.

    a_plus, a_minus: weight change of a coincident pair (unit of w; of any sign, finite). tau_plus, tau_minus: seconds.
    mu_plus, mu_minus: 0 additive, 1 multiplicative, anything between (needs finite bounds).
    order: which of two coincident spikes acts first (`plasticity.language.rule.ORDERS`). w_min, w_max: bounds.

    Other simulators' rules of this kind: BindsNET's PostPre is order="inclusive" with pairing "nearest" (its default
    traces) or "all" (additive ones); its WeightDependentPostPre the same with mu_plus = mu_minus = 1 and both
    amplitudes times (w_max - w_min); its Hebbian has a negative a_minus. It makes all changes of a step at once
    (`plasticity.rules.once_per_step`).

    Defaults: Song, Miller & Abbott 2000, Nature Neuroscience 3:919, equation 1 (a_minus/a_plus = 1.05, 20 ms). Weight
    dependence: Guetig, Aharonov, Rotter & Sompolinsky 2003, Journal of Neuroscience 23:3697. Traces and
    pairings: Morrison, Diesmann & Gerstner 2008, Biological Cybernetics 98:459.
    """
    finite(a_plus=a_plus, a_minus=a_minus)
    positive(tau_plus=tau_plus, tau_minus=tau_minus)
    powers = soft_bounds(w_min, w_max, mu_plus=mu_plus, mu_minus=mu_minus)
    share = "(w - w_min) / (w_max - w_min)" if w_min else "w / w_max"
    return Rule(
        pre={"x": trace(tau_plus, pairing)},
        post={"y": trace(tau_minus, pairing)},
        on_pre={"w": toward("-a_minus * y", share, "mu_minus", mu_minus)},
        on_post={"w": toward("a_plus * x", f"1 - {share}", "mu_plus", mu_plus)},
        params={"a_plus": a_plus, "a_minus": a_minus, **powers},
        w_min=w_min, w_max=w_max, order=order, name="pair_stdp", family="pair",
        words="A presynaptic spike before a postsynaptic one strengthens the synapse, the reverse weakens it.",
        source="Song, Miller & Abbott 2000; weight dependence: Guetig, Aharonov, Rotter & Sompolinsky 2003",
        units={"a_plus": "w", "a_minus": "w", **dict.fromkeys(powers, "1")})
