"""A batch that is too wide to be held at once, in pieces whose gradients add up to its own."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from plasticity.engines.gradient.loss import Loss
from plasticity.network.network import Network

LARGEST = 1 << 26  # numbers of one population over all steps: 256 MB, of which a gradient keeps several


def pieces(network: Network, loss: Callable, samples: int, steps: int, largest: int = LARGEST) -> list[slice]:
    """Slices of a batch, as equal as can be, in which no population has more than `largest` numbers.

    One slice where that is enough, and where only the loss itself knows how samples are joined: a function of a
    person's own.
    """
    widest = max((part.n for part in (*network.inputs, *network.populations)), default=1)
    parts = -(-samples * steps * widest // largest) if isinstance(loss, Loss) else 1
    parts = max(1, min(parts, samples))
    bounds = [samples * part // parts for part in range(parts + 1)]
    return [slice(first, last) for first, last in pairwise(bounds)]



def counted(loss: Callable, part: float) -> float:
    """What the loss of a part of a batch counts in that of the batch; part: how much of it, of samples that all weigh
    the same."""
    return 1.0 if getattr(loss, "batch", "mean") == "sum" else part
