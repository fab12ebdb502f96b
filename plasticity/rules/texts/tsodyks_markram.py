"""Short-term plasticity: what a spike transmits depends on the spikes before it."""

from __future__ import annotations

import math

from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError
from plasticity.language.rule import Rule, State
from plasticity.rules.texts._parts import not_negative, positive


@checked
def tsodyks_markram(U: float = 0.5, tau_rec: float = 0.8, tau_fac: float = 0.0, tau_psc: float = 0.0, *,
                    order: str = "brian2", w_min: float = -math.inf, w_max: float = math.inf) -> Rule:
    """Each spike uses up a share of what a synapse has to release, and may raise the share that the next one uses.

    at a presynaptic spike:  transmits w u x, where u = u_before + U (1 - u_before), and x = 1 - what is not recovered;
                             then x falls by u x

    tau_psc=0, two variables: du_before/dt = -u_before / tau_fac, dx/dt = (1 - x) / tau_rec.
    tau_psc>0, three states of resources: x (recovered), y (active) and z (inactive), x + y + z = 1, with
        dx/dt = z / tau_rec,  dy/dt = -y / tau_psc,  dz/dt = y / tau_psc - z / tau_rec; a spike moves u x from x to y.
    tau_fac=0: no facilitation, u is always U.

    The weight is the absolute strength A_SE: w U is what the first spike transmits, and w does not change. All
    solutions are exact for any dt. The text keeps d = 1 - x, or y and q = z + tau_rec y / (tau_rec - tau_psc), which
    just decay. Short-term plasticity goes on when learning is off; a presentation begins with rested synapses.

    U: share used by the first spike, 0 to 1. tau_rec, tau_fac, tau_psc: seconds of recovery, of facilitation (0: none)
    and of the postsynaptic current (0: two variables), tau_psc other than tau_rec. w_min, w_max: bounds of the weight.
    order has no effect, as no postsynaptic spike acts. Raises PlasticityError for values out of range.

    Source: Tsodyks & Markram 1997, PNAS 94:719; with facilitation Tsodyks, Pawelzik & Markram 1998, Neural Computation
    10:821; three states Tsodyks, Uziel & Markram 2000, Journal of Neuroscience 20:RC50, equations 3 and 4. Two
    variables are NEST's tsodyks2_synapse, three states its tsodyks_synapse, whose defaults these are (tau_psc 3 ms
    there).
    """
    positive(tau_rec=tau_rec)
    not_negative(tau_rec=tau_rec, tau_fac=tau_fac, tau_psc=tau_psc)  # and not infinite
    if not 0 <= U <= 1:
        raise PlasticityError(f"U is a share and must lie between 0 and 1, got {U!r}")
    if tau_psc == tau_rec:
        raise PlasticityError(f"tau_psc must differ from tau_rec, got {tau_rec!r} s for both; change one slightly")
    facilitates, three = tau_fac > 0, tau_psc > 0
    recovering = ({"y": State(tau_psc), "q": State(tau_rec)} if three else {"d": State(tau_rec)})
    return Rule(
        pre=({"u": State(tau_fac)} if facilitates else {}) | recovering,
        let={"used": "u + U * (1 - u)" if facilitates else "U",
             "x": "1 - q + tau_psc / (tau_rec - tau_psc) * y" if three else "1 - d"},
        efficacy="used * x",
        on_pre=({"u": "U * (1 - u)"} if facilitates else {})
        | ({"y": "used * x", "q": "tau_rec / (tau_rec - tau_psc) * used * x"} if three else {"d": "used * x"}),
        params={"U": U} | ({"tau_rec": tau_rec, "tau_psc": tau_psc} if three else {}),
        w_min=w_min, w_max=w_max, order=order, name="tsodyks_markram", family="short-term",
        words="Each spike uses up a share of what a synapse can release, which recovers; the share may grow with use.",
        source="Tsodyks, Uziel & Markram 2000" if three else "Tsodyks & Markram 1997" if not facilitates else
        "Tsodyks, Pawelzik & Markram 1998",
        units={"U": "1"} | ({"tau_rec": "s", "tau_psc": "s"} if three else {}))
