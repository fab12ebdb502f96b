"""Variables of a rule: what spikes leave behind, and what its own texts change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import LASTING, Finite
from plasticity._utils.seconds import warn_of_milliseconds
from plasticity._utils.typed import require_fields
from plasticity.errors import choice


@dataclass(frozen=True)
class Trace(Kept):
    """One value per neuron (in `pre`, `post`) or per synapse (in `syn`).

    tau: time constant of its exact exponential decay to zero (s); inf for no decay.
    rise: what a spike of its own neuron does: "add" 1, "set" to 1 (nearest neighbour), or "none".
    initial: its value at the start of a presentation.
    keep: whether it lives on from one presentation to the next (a slow average).
    """

    tau: Annotated[float, LASTING] = math.inf
    rise: str = "add"
    initial: Finite = 0.0
    keep: bool = False

    def __post_init__(self):
        require_fields(self)
        choice("rise", self.rise, ("add", "set", "none"))
        if not self.keep:
            warn_of_milliseconds(9.99, tau=self.tau)


def State(tau: float = math.inf, initial: float = 0.0, keep: bool = False) -> Trace:
    """A variable that only the rule's own texts change (and its decay, if tau is given)."""
    return Trace(tau=tau, rise="none", initial=initial, keep=keep)
