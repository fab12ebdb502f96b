"""Learning rules from the literature, one family per file. Each is a function of SI numbers that answers a `Rule`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity.errors import PlasticityError, unknown
from plasticity.rule import Rule
from plasticity.rules.diehl_cook import diehl_cook
from plasticity.rules.pair import pair_stdp
from plasticity.rules.symmetric import symmetric_stdp
from plasticity.rules.triplet import triplet_stdp
from plasticity.rules.vogels import vogels_istdp

__all__ = ["catalogue", "diehl_cook", "make", "pair_stdp", "symmetric_stdp", "triplet_stdp", "vogels_istdp"]

#: name -> function that makes the rule; all of its arguments have defaults
catalogue: Mapping[str, Callable[..., Rule]] = MappingProxyType({
    make.__name__: make for make in (pair_stdp, triplet_stdp, symmetric_stdp, vogels_istdp, diehl_cook)})


def make(name: str, **options) -> Rule:
    """The rule called `name` ("pair-stdp" and "pair_stdp" are the same).

    Raises PlasticityError for an unknown name, with the nearest match, and for an option that the rule does not have.
    """
    found = catalogue.get(name.replace("-", "_"))
    if found is None:
        raise unknown("rule", name, catalogue)
    try:
        return found(**options)
    except TypeError as error:
        raise PlasticityError(f"rule {name!r}: {error}") from None
