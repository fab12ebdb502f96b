"""Pair-based plasticity in which only neighbouring spikes form pairs, in three readings of "neighbouring"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity._utils.typed import checked
from plasticity.errors import choice
from plasticity.language.rule import Rule, State, Trace
from plasticity.rules.texts._parts import not_negative, positive, soft_bounds, toward


@checked
def nearest_stdp(scheme: str = "symmetric", a_plus: float = 0.01, a_minus: float = 0.0105, tau_plus: float = 20e-3,
                 tau_minus: float = 20e-3, mu_plus: float = 0.0, mu_minus: float = 0.0, *, order: str = "brian2",
                 w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Pair STDP in which a spike is paired only with its neighbours in time.

    a pair of spikes changes the weight by a_plus (1 - s)^mu_plus exp(-dt/tau_plus) if the presynaptic one came first,
    and by -a_minus s^mu_minus exp(-dt/tau_minus) if the postsynaptic one did; s runs from 0 at w_min to 1 at w_max.
    Which spikes form pairs:

    scheme="symmetric": a presynaptic spike with the last postsynaptic one, a postsynaptic with the last presynaptic.
    scheme="presynaptic_centred": a presynaptic spike with the last and with the next postsynaptic one; so several
        presynaptic spikes between two postsynaptic ones all count.
    scheme="reduced_symmetric": only spikes that follow each other directly; no spike takes part in two pairs of the
        same sign.
    scheme="reduced_symmetric_nest": the same, but as NEST's synapse has it where spikes coincide (order="strict"): a
        presynaptic spike that meets a postsynaptic one is paired with the one before that, even if that had a partner,
        and the spike it met finds none later. Without coincident spikes there is no difference.

    a_plus, a_minus: weight change of a coincident pair (unit of w), not negative. tau_plus, tau_minus: seconds.
    mu_plus, mu_minus: as in `pair_stdp` (0: no dependence on the weight). order: as there. With "strict" a coincident
    pair does nothing, and both of its spikes stay free for a later partner. w_min, w_max: bounds. Raises
    PlasticityError for an unknown scheme and for values out of range.

    Source: Morrison, Diesmann & Gerstner 2008, Biological Cybernetics 98:459, figure 7A, B and C. Amplitudes and time
    constants are those of `pair_stdp`. NEST's stdp_nn_symm, _pre_centered and _restr synapses are the first, second and
    last of these schemes in strict order, with a dendritic delay and, for the first and last, a presynaptic spike at
    time 0 that nobody asked for.
    """
    not_negative(a_plus=a_plus, a_minus=a_minus)
    positive(tau_plus=tau_plus, tau_minus=tau_minus)
    powers = soft_bounds(w_min, w_max, mu_plus=mu_plus, mu_minus=mu_minus)
    parts = SCHEMES[choice("scheme", scheme, SCHEMES)](tau_plus, tau_minus)
    share = "(w - w_min) / (w_max - w_min)"
    parts["on_pre"]["w"] = toward(parts["on_pre"]["w"], share, "mu_minus", mu_minus)
    parts["on_post"]["w"] = toward(parts["on_post"]["w"], f"1 - {share}", "mu_plus", mu_plus)
    return Rule(
        **parts, params={"a_plus": a_plus, "a_minus": a_minus, **powers},
        w_min=w_min, w_max=w_max, order=order, name=f"nearest_stdp_{scheme}", family="pair",
        words="A spike is paired with its neighbours in time only; pre before post strengthens, post before pre "
              "weakens.",
        source=f"Morrison, Diesmann & Gerstner 2008 ({scheme.replace('_', ' ')})",
        units={"a_plus": "w", "a_minus": "w", **dict.fromkeys(powers, "1")})


def _symmetric(tau_plus: float, tau_minus: float) -> dict:
    return {"pre": {"x": Trace(tau_plus, "set")}, "post": {"y": Trace(tau_minus, "set")},
            "on_pre": {"w": "-a_minus * y"}, "on_post": {"w": "a_plus * x"}}


def _presynaptic_centred(tau_plus: float, tau_minus: float) -> dict:
    """`used` is what earlier postsynaptic spikes have already paired with, decayed: the rest of x is new."""
    return {"pre": {"x": Trace(tau_plus)}, "post": {"y": Trace(tau_minus, "set")}, "syn": {"used": State(tau_plus)},
            "on_pre": {"w": "-a_minus * y"},
            "on_post": {"w": "a_plus * (x - used)", "used": "x - used"}}


def _reduced_symmetric(tau_plus: float, tau_minus: float) -> dict:
    """Spikes are counted; a pair is new if the partner's count has risen since the last look. Counts are exact."""
    return {"pre": {"x": Trace(tau_plus, "set"), "n": Trace()},
            "post": {"y": Trace(tau_minus, "set"), "m": Trace()},
            "syn": {"seen_n": State(), "seen_m": State()},
            "on_pre": {"w": "-a_minus * y * (m > seen_m)", "seen_m": "m - seen_m"},
            "on_post": {"w": "a_plus * x * (n > seen_n)", "seen_n": "n - seen_n"}}


def _reduced_symmetric_nest(tau_plus: float, tau_minus: float) -> dict:
    """Each side notes that it spiked since the other did; in strict order a postsynaptic spike notes it first."""
    return {"pre": {"x": Trace(tau_plus, "set")}, "post": {"y": Trace(tau_minus, "set")},
            "syn": {"pre_waits": State(), "post_waits": State()},
            "on_pre": {"w": "-a_minus * y * post_waits", "post_waits": "-post_waits", "pre_waits": "1 - pre_waits"},
            "on_post": {"w": "a_plus * x * pre_waits", "pre_waits": "-pre_waits", "post_waits": "1 - post_waits"}}


#: scheme -> its traces and texts
SCHEMES: Mapping[str, Callable[[float, float], dict]] = MappingProxyType({
    "symmetric": _symmetric, "presynaptic_centred": _presynaptic_centred, "reduced_symmetric": _reduced_symmetric,
    "reduced_symmetric_nest": _reduced_symmetric_nest})
