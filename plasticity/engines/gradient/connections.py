"""How spikes pass a projection, and how much credit passes it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from plasticity._utils import moved
from plasticity.engines.gradient.operators import Operator, operator, product
from plasticity.engines.gradient.stepping import Spiking
from plasticity.engines.torch.step_spikes import in_steps
from plasticity.errors import RefusedError
from plasticity.network.network import Network, Projection
from plasticity.rules.paths import Paths


@dataclass(frozen=True)
class Connection:
    """A projection between populations.

    delay: steps. kind: "input", "layer" (leads forward) or "recurrent" (part of a loop). operator: what it does.
    """

    name: str
    pre: str
    post: str
    onto: str
    scale: float
    delay: int
    kind: str
    operator: Operator

    @property
    def to_itself(self) -> bool:
        return self.pre == self.post


def connections(network: Network) -> tuple[Connection, ...]:
    """The projections, classified. Raises RefusedError for those that gradients cannot train."""
    return tuple(_connection(network, projection) for projection in network.projections)


def _connection(network: Network, projection: Projection) -> Connection:
    name = projection.name
    if projection.rule is not None:
        raise RefusedError(f"projection {name!r} learns by rule {projection.rule.name!r}; a gradient rule is one for "
                           "the whole network: leave rule=None")
    if projection.onto is None:
        raise RefusedError(f"projection {name!r} drives nothing; name a variable in onto=")
    if projection.normalize is not None:
        raise RefusedError(f"projection {name!r} is normalised, which gradients would not know of; use normalize=None")
    if projection.pairs is not None:
        raise RefusedError(f"projection {name!r} lists its synapses, and gradient networks compute with whole "
                           "matrices; use connect='sparse' with a mask")
    if not isinstance(projection.axonal_delay, int | float):
        raise RefusedError(f"projection {name!r} has one delay per synapse; gradient networks take one number")
    inputs, made = {part.name for part in network.inputs}, operator(projection)
    if made.own is None and projection.pre == projection.post:
        raise RefusedError(f"projection {name!r} is {projection.connect} from a population onto itself; pooling leads "
                           "to another population")
    kind = "input" if projection.pre in inputs else "layer"
    if projection.pre in reached(network, projection.post):
        kind = "recurrent"
    return Connection(name, projection.pre, projection.post, projection.onto, projection.scale,
                      int(in_steps(projection.axonal_delay, network.dt)), kind, made)


def reached(network: Network, start: str) -> frozenset[str]:
    """The populations that activity of `start` can reach, itself included."""
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for projection in network.projections:
            if projection.pre == here and projection.post not in found:
                found.add(projection.post)
                waiting.append(projection.post)
    return frozenset(found)


@dataclass(frozen=True)
class Credit:
    """How credit returns over a connection: to `others` and to the neuron's `own` spikes.

    back: fixed weights that take the place of the transposed ones, or None.
    """

    others: bool
    own: bool
    back: torch.Tensor | None = None

    @property
    def whole(self) -> bool:
        """Whether it is what backpropagation does."""
        return self.others and self.own and self.back is None


#: the weights learn, the spikes hear nothing
NONE = Credit(False, False)


def carried(connection: Connection, paths: Paths, back: torch.Tensor | None = None) -> Credit:
    """The credit that a rule lets through."""
    if connection.kind != "recurrent":
        return Credit(paths.layers != "cut", paths.layers != "cut", back)
    return Credit(paths.recurrent, paths.autapse if connection.to_itself else paths.recurrent, back)


def transmit(connection: Connection, sent: torch.Tensor, w: torch.Tensor, credit: Credit) -> torch.Tensor:
    """What arrives of `sent` [..., pre], [..., post]. w: weights times scale."""
    if credit.whole:
        return product(connection.operator, sent, w)
    arrived = connection.operator.product(sent.detach(), w)
    return arrived + straight_through_term(connection, sent, w, credit) if credit.others or credit.own else arrived


def straight_through_term(connection: Connection, sent: torch.Tensor, w: torch.Tensor, credit: Credit) -> torch.Tensor:
    """Zeros [..., post] over which credit returns to `sent`, and none to the weights."""
    way, through = (w if credit.back is None else credit.back).detach(), connection.operator.product
    if credit.others and credit.own:
        found = through(sent, way)
    else:
        own = sent * connection.operator.own(way)
        found = own if credit.own else through(sent, way) - own
    return found - found.detach()


def delayed(history: Sequence[Spiking], delay: int) -> Spiking | None:
    """What was fired `delay` steps before the last; None before anything could arrive."""
    return history[-1 - delay] if len(history) > delay else None


__getattr__ = moved.names(__name__, Link="plasticity.engines.gradient.connections:Connection",
                          links="plasticity.engines.gradient.connections:connections",
                          hint="plasticity.engines.gradient.connections:straight_through_term")
