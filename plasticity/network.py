"""What a network is: inputs, populations, projections, signals. Data only; engines simulate it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from plasticity.errors import PlasticityError, choice, unknown
from plasticity.homeostasis import normalize
from plasticity.neurons.neuron import Neuron
from plasticity.rule import Rule

CONNECT = ("dense", "sparse", "one_to_one", "all_but_self")
WINNERS = ("all", "highest", "random")


@dataclass(frozen=True)
class Input:
    """`n` sources of spikes, given from outside at each presentation (see `plasticity.encoding`)."""

    name: str
    n: int


@dataclass(frozen=True)
class Signal:
    """A number per step from outside: a third factor of a rule, or a current that drives a neuron's variable.

    n: how many values per step (0: one for the whole network). drives: "population.variable" it is written to at the
    start of each step, or "" when only rules read it.
    """

    name: str
    n: int = 0
    drives: str = ""


@dataclass(frozen=True)
class Population:
    """`n` neurons of one kind.

    initial: variable -> number or array [n] at the start of a presentation, over the neuron's own.
    winner: how many may spike in one step: "all" that cross the threshold; or one, the "highest" above its threshold
        (first variable of the neuron, ties to the lower index) or a "random" one of those that cross. Neurons that
        lose do not spike: they are not reset and do not adapt, unless losers_reset.
    losers_reset: whether neurons that cross the threshold and lose are reset, adapt and turn refractory all the same.
    """

    name: str
    n: int
    neuron: Neuron
    initial: Mapping[str, float | np.ndarray] = field(default_factory=dict)
    winner: str = "all"
    losers_reset: bool = False


@dataclass(frozen=True)
class Projection:
    """Synapses from `pre` to `post` (names of inputs or populations).

    weights: [n_pre, n_post]; for one_to_one a number or [n]; for all_but_self a number.
    connect: dense; sparse (needs `mask`, bool [n_pre, n_post]); one_to_one; all_but_self (every neuron but the one with
        the same index).
    onto: variable of the postsynaptic neuron that receives `scale * w` per spike (None: synapses that only learn).
    rule: how the weights learn (dense or sparse only).
    axonal_delay: s from the presynaptic spike to the synapse (transmission and plasticity), a number or
        [n_pre, n_post]. dendritic_delay: s from the postsynaptic spike back to the synapse (plasticity only).
    normalize: sum to which the absolute weights onto each postsynaptic neuron are scaled, when the network is built
        and after each learning presentation (after each batch); clipped to the rule's bounds; None for not at all.
    """

    pre: str
    post: str
    weights: np.ndarray | float
    connect: str = "dense"
    onto: str | None = None
    scale: float = 1.0
    rule: Rule | None = None
    axonal_delay: float | np.ndarray = 0.0
    dendritic_delay: float | np.ndarray = 0.0
    normalize: float | None = None
    mask: np.ndarray | None = None
    label: str = ""

    @property
    def name(self) -> str:
        return self.label or f"{self.pre}->{self.post}"


@dataclass(frozen=True)
class Network:
    """A network as data; `dt` in seconds. Raises PlasticityError when the parts do not fit together."""

    inputs: tuple[Input, ...] = ()
    populations: tuple[Population, ...] = ()
    projections: tuple[Projection, ...] = ()
    signals: tuple[Signal, ...] = ()
    dt: float = 1e-3
    name: str = "network"

    def __post_init__(self):
        for slot in ("inputs", "populations", "projections", "signals"):
            object.__setattr__(self, slot, tuple(getattr(self, slot)))
        if not self.dt > 0:
            raise PlasticityError(f"dt must be positive (seconds), got {self.dt!r}")
        labels = [part.name for part in (*self.inputs, *self.populations, *self.projections, *self.signals)]
        for label in labels:
            if labels.count(label) > 1:
                raise PlasticityError(f"the name {label!r} is used twice in network {self.name!r}; give a label")
        for population in self.populations:
            _check_population(population)
        for projection in self.projections:
            _check_projection(self, projection)
        for signal in self.signals:
            _check_signal(self, signal)

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """name of an input or population -> number of neurons."""
        return {part.name: part.n for part in (*self.inputs, *self.populations)}

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
        """Where a rule's read or signal comes from: ("neuron", "population.variable") or ("signal", name)."""
        place = projection.rule.place_of(name)
        if place in ("pre", "post") and name in projection.rule.reads:
            population = self.population(getattr(projection, place))
            if population and name in {*population.neuron.variables, *population.neuron.subexpressions}:
                return "neuron", f"{population.name}.{name}"
        if self.signal(name):
            return "signal", name
        raise PlasticityError(f"rule {projection.rule.name!r} on {projection.name!r} reads {name!r}, which is neither "
                              f"a variable of its {place}synaptic neuron nor a signal of the network")

    def with_(self, **changes) -> Network:
        return replace(self, **changes)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the structure (sizes, equations, rules, dt), without weights: what a checkpoint must match."""
        return hashlib.sha256(json.dumps(_structure(self), sort_keys=True, default=str).encode()).hexdigest()


def shape_of(network: Network, projection: Projection) -> tuple[int, int]:
    return network.sizes[projection.pre], network.sizes[projection.post]


def weight_matrix(network: Network, projection: Projection) -> np.ndarray:
    """The projection's weights as [n_pre, n_post], zero where there is no synapse."""
    shape = shape_of(network, projection)
    if projection.connect == "one_to_one":
        return np.diag(np.broadcast_to(np.asarray(projection.weights, float), shape[:1]))
    full = np.broadcast_to(np.asarray(projection.weights, float), shape)
    return np.where(existing(network, projection), full, 0.0)


