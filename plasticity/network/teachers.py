"""One network under another rule: what may stay as it is, what has to go, and what is in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

import numpy as np

from plasticity.errors import PlasticityError, RefusedError
from plasticity.language.rule import Rule
from plasticity.network.kinds import Shape, exists_in, weights_of
from plasticity.network.population import Input, Population
from plasticity.network.projection import Projection, normalized
from plasticity.network.weights import rounded, weighted
from plasticity.neurons.frozen import frozen
from plasticity.rules.catalogue import RuleLike
from plasticity.rules.paths import GradientRule


class Described(Protocol):
    """A network's parts, as far as these functions need them."""

    name: str
    inputs: Sequence[Input]
    populations: Sequence[Population]
    projections: Sequence[Projection]
    sizes: Mapping[str, int]


def taught(network: Described, rule: RuleLike, freeze: bool, clip: bool) -> dict[str, object]:
    """The fields of the network that change when `rule` teaches it; see `Network.with_rule`."""
    return WAYS[rule.kind](network, rule, freeze, clip)


def _by_synapses(network: Described, rule: Rule, freeze: bool, clip: bool) -> dict[str, object]:
    for population in network.populations:
        if population.neuron.output:
            raise RefusedError(f"population {population.name!r} sends a graded output ({population.neuron.output}), "
                               f"but rule {rule.name!r} learns from spikes, and engines send nothing else: give it a "
                               "neuron with output=''")
    chosen = learning(network)
    projections = tuple(_learning(each, _shape(network, each), rule, clip) if each.name in chosen else each
                        for each in network.projections)
    return {"projections": projections, "rule": None}


def learning(network: Described) -> tuple[str, ...]:
    """The projections that a rule of synapses is for: those that learn now, or all that can, lead from an input and
    are not frozen.

    Raises RefusedError where there is none.
    """
    inputs = {part.name for part in network.shown}
    now = [each.name for each in network.projections if each.rule and not each.rule.efficacy]
    able = [each.name for each in network.projections
            if each.pre in inputs and each.kind.learns and not each.rule and not each.frozen]
    if not (now or able):
        raise RefusedError(f"network {network.name!r} has no projection that could learn: none has a rule, and none "
                           "that leads from an input can have one (or it is frozen); give one by Projection(rule=...)")
    return tuple(now or able)


def _learning(projection: Projection, shape: Shape, rule: Rule, clip: bool) -> Projection:
    projection = replace(projection, weights=rounded(rule, projection.weights))
    inside = weights_of(projection, shape)[exists_in(projection, shape)]
    if inside.size and (inside.min() < rule.w_min or inside.max() > rule.w_max):
        if not clip:
            raise RefusedError(f"weights of projection {projection.name!r} ({inside.min():.6g} to {inside.max():.6g}) "
                               f"leave the bounds of rule {rule.name!r} [{rule.w_min:g}, {rule.w_max:g}]: give "
                               "clip=True to clip them, or the rule other bounds")
        projection = replace(projection, weights=np.clip(projection.weights, rule.w_min, rule.w_max))
    return replace(projection, rule=rule)


def _by_gradients(network: Described, rule: GradientRule, freeze: bool, clip: bool) -> dict[str, object]:
    never, now = [*_never(network)], [*_unless_frozen(network)]
    if never:
        raise RefusedError(f"gradients cannot train network {network.name!r}: {'; '.join(never)}")
    if now and not freeze:
        raise RefusedError(f"gradients cannot train network {network.name!r} as it is: {'; '.join(now)}; "
                           "with_rule(..., freeze=True) keeps the weights normalised as they are now, slow variables "
                           "at their present values, and winners as a choice without credit")
    return {"populations": tuple(replace(part, neuron=frozen(part.neuron)) for part in network.populations),
            "projections": tuple(_at_rest(each, _shape(network, each)) for each in network.projections),
            "rule": rule}


def _never(network: Described) -> Iterator[str]:
    """What gradients know nothing of, frozen or not."""
    for population in network.populations:
        if population.winner == "random":
            yield (f"population {population.name!r} draws its winner at random, which no gradient could know of (use "
                   "winner='highest')")
    for each in network.projections:
        if each.rule and each.rule.efficacy:
            yield (f"rule {each.rule.name!r} says what spikes send over projection {each.name!r}, which gradients do "
                   "not compute (use rule=None)")


def _unless_frozen(network: Described) -> Iterator[str]:
    """What gradients know nothing of, and can be held."""
    for population in network.populations:
        if population.winner != "all":
            losers = ", and losers are reset" if population.losers_reset else ""
            yield (f"one neuron of population {population.name!r} wins in each step (winner={population.winner!r}"
                   f"{losers}), which has no derivative")
        if population.neuron.slow or population.neuron.adapt:
            yield (f"neurons of population {population.name!r} learn by themselves "
                   f"({', '.join(population.neuron.slow) or population.neuron.adapt})")
    for each in network.projections:
        if each.normalize is not None:
            yield f"projection {each.name!r} is normalised (normalize={each.normalize:g})"


def _at_rest(projection: Projection, shape: Shape) -> Projection:
    """Without a rule, normalised once for all."""
    if projection.normalize is not None:
        w = normalized(projection, weights_of(projection, shape))
        projection = weighted(replace(projection, normalize=None), shape, w)
    return replace(projection, rule=None)


def _bring_their_own(network: Described, rule: RuleLike, freeze: bool, clip: bool) -> dict[str, object]:
    raise PlasticityError(f"rule {rule.name!r} brings its own network, so network {network.name!r} cannot learn by it; "
                          "use Learner(rule=...) with it, or a rule for synapses or gradients here")


def _shape(network: Described, projection: Projection) -> Shape:
    return network.sizes[projection.pre], network.sizes[projection.post]


#: kind of a rule -> what changes when it teaches
WAYS: Mapping[str, Callable[..., dict]] = MappingProxyType({
    "synapse": _by_synapses, "credit": _by_gradients, "network": _bring_their_own})
