"""Inputs, signals and populations of a network. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from plasticity._utils.content import ByContent
from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import Count, Numbers, Steps
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError, choice, unknown
from plasticity.neurons import make
from plasticity.neurons.neuron import Neuron

WINNERS = ("all", "highest", "random")


@dataclass(frozen=True)
class Input(Kept):
    """`n` sources of spikes, given from outside at each presentation (see `plasticity.encoding`).

    always: each of them sends 1 in every step, and nobody gives spikes for it: weights from it are biases.
    """

    name: str
    n: Count
    always: bool = False

    def __post_init__(self):
        require_fields(self)


@dataclass(frozen=True)
class Signal(Kept):
    """A number per step from outside: a third factor of a rule, or a current that drives a neuron's variable.

    n: how many values per step (0: one for the whole network). drives: "population.variable" it is written to at the
    start of each step, or "" when only rules read it.
    """

    name: str
    n: Steps = 0
    drives: str = ""

    def __post_init__(self):
        require_fields(self)


@dataclass(frozen=True, eq=False)
class Population(Kept, ByContent):
    """`n` neurons of one kind.

    neuron: a Neuron, or a text that names one, "lif(tau=20e-3)".
    initial: variable -> number or array [n] at the start of a presentation, over the neuron's own.
    winner: how many may spike in one step: "all" that cross the threshold; or one, the "highest" above its threshold
        (first variable of the neuron, ties to the lower index) or a "random" one of those that cross. Neurons that
        lose do not spike: they are not reset and do not adapt, unless losers_reset.
    losers_reset: whether neurons that cross the threshold and lose are reset, adapt and turn refractory all the same.
    """

    name: str
    n: Count
    neuron: Neuron
    initial: Mapping[str, Numbers] = field(default_factory=dict)
    winner: str = "all"
    losers_reset: bool = False

    def __post_init__(self):
        if isinstance(self.neuron, str):
            object.__setattr__(self, "neuron", make(self.neuron))
        require_fields(self)


def check(population: Population) -> None:
    """Raises PlasticityError where a population's parts do not fit each other."""
    choice(f"winner of population {population.name!r}", population.winner, WINNERS)
    for name, value in population.initial.items():
        if name not in population.neuron.variables:
            raise unknown(f"variable of population {population.name!r}:", name, population.neuron.variables)
        if np.shape(value) not in ((), (population.n,)):
            raise PlasticityError(f"initial {name!r} of population {population.name!r} must be a number or have shape "
                                  f"({population.n},), got {np.shape(value)}")
