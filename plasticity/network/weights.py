"""Weights and variables put into a network's description by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from plasticity._utils.arrays import as_finite
from plasticity.errors import PlasticityError, unknown
from plasticity.language.rule import Rule
from plasticity.network.kinds import Shape, exists_in, weights_of
from plasticity.network.population import Population
from plasticity.network.projection import Projection

#: how far weights may leave the bounds of a rule, relative to them: what float32 rounds
ROUNDING = 1e-6


class Described(Protocol):
    """A network's parts, as far as these functions need them."""

    populations: Sequence[Population]
    projections: Sequence[Projection]
    sizes: Mapping[str, int]


def placed(network: Described, values: Mapping[str, object]) -> dict[str, tuple]:
    """The populations and projections of a network with other weights and first values.

    values: "projection" or "projection.w" -> weights as `weights_of` or the projection itself has them;
    "population.variable" -> a number or [n].
    Raises PlasticityError for a name that the network does not have, and for another shape.
    """
    known = {name: projection.name for projection in network.projections
             for name in (f"{projection.name}.w", projection.name)}
    first = {f"{part.name}.{name}": (part.name, name) for part in network.populations for name in part.neuron.variables}
    weights: dict[str, np.ndarray] = {}
    initial: dict[str, dict[str, np.ndarray]] = {}
    for name, value in values.items():
        if name in known:
            weights[known[name]] = as_finite(f"the value for {name!r}", value)
        elif name in first:
            population, variable = first[name]
            initial.setdefault(population, {})[variable] = as_finite(f"the value for {name!r}", value)
        else:
            raise unknown("projection or variable of the network:", name, {*known, *first})
    return {
        "populations": tuple(replace(part, initial={**part.initial, **initial[part.name]}) if part.name in initial
                             else part for part in network.populations),
        "projections": tuple(
            weighted(each, (network.sizes[each.pre], network.sizes[each.post]), weights[each.name])
            if each.name in weights else each for each in network.projections)}


def weighted(projection: Projection, shape: Shape, w: np.ndarray) -> Projection:
    """The projection with weights w, in a shape that it may be given or in that of `weights_of`.

    Synapses that shared one weight by their kind (all_but_self) and now differ become a sparse projection. Weights that
    leave the bounds of the projection's rule by no more than float32 rounds are put back on them.

    shape: (n_pre, n_post). Raises PlasticityError for another shape, and where the one weight of a pool would differ.
    """
    w = w if projection.rule is None else rounded(projection.rule, w)
    own, exists = projection.kind.weights(projection, shape), exists_in(projection, shape)
    if w.shape in own:
        return replace(projection, weights=w if w.shape else float(w))
    if w.shape != exists.shape:
        raise PlasticityError(f"weights of {projection.connect} projection {projection.name!r} must have shape "
                              f"{' or '.join(map(str, dict.fromkeys((exists.shape, *own))))}, got {w.shape}")
    if np.array_equal(np.where(exists, w, 0.0), weights_of(projection, shape)):
        return projection
    each = w[exists] / projection.kind.unit(projection, shape)[exists]
    if own[0]:
        return replace(projection, weights=each)
    if each.size and np.ptp(each) > ROUNDING * np.abs(each).max():
        return _apart(projection, w, exists)
    return replace(projection, weights=float(each[0]) if each.size else projection.weights)


def _apart(projection: Projection, w: np.ndarray, exists: np.ndarray) -> Projection:
    if projection.window is not None:
        raise PlasticityError(f"projection {projection.name!r} is {projection.connect}, whose synapses have one weight;"
                              " these differ")
    return replace(projection, connect="sparse", mask=exists, weights=np.where(exists, w, 0.0))


def rounded(rule: Rule, w: np.ndarray | float) -> np.ndarray | float:
    """Weights within a rule's bounds, where they leave them by no more than float32 rounds; else as they are."""
    within = np.clip(w, rule.w_min, rule.w_max)
    return within if np.allclose(within, w, rtol=ROUNDING, atol=0) else w
