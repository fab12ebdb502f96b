"""Windows of streams in compiled networks: where a population's program begins, and where it ended."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional

from plasticity.engines.gradient import streams
from plasticity.engines.gradient.cells import Cell
from plasticity.engines.gradient.compiled.arrivals import Term, Whole
from plasticity.engines.gradient.compiled.population import Ends


def begun(net: streams.Net, name: str, batch: int, state: streams.StreamState | None) -> Ends:
    """A population at the start of a window: as the window before left it, or as it begins."""
    cell, part = net.cells[name], state or {}
    values = {each: part.get(streams.variable(name, each), first.expand(batch, cell.n))
              for each, first in net.initial(name).items()}
    nothing = torch.zeros(batch, cell.n, dtype=net.dtype)
    return Ends({each: value.numpy().copy() for each, value in values.items()},
                part.get(streams.due(name), nothing).numpy().copy(),
                part.get(streams.refractory(name), nothing).numpy().astype(np.int32))


def ended(cell: Cell, ends: Ends, steps: int) -> dict[str, torch.Tensor]:
    """The population's part of the state, after so many steps."""
    left = {streams.variable(cell.name, each): torch.from_numpy(value) for each, value in ends.values.items()}
    if cell.rest:
        still = np.maximum(ends.ready - steps, 0).astype(ends.hits.dtype)
        left[streams.refractory(cell.name)] = torch.from_numpy(still)
    if streams.resets_later(cell):
        left[streams.due(cell.name)] = torch.from_numpy(ends.hits)
    return left


def with_arriving(drives: Mapping[str, list[Term]], arriving: Mapping[str, list[torch.Tensor]],
                  steps: int) -> dict[str, list[Term]]:
    """What arrives in every step, with what was on its way before: {variable: terms}.

    arriving: {variable: amounts of the first steps, [batch, some, n] each}.
    """
    first = {onto: [Whole(functional.pad(amount, (0, 0, 0, steps - amount.shape[1]))) for amount in amounts]
             for onto, amounts in arriving.items()}
    return {onto: [*drives.get(onto, ()), *first.get(onto, ())] for onto in {**drives, **first}}
