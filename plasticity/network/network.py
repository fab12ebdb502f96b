"""What a network is: inputs, populations, projections, signals. Data only; engines simulate it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated

import numpy as np

from plasticity._utils.content import ByContent
from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import SECONDS
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError, unknown
from plasticity.language.rule import Rule
from plasticity.network import population as populations
from plasticity.network.kinds import exists_in, weights_of
from plasticity.network.population import Input, Population, Signal
from plasticity.network.projection import Projection, check, check_kind, connected, normalized
from plasticity.network.size import require_room
from plasticity.network.teachers import taught
from plasticity.network.timing import check_times
from plasticity.network.weights import placed
from plasticity.rules.catalogue import RuleLike, make, of_kind
from plasticity.rules.paths import GradientRule

__all__ = ["Input", "Network", "Population", "Projection", "Signal", "existing", "normalized", "shape_of",
           "weight_matrix"]


@dataclass(frozen=True, eq=False)
class Network(Kept, ByContent):
    """A network as data; `dt` in seconds.

    rule: a gradient rule (or its name) that trains all of the projections, which then have no rules of their own.

    Raises PlasticityError when the parts do not fit together.
    """

    inputs: tuple[Input, ...] = ()
    populations: tuple[Population, ...] = ()
    projections: tuple[Projection, ...] = ()
    signals: tuple[Signal, ...] = ()
    dt: Annotated[float, SECONDS] = 1e-3
    name: str = "network"
    rule: GradientRule | None = None

    def __post_init__(self):
        for slot in ("inputs", "populations", "projections", "signals"):
            parts = getattr(self, slot)
            object.__setattr__(self, slot, tuple(parts) if isinstance(parts, Iterable) else parts)
        if self.rule is not None:
            object.__setattr__(self, "rule", of_kind("credit", self.rule))
        require_fields(self)
        labels = [part.name for part in (*self.inputs, *self.populations, *self.projections, *self.signals)]
        for label in labels:
            if labels.count(label) > 1:
                raise PlasticityError(f"the name {label!r} is used twice in network {self.name!r}; give a label")
        for population in self.populations:
            populations.check(population)
        _check_ends(self)
        object.__setattr__(self, "projections", tuple(connected(each, shape_of(self, each))
                                                      for each in self.projections))
        for projection in self.projections:
            check_kind(projection)
        check_times(self)
        require_room(self)
        for projection in self.projections:
            _check_projection(self, projection)
        for signal in self.signals:
            _check_signal(self, signal)
        if self.rule is not None:
            _check_rule(self)

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """name of an input or population -> number of neurons."""
        return {part.name: part.n for part in (*self.inputs, *self.populations)}

    @property
    def shown(self) -> tuple[Input, ...]:
        """The inputs that are given something at each presentation: all but those that always send."""
        return tuple(part for part in self.inputs if not part.always)

    def population(self, name: str) -> Population | None:
        return next((population for population in self.populations if population.name == name), None)

    def projection(self, name: str) -> Projection:
        for projection in self.projections:
            if projection.name == name:
                return projection
        raise unknown("projection", name, [projection.name for projection in self.projections])

    def signal(self, name: str) -> Signal | None:
        return next((signal for signal in self.signals if signal.name == name), None)

    @property
    def plastic(self) -> tuple[Projection, ...]:
        """The projections that learn."""
        return tuple(projection for projection in self.projections if projection.rule)

    def source_of(self, projection: Projection, name: str) -> tuple[str, str]:
        """Where a rule's read or signal comes from: ("neuron", "population.variable") or ("signal", name).

        A read that ends in the name of its side, as no variable of a neuron does, may also be the variable without that
        ending: r_pre is r of the presynaptic neuron.
        """
        place = projection.rule.place_of(name)
        population = self.population(getattr(projection, place)) if name in projection.rule.reads else None
        own = {*population.neuron.variables, *population.neuron.subexpressions} if population else ()
        if name in own:
            return "neuron", f"{population.name}.{name}"
        if self.signal(name):
            return "signal", name
        if name.removesuffix(f"_{place}") in own:
            return "neuron", f"{population.name}.{name.removesuffix(f'_{place}')}"
        missing = f"neither a variable of its {place}synaptic neuron nor a" if name in projection.rule.reads else "no"
        raise PlasticityError(f"rule {projection.rule.name!r} on {projection.name!r} reads {name!r}, which is "
                              f"{missing} signal of the network")

    def with_(self, **changes) -> Network:
        return replace(self, **changes)

    def with_rule(self, rule: str | RuleLike, *, freeze: bool = False, clip: bool = False) -> Network:
        """The same network and weights under another teacher, a rule or a text that names one.

        A rule for synapses becomes that of all projections that learn by a rule now or, if none does, of all that lead
        from an input, can learn and are not frozen; `rule` of the network is taken away. clip: whether weights that
        leave its bounds are clipped. A gradient rule becomes `rule` of the network, and projections lose theirs.
        freeze: whether what gradients know nothing of is held: normalisation is applied once and left out, slow
        variables stay at their first values and nothing adapts (`plasticity.neurons.frozen`), and a winner is chosen
        without credit for it.

        Raises RefusedError, naming what is in the way, for a network that the rule cannot teach.
        """
        return self.with_(**taught(self, make(rule), freeze, clip))

    def with_weights(self, weights: Mapping[str, np.ndarray]) -> Network:
        """The same network with other weights and first values of variables, by the names that simulations know.

        weights: "in->out" or "in->out.w" -> weights, as the projection is given them or as `Simulation.get` answers;
        "excitatory.theta" -> a number or [n], which becomes `initial` of the population. Tensors are taken, too.

        Raises PlasticityError for a name that the network does not have, another shape, and weights that leave the
        bounds of the projection's rule.
        """
        return self.with_(**placed(self, weights))

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the structure (sizes, equations, rules, dt), without weights: what a checkpoint must match."""
        return hashlib.sha256(json.dumps(_structure(self), sort_keys=True, default=str).encode()).hexdigest()


