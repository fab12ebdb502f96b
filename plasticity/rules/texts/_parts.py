"""Pieces that several rules share."""

from __future__ import annotations

import math

from plasticity._utils.ranges import FINITE, NOT_NEGATIVE, NUMBER, POSITIVE, require
from plasticity.errors import PlasticityError, choice
from plasticity.language.rule import Trace

#: how spikes are paired -> what a spike does to its trace
PAIRINGS = {"all": "add", "nearest": "set"}


def positive(**values: float) -> None:
    """Raises PlasticityError for the first value that is not above 0, infinite or no number."""
    require(POSITIVE, **values)


def not_negative(**values: float) -> None:
    """Raises PlasticityError for the first value that is below 0, infinite or no number."""
    require(NOT_NEGATIVE, **values)


def finite(**values: float) -> None:
    """Raises PlasticityError for the first value that is infinite or no number."""
    require(FINITE, **values)


def finite_bounds(rule: str, w_min: float, w_max: float) -> None:
    """For rules whose change vanishes at both bounds."""
    require(NUMBER, w_min=w_min, w_max=w_max)
    if not (math.isfinite(w_min) and math.isfinite(w_max)):
        raise PlasticityError(f"{rule} needs finite bounds, got w_min={w_min!r}, w_max={w_max!r}")


def trace(tau: float, pairing: str) -> Trace:
    """A trace that counts every earlier spike ("all") or only the last one ("nearest")."""
    return Trace(tau, PAIRINGS[choice("pairing", pairing, PAIRINGS)])


def toward(text: str, bound: str, mu_name: str, mu: float) -> str:
    """`text` times a soft bound to the power mu; unchanged for mu = 0, so that additive rules read no weight."""
    return text if mu == 0 else f"{text} * ({bound})**{mu_name}"


def soft_bounds(w_min: float, w_max: float, **powers: float) -> dict[str, float]:
    """The exponents that are in use. They need a weight that can be measured from bound to bound."""
    not_negative(**powers)
    require(NUMBER, w_min=w_min, w_max=w_max)
    used = {name: mu for name, mu in powers.items() if mu != 0}
    if used and not -math.inf < w_min < w_max < math.inf:
        raise PlasticityError(f"{' and '.join(used)} above 0 needs finite bounds w_min < w_max, got w_min={w_min!r}, "
                              f"w_max={w_max!r}")
    return used
