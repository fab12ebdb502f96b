"""Learning rules from the literature, one family per file, and one catalogue of all.

Each is a function of SI numbers that answers a rule: a `Rule` (text, for synapses), a `GradientRule` (which paths carry
credit) or a `Method` (a way to learn that brings its network).
"""

from __future__ import annotations

from plasticity.rules.catalogue import KINDS, NEEDS, RuleLike, catalogue, make, names, of_kind

__all__ = ["KINDS", "NEEDS", "RuleLike", "catalogue", "make", "names", "of_kind", "once_per_step", *catalogue]


def __getattr__(name: str):
    if name == "once_per_step":
        from plasticity.rules.texts.once_per_step import once_per_step

        return once_per_step
    if name in catalogue.places:
        return catalogue[name]
    raise AttributeError(f"module 'plasticity.rules' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
