"""A network that is built once it is known what it will be shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from plasticity._utils import own
from plasticity._utils.catalogue import Call, called
from plasticity._utils.random import checked_seed

#: what networks are made of; each rule learns in networks of one of them
KINDS: Mapping[str, str] = {
    "presented": "spiking neurons with projections that learn by a rule of their own, and a way to show samples",
    "spiking": "spiking or graded neurons, for rules that take gradients",
    "rates": "a layer of rates",
    "static": "units that do not spike, for backpropagation"}


@dataclass(frozen=True)
class Blueprint:
    """A builder with its options. kind: of `KINDS`. arguments: what follows the number of inputs."""

    name: str
    kind: str
    builder: Callable
    arguments: tuple = ()
    options: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(Call(self.name, self.arguments, dict(self.options)))

    def takes(self, name: str) -> bool:
        """Whether the builder has an argument of that name."""
        return own.takes(self.builder, name)

    def build(self, shape: tuple[int, ...], **context):
        """The network for samples of that shape. context: what the builder may want to know besides (rule, seed,
        presentations, classes, ...); it gets what it has arguments for and what the options do not say.

        Raises PlasticityError for options that the builder does not have.
        """
        known = {"shape": shape, **context} | ({"seed": checked_seed(context["seed"])} if "seed" in context else {})
        extra = {name: value for name, value in known.items() if self.takes(name) and name not in self.options}
        return called("network", self.name, self.builder, (math.prod(shape), *self.arguments),
                      {**extra, **self.options})
