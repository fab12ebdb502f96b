"""A population's programs as one node of torch's graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient.cells import Cell
from plasticity.engines.gradient.compiled.events import errors_at_spikes, later
from plasticity.engines.gradient.compiled.writing import Programs
from plasticity.engines.gradient.parts import array, in_parts


class Way(NamedTuple):
    """A projection of the population onto itself: w [pre, post], delay in steps, and `back`, over which credit
    returns: [post, pre], the diagonal [n], or None."""

    w: torch.Tensor
    delay: int
    back: torch.Tensor | None


@dataclass(frozen=True)
class Presentation:
    """What one call of the programs shares. keep: whether a gradient may be asked for. listed: whether spikes are
    wanted as events."""

    programs: Programs
    cell: Cell
    ways: tuple[Way, ...]
    keep: bool
    listed: bool


class Ends(NamedTuple):
    """Where a window begins, and then where it ended: the variables, who spiked last (0 or 1), and the step from which
    a neuron may spike again; arrays [batch, n] that the program changes."""

    values: dict[str, np.ndarray]
    hits: np.ndarray
    ready: np.ndarray


class Answer(NamedTuple):
    """sent [batch, steps, n]; seen: variables as the threshold sees them, by name; spikes: as events, if listed."""

    sent: torch.Tensor
    seen: dict[str, torch.Tensor]
    spikes: Spikes | None


def present(programs: Programs, cell: Cell, size: tuple[int, int], drives: Mapping[str, torch.Tensor],
            hints: Mapping[str, torch.Tensor], ways: Sequence[Way], listed: bool, ends: Ends) -> Answer:
    """Runs a population. size: batch and steps. drives: {variable: what arrives [batch, steps, n]}; hints: zeros."""
    shape, n = programs.shape, cell.n
    given = [*(drives[name] for name in shape.drives), *(hints[name] for name in shape.hints), *(way.w for way in ways)]
    learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given)
    about = Presentation(programs, cell, tuple(ways), learns, (listed or bool(ways)) and cell.output is None)
    sent, ptr, index, *seen = _Population.apply(about, (*size, n), ends, *given)
    spikes = Spikes(ptr.numpy(), index.numpy(), n) if about.listed else None
    return Answer(sent, dict(zip(shape.records, seen, strict=True)), spikes)


class _Population(torch.autograd.Function):
    """(drives, hints, weights of loops) -> (sent, ends and neurons of the events, records)."""

    @staticmethod
    def forward(ctx, about: Presentation, size: tuple[int, int, int], ends: Ends, *given: torch.Tensor):
        programs, (batch, steps, n) = about.programs, size
        numbers = programs.numbers(ends.hits.dtype)
        sent, ptr = np.empty(size, numbers.dtype), np.zeros((batch, steps + 1), np.int64)
        index = np.empty((batch, steps * n if about.listed else 0), np.int32)
        kept = [np.empty((batch, steps if about.keep else 1, n), np.uint8 if name == "free" else numbers.dtype)
                for name in programs.kept]
        seen = [np.empty(size, numbers.dtype) for _ in programs.shape.records]
        drives = [array(tensor) for tensor in given[:len(programs.shape.drives)]]
        loops = [part for way in about.ways for part in (array(way.w), way.delay)]
        in_parts(batch, lambda first, last: programs.forward.forward(
            first, last, about.keep, about.listed, about.cell.rest, numbers, sent, ptr, index, *drives,
            *ends.values.values(), ends.hits, ends.ready, *kept, *seen, *loops))
        ptr += np.arange(batch)[:, None] * index.shape[1]
        ctx.about, ctx.kept, ctx.sent, ctx.spikes = about, kept, sent, Spikes(ptr, index.reshape(-1), n)
        answer = [torch.from_numpy(values) for values in (sent, ptr, ctx.spikes.index, *seen)]
        ctx.mark_non_differentiable(*answer[1:3])
        ctx.set_materialize_grads(False)
        return tuple(answer)

    @staticmethod
    @once_differentiable
    def backward(ctx, d_sent, _ptr, _index, *d_seen):
        about, size, dtype, shape = ctx.about, ctx.sent.shape, ctx.sent.dtype, ctx.about.programs.shape
        errors = [np.zeros(size, dtype) if error is None else array(error) for error in (d_sent, *d_seen)]
        arrived = {name: np.empty(size, dtype) for name in shape.received}
        hinted = [np.empty(size, dtype) for _ in shape.hints]
        ways = [part for k in about.programs.heard for part in (array(about.ways[k].back), about.ways[k].delay)]
        numbers, truncate = about.programs.numbers(dtype), shape.paths.truncate or 0
        in_parts(size[0], lambda first, last: about.programs.backward.backward(
            first, last, truncate, numbers, errors[0], *ctx.kept, *errors[1:], *arrived.values(), *hinted, *ways))
        asked = ctx.needs_input_grad[3 + len(shape.drives) + len(shape.hints):]
        weights = [_of_weights(ctx, way.delay, arrived[loop.onto]) if needed else None
                   for needed, way, loop in zip(asked, about.ways, shape.loops, strict=True)]
        return (None, None, None, *(torch.from_numpy(arrived[name]) for name in shape.drives),
                *(torch.from_numpy(values) for values in hinted), *weights)


def _of_weights(ctx, delay: int, error: np.ndarray) -> torch.Tensor:
    """The gradient of a loop's weights [pre, post]."""
    if ctx.about.listed:
        return torch.from_numpy(errors_at_spikes(ctx.spikes, error, delay))
    arrived = later(torch.from_numpy(error), -delay)
    return torch.from_numpy(ctx.sent).flatten(0, 1).T @ arrived.flatten(0, 1)