def existing(network: Network, projection: Projection) -> np.ndarray:
    """Which synapses exist: bool [n_pre, n_post]."""
    shape = shape_of(network, projection)
    if projection.connect == "one_to_one":
        return np.eye(shape[0], dtype=bool)
    if projection.connect == "all_but_self":
        return ~np.eye(shape[0], dtype=bool)
    return np.ones(shape, bool) if projection.mask is None else np.asarray(projection.mask, bool)


def normalized(projection: Projection, w: np.ndarray) -> np.ndarray:
    """Weights [pre, post] after the projection's normalisation, within the bounds of its rule."""
    scaled = normalize(w, projection.normalize)
    if projection.rule is None:
        return scaled
    exists = True if projection.mask is None else np.asarray(projection.mask, bool)
    return np.where(exists, np.clip(scaled, projection.rule.w_min, projection.rule.w_max), 0.0)


def _check_population(population: Population) -> None:
    choice(f"winner of population {population.name!r}", population.winner, WINNERS)
    for name, value in population.initial.items():
        if name not in population.neuron.variables:
            raise unknown(f"variable of population {population.name!r}:", name, population.neuron.variables)
        if np.shape(value) not in ((), (population.n,)):
            raise PlasticityError(f"initial {name!r} of population {population.name!r} must be a number or have shape "
                                  f"({population.n},), got {np.shape(value)}")


def _check_projection(network: Network, projection: Projection) -> None:
    name = projection.name
    for end in (projection.pre, projection.post):
        if end not in network.sizes:
            raise unknown(f"population in projection {name!r}:", end, network.sizes)
    choice(f"connect of projection {name!r}", projection.connect, CONNECT)
    shape = shape_of(network, projection)
    square = projection.connect in ("one_to_one", "all_but_self")
    if square and shape[0] != shape[1]:
        raise PlasticityError(f"{projection.connect} projection {name!r} needs equal sizes, got {shape}")
    allowed = {"dense": [shape, ()], "sparse": [shape, ()], "one_to_one": [(), shape[:1]], "all_but_self": [()]}
    if np.shape(projection.weights) not in allowed[projection.connect]:
        raise PlasticityError(f"weights of {projection.connect} projection {name!r} must have shape "
                              f"{allowed[projection.connect][0]} ([pre, post]), got {np.shape(projection.weights)}")
    if not np.isfinite(projection.weights).all():
        raise PlasticityError(f"weights of projection {name!r} hold NaN or infinity")
    if (projection.connect == "sparse") != (projection.mask is not None):
        raise PlasticityError(f"projection {name!r}: a mask [pre, post] goes with connect='sparse', and only with it")
    if projection.mask is not None and np.shape(projection.mask) != shape:
        raise PlasticityError(f"mask of projection {name!r} must have shape {shape}, got {np.shape(projection.mask)}")
    for argument in ("axonal_delay", "dendritic_delay"):
        delay = np.asarray(getattr(projection, argument))
        if delay.shape not in ((), shape) or not np.isfinite(delay).all() or (delay < 0).any():
            raise PlasticityError(f"{argument} of projection {name!r} must be seconds >= 0, a number or an array of "
                                  f"shape {shape}")
    _check_onto(network, projection)
    _check_rule(network, projection)


def _check_onto(network: Network, projection: Projection) -> None:
    if projection.onto is None:
        return
    population = network.population(projection.post)
    if population is None:
        raise PlasticityError(f"projection {projection.name!r} cannot drive {projection.post!r}: it is an input")
    if projection.onto not in population.neuron.variables:
        raise unknown(f"variable of {projection.post!r} for onto of {projection.name!r}:", projection.onto,
                      population.neuron.variables)


def _check_rule(network: Network, projection: Projection) -> None:
    rule = projection.rule
    if rule is None:
        return
    if projection.connect not in ("dense", "sparse"):
        raise PlasticityError(f"projection {projection.name!r} is {projection.connect} and cannot learn; use "
                              "connect='dense', or 'sparse' with a mask")
    inside = weight_matrix(network, projection)[existing(network, projection)]
    if inside.size and (inside.min() < rule.w_min or inside.max() > rule.w_max):
        raise PlasticityError(f"weights of projection {projection.name!r} ({inside.min():.6g} to {inside.max():.6g}) "
                              f"leave the bounds of rule {rule.name!r} [{rule.w_min:g}, {rule.w_max:g}]")
    for name in (*rule.reads, *rule.signals):
        network.source_of(projection, name)


def _check_signal(network: Network, signal: Signal) -> None:
    if not signal.drives:
        return
    where, _, variable = signal.drives.partition(".")
    population = network.population(where)
    if population is None or variable not in population.neuron.variables:
        raise PlasticityError(f"signal {signal.name!r} drives {signal.drives!r}, which is not 'population.variable'")


def _structure(network: Network) -> dict:
    def rule(r: Rule | None):
        return r and {slot: dict(value) if isinstance(value, Mapping) else value
                      for slot, value in ((slot, getattr(r, slot)) for slot in r.__dataclass_fields__)}

    return {
        "dt": network.dt,
        "inputs": [(part.name, part.n) for part in network.inputs],
        "signals": [(part.name, part.n, part.drives) for part in network.signals],
        "populations": [(p.name, p.n, p.winner, p.losers_reset, {
            slot: dict(value) if isinstance(value, Mapping) else value
            for slot, value in ((slot, getattr(p.neuron, slot)) for slot in p.neuron.__dataclass_fields__)
        }) for p in network.populations],
        "projections": [(p.pre, p.post, p.connect, p.onto, p.scale, p.normalize, rule(p.rule))
                        for p in network.projections],
    }
