"""How spikes pass a projection, and how much credit passes it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from plasticity.credit.paths import GradientRule
from plasticity.credit.stepping import Spiking
from plasticity.engines.torch.volley import in_steps
from plasticity.errors import RefusedError
from plasticity.network import Network, Projection


@dataclass(frozen=True)
class Link:
    """A projection between populations. kind: "input", "layer" (leads forward) or "recurrent" (part of a loop)."""

    name: str
    pre: str
    post: str
    onto: str
    scale: float
    delay: int
    kind: str

    @property
    def to_itself(self) -> bool:
        return self.pre == self.post


def links(network: Network) -> tuple[Link, ...]:
    """The projections, classified. Raises RefusedError for those that gradients cannot train."""
    return tuple(_link(network, projection) for projection in network.projections)


def _link(network: Network, projection: Projection) -> Link:
    name = projection.name
    if projection.rule is not None:
        raise RefusedError(f"projection {name!r} learns by rule {projection.rule.name!r}; a gradient rule is one for "
                           "the whole network: leave rule=None")
    if projection.onto is None:
        raise RefusedError(f"projection {name!r} drives nothing; name a variable in onto=")
    if projection.normalize is not None:
        raise RefusedError(f"projection {name!r} is normalised, which gradients would not know of; use normalize=None")
    if not isinstance(projection.axonal_delay, int | float):
        raise RefusedError(f"projection {name!r} has one delay per synapse; gradient networks take one number")
    inputs = {part.name for part in network.inputs}
    kind = "input" if projection.pre in inputs else "layer"
    if projection.pre in reached(network, projection.post):
        kind = "recurrent"
    return Link(name, projection.pre, projection.post, projection.onto, projection.scale,
                int(in_steps(projection.axonal_delay, network.dt)), kind)


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


def carried(link: Link, w: torch.Tensor, back: torch.Tensor | None, rule: GradientRule) -> torch.Tensor | None:
    """The weights [pre, post] over which credit returns to the spikes; None for no credit at all.

    back: fixed weights that take the place of the transposed ones.
    """
    paths, way = rule.paths, w if back is None else back
    if link.kind != "recurrent":
        return None if paths.layers == "cut" else way
    if not link.to_itself:
        return way if paths.recurrent else None
    if paths.recurrent == paths.autapse:
        return way if paths.recurrent else None
    diagonal = torch.diag(torch.diagonal(way))
    return diagonal if paths.autapse else way - diagonal


def transmit(sent: torch.Tensor, w: torch.Tensor, way: torch.Tensor | None) -> torch.Tensor:
    """sent w, [batch, post], with credit returning over `way`."""
    if way is w:
        return sent @ w
    return sent.detach() @ w if way is None else sent.detach() @ w + hint(sent, way)


def hint(sent: torch.Tensor, way: torch.Tensor) -> torch.Tensor:
    """Zeros [batch, post] over which credit returns."""
    return (sent - sent.detach()) @ way.detach()


def delayed(history: Sequence[Spiking], delay: int) -> Spiking | None:
    """What was fired `delay` steps before the last; None before anything could arrive."""
    return history[-1 - delay] if len(history) > delay else None
