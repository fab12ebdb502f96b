"""Triplet spike-timing-dependent plasticity with its published parameter sets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError, choice
from plasticity.language.rule import Rule
from plasticity.rules.texts._parts import not_negative, positive, trace


class Fit(NamedTuple):
    """Amplitudes and slow time constants (ms) of one fit; tau_x is None where no presynaptic triplet is used."""

    a2_plus: float
    a3_plus: float
    a2_minus: float
    a3_minus: float
    tau_x: float | None
    tau_y: float


#: (fit, pairing, minimal) -> parameters; Pfister & Gerstner 2006
FITS: Mapping[tuple[str, str, bool], Fit] = MappingProxyType({
    ("visual_cortex", "all", False): Fit(5e-10, 6.2e-3, 7e-3, 2.3e-4, 101.0, 125.0),
    ("visual_cortex", "all", True): Fit(0.0, 6.5e-3, 7.1e-3, 0.0, None, 114.0),
    ("visual_cortex", "nearest", False): Fit(8.8e-11, 5.3e-2, 6.6e-3, 3.1e-3, 714.0, 40.0),
    ("visual_cortex", "nearest", True): Fit(0.0, 5e-2, 8e-3, 0.0, None, 40.0),
    ("hippocampus", "all", False): Fit(6.1e-3, 6.7e-3, 1.6e-3, 1.4e-3, 946.0, 27.0),
    ("hippocampus", "all", True): Fit(5.3e-3, 8e-3, 3.5e-3, 0.0, None, 40.0),
    ("hippocampus", "nearest", False): Fit(4.6e-3, 9.1e-3, 3e-3, 7.5e-9, 575.0, 47.0),
    ("hippocampus", "nearest", True): Fit(4.6e-3, 9.1e-3, 3e-3, 0.0, None, 48.0),
})


@checked
def triplet_stdp(pairing: str = "all", fit: str = "visual_cortex", minimal: bool = False, *, tau_plus: float = 16.8e-3,
                 tau_minus: float = 33.7e-3, a2_plus: float | None = None, a3_plus: float | None = None,
                 a2_minus: float | None = None, a3_minus: float | None = None, tau_x: float | None = None,
                 tau_y: float | None = None, order: str = "brian2", w_min: float = 0.0, w_max: float = 1.0) -> Rule:
    """Pairs of spikes change the synapse by an amount that grows with how recently each neuron spiked before.

    at a presynaptic spike:   dw = -y (a2_minus + a3_minus x2)
    at a postsynaptic spike:  dw =  x (a2_plus + a3_plus y2)

    x, y decay with tau_plus, tau_minus (s), the slow x2, y2 with tau_x, tau_y of the fit. x2 and y2 are read just
    before their own neuron's spike raises them. pairing="all": a spike adds 1 to its traces; "nearest": sets them to 1.
    (r1, r2, o1, o2 in the paper are x, x2, y, y2.)

    fit: "visual_cortex" (pairings at 0.1 to 50 Hz, Sjostrom et al. 2001) or "hippocampus" (triplets and quadruplets in
    culture, Wang et al. 2005). minimal: the paper's reduced model, without presynaptic triplets (a3_minus is 0).
    a2_plus, a3_plus, a2_minus, a3_minus (unit of w, not negative), tau_x, tau_y (seconds): instead of the fit's value.
    order, w_min, w_max: see `pair_stdp`. The paper's weights have no bounds and its changes are relative to the start.
    Raises PlasticityError for an unknown fit or pairing and for values out of range.

    NEST's stdp_triplet_synapse is pairing="all" in strict order with a dendritic delay: Aplus, Aplus_triplet, Aminus,
    Aminus_triplet, tau_plus_triplet, tau_minus_triplet are a2_plus, a3_plus, a2_minus, a3_minus, tau_x, tau_y.

    Source: Pfister & Gerstner 2006, Journal of Neuroscience 26:9673, equations 3 and 4, and its tables of fits.
    """
    choice("fit", fit, dict.fromkeys(name for name, _, _ in FITS))
    choice("pairing", pairing, ("all", "nearest"))
    fitted = FITS[fit, pairing, bool(minimal)]
    slow = {name: value * 1e-3 for name, value in (("tau_x", fitted.tau_x), ("tau_y", fitted.tau_y)) if value}
    given = {"a2_plus": a2_plus, "a3_plus": a3_plus, "a2_minus": a2_minus, "a3_minus": a3_minus, "tau_x": tau_x,
             "tau_y": tau_y}
    own = {name: value for name, value in given.items() if value is not None}
    unused = [name for name in own if minimal and name in ("a3_minus", "tau_x")]
    if unused:
        raise PlasticityError(f"the minimal model has no presynaptic triplets: leave out {' and '.join(unused)}, or "
                              "set minimal=False")
    not_negative(**{name: value for name, value in own.items() if name.startswith("a")})
    positive(tau_plus=tau_plus, tau_minus=tau_minus, **{name: own[name] for name in ("tau_x", "tau_y") if name in own})
    values = fitted._asdict() | slow | own
    slow_pre = {} if minimal else {"x2": trace(values["tau_x"], pairing)}
    names = ("a2_plus", "a3_plus", "a2_minus", "a3_minus") if slow_pre else ("a2_plus", "a3_plus", "a2_minus")
    return Rule(
        pre={"x": trace(tau_plus, pairing), **slow_pre},
        post={"y": trace(tau_minus, pairing), "y2": trace(values["tau_y"], pairing)},
        on_pre={"w": "-y * (a2_minus + a3_minus * x2)" if slow_pre else "-a2_minus * y"},
        on_post={"w": "x * (a2_plus + a3_plus * y2)"},
        params={name: values[name] for name in names},
        w_min=w_min, w_max=w_max, order=order, name="triplet_stdp", family="triplet",
        words="Pairs of spikes change the synapse by an amount that grows with how recently each neuron spiked before.",
        source=f"Pfister & Gerstner 2006 ({fit}, {pairing}{', minimal' if minimal else ''})",
        units=dict.fromkeys(names, "w"))