def shape_of(network: Network, projection: Projection) -> tuple[int, int]:
    return network.sizes[projection.pre], network.sizes[projection.post]


def weight_matrix(network: Network, projection: Projection) -> np.ndarray:
    """The projection's weights as [n_pre, n_post] ([fan_in, channels] of a convolution), zero without a synapse."""
    return weights_of(projection, shape_of(network, projection))


def existing(network: Network, projection: Projection) -> np.ndarray:
    """Which weights exist: bool [n_pre, n_post] ([fan_in, channels] of a convolution)."""
    return exists_in(projection, shape_of(network, projection))


def _check_ends(network: Network) -> None:
    for projection in network.projections:
        for end in (projection.pre, projection.post):
            if end not in network.sizes:
                raise unknown(f"population in projection {projection.name!r}:", end, network.sizes)


def _check_projection(network: Network, projection: Projection) -> None:
    check(projection, shape_of(network, projection))
    _check_onto(network, projection)
    for name in (*projection.rule.reads, *projection.rule.signals) if projection.rule else ():
        network.source_of(projection, name)


def _check_onto(network: Network, projection: Projection) -> None:
    if projection.onto is None:
        return
    population = network.population(projection.post)
    if population is None:
        raise PlasticityError(f"projection {projection.name!r} cannot drive {projection.post!r}: it is an input")
    if projection.onto not in population.neuron.variables:
        raise unknown(f"variable of {projection.post!r} for onto of {projection.name!r}:", projection.onto,
                      population.neuron.variables)


def _check_signal(network: Network, signal: Signal) -> None:
    if not signal.drives:
        return
    where, _, variable = signal.drives.partition(".")
    population = network.population(where)
    if population is None or variable not in population.neuron.variables:
        raise PlasticityError(f"signal {signal.name!r} drives {signal.drives!r}, which is not 'population.variable'")


def _check_rule(network: Network) -> None:
    for projection in network.plastic:
        raise PlasticityError(f"projection {projection.name!r} learns by rule {projection.rule.name!r}, but gradient "
                              f"rule {network.rule.name!r} trains the whole network {network.name!r}: leave one out, "
                              "or let with_rule change the one for the other")


def _structure(network: Network) -> dict:
    def rule(r: Rule | None):
        return r and {slot: dict(value) if isinstance(value, Mapping) else value
                      for slot, value in ((slot, getattr(r, slot)) for slot in r.__dataclass_fields__)}

    return {
        "dt": network.dt,
        "inputs": [(part.name, part.n, *["always"] * part.always) for part in network.inputs],
        "signals": [(part.name, part.n, part.drives) for part in network.signals],
        "populations": [(p.name, p.n, p.winner, p.losers_reset, {
            slot: dict(value) if isinstance(value, Mapping) else value
            for slot, value in ((slot, getattr(p.neuron, slot)) for slot in p.neuron.__dataclass_fields__)
        }) for p in network.populations],
        "projections": [(p.pre, p.post, p.connect, p.onto, p.scale, p.normalize, rule(p.rule),
                         *([repr(p.window)] if p.window else []),
                         *(["frozen"] if p.frozen else [])) for p in network.projections],
        **({"rule": repr(network.rule)} if network.rule else {}),
    }
