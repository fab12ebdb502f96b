"""Learning rules from the literature, one family per file. Each is a function of SI numbers that answers a `Rule`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity._utils.catalogue import made
from plasticity.language.rule import Rule
from plasticity.rules.anti import anti_stdp
from plasticity.rules.clopath import clopath
from plasticity.rules.competitive import hard_wta, krotov_hopfield, soft_hebb
from plasticity.rules.diehl_cook import diehl_cook
from plasticity.rules.eprop import eprop
from plasticity.rules.graupner_brunel import graupner_brunel
from plasticity.rules.log_stdp import log_stdp
from plasticity.rules.nearest import nearest_stdp
from plasticity.rules.once_per_step import once_per_step
from plasticity.rules.pair import pair_stdp
from plasticity.rules.power_law import power_law_stdp
from plasticity.rules.r_stdp import r_stdp
from plasticity.rules.rank_order import rank_order_stdp
from plasticity.rules.rate import anti_hebb, bcm, hebb, oja, sanger
from plasticity.rules.reward import dopamine_stdp, mstdp, mstdpet, r_max
from plasticity.rules.sdsp import sdsp
from plasticity.rules.symmetric import symmetric_stdp
from plasticity.rules.triplet import triplet_stdp
from plasticity.rules.tsodyks_markram import tsodyks_markram
from plasticity.rules.urbanczik_senn import urbanczik_senn
from plasticity.rules.vogels import vogels_istdp

__all__ = ["anti_hebb", "anti_stdp", "bcm", "catalogue", "clopath", "diehl_cook", "dopamine_stdp", "eprop",
           "graupner_brunel", "hard_wta", "hebb", "krotov_hopfield", "log_stdp", "make", "mstdp", "mstdpet",
           "nearest_stdp", "oja", "once_per_step", "pair_stdp", "power_law_stdp", "r_max", "r_stdp", "rank_order_stdp",
           "sanger", "sdsp", "soft_hebb", "symmetric_stdp", "triplet_stdp", "tsodyks_markram", "urbanczik_senn",
           "vogels_istdp"]

#: name -> function that makes the rule; all of its arguments have defaults
catalogue: Mapping[str, Callable[..., Rule]] = MappingProxyType({
    make.__name__: make for make in (
        pair_stdp, triplet_stdp, symmetric_stdp, vogels_istdp, diehl_cook,
        nearest_stdp, anti_stdp, power_law_stdp, log_stdp, rank_order_stdp, clopath, sdsp, urbanczik_senn,
        graupner_brunel, dopamine_stdp, mstdp, mstdpet, r_max, r_stdp, eprop, tsodyks_markram,
        hebb, anti_hebb, oja, sanger, bcm, hard_wta, krotov_hopfield, soft_hebb)})


def make(name: str, **options) -> Rule:
    """The rule called `name` ("pair-stdp" and "pair_stdp" are the same).

    Raises PlasticityError for an unknown name, with the nearest match, and for an option that the rule does not have.
    """
    return made("rule", catalogue, name, options)
