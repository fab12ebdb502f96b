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
from plasticity.engines.gradient.noise import Noise
from plasticity.engines.gradient.parts import array, in_parts


class RecurrentWeights(NamedTuple):
    """A projection of the population onto itself: w [pre, post], delay in steps, and `back`, over which credit
    returns: [post, pre], the diagonal [n], or None."""

    w: torch.Tensor
    delay: int
    back: torch.Tensor | None


@dataclass(frozen=True)
class Presentation:
    """What one call of the programs shares. keep: whether a gradient may be asked for. listed: whether spikes are
    wanted as events. noise: where random numbers come from."""

    programs: Programs
    cell: Cell
    recurrent: tuple[RecurrentWeights, ...]
    keep: bool
    listed: bool
    noise: Noise | None

    def random(self, steps: int) -> list:
        """What a program draws from: keys, none where nothing is drawn, and the number of the first sample."""
        calls = len(self.cell.neuron.drawn)
        if self.noise is None:
            return [np.empty((calls, 0), np.uint64), 0] if calls else []
        return [self.noise.keys(self.cell.number, calls, steps), int(self.noise.sample)] if calls else []


class Ends(NamedTuple):
    """Where a window begins, and then where it ended: the variables, who spiked last (0 or 1), and the step from which
    a neuron may spike again; arrays [batch, n] that the program changes."""

    values: dict[str, np.ndarray]
    hits: np.ndarray
    ready: np.ndarray


class Response(NamedTuple):
    """transmitted [batch, steps, n]: spikes or graded outputs; seen: variables as the threshold sees them, by name;
    spikes: as events, if listed."""

    transmitted: torch.Tensor
    seen: dict[str, torch.Tensor]
    spikes: Spikes | None


def present(programs: Programs, cell: Cell, size: tuple[int, int], drives: Mapping[str, torch.Tensor],
            straight_through: Mapping[str, torch.Tensor], recurrent: Sequence[RecurrentWeights], listed: bool,
            ends: Ends, noise: Noise | None = None) -> Response:
    """Runs a population.

    size: batch and steps. drives: {variable: what arrives [batch, steps, n]}. straight_through: {variable: zeros over
    which credit returns within the step}. listed: whether spikes are wanted as events.
    """
    shape, n = programs.shape, cell.n
    tensors = [*(drives[name] for name in shape.drives), *(straight_through[name] for name in shape.straight_through),
               *(loop.w for loop in recurrent)]
    learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    listed = (listed or bool(recurrent)) and cell.output is None
    about = Presentation(programs, cell, tuple(recurrent), learns, listed, noise)
    transmitted, ptr, index, *seen = _Population.apply(about, (*size, n), ends, *tensors)
    spikes = Spikes(ptr.numpy(), index.numpy(), n) if about.listed else None
    return Response(transmitted, dict(zip(shape.records, seen, strict=True)), spikes)


class _Population(torch.autograd.Function):
    """(drives, straight-through terms, weights of loops) -> (transmitted, ends and neurons of the events, records)."""

    @staticmethod
    def forward(ctx, about: Presentation, size: tuple[int, int, int], ends: Ends, *tensors: torch.Tensor):
        programs, (batch, steps, n) = about.programs, size
        numbers = programs.numbers(ends.hits.dtype)
        transmitted, ptr = np.empty(size, numbers.dtype), np.zeros((batch, steps + 1), np.int64)
        index = np.empty((batch, steps * n if about.listed else 0), np.int32)
        kept = [np.empty((batch, steps if about.keep else 1, n), np.uint8 if name == "free" else numbers.dtype)
                for name in programs.kept]
        seen = [np.empty(size, numbers.dtype) for _ in programs.shape.records]
        drives = [array(tensor) for tensor in tensors[:len(programs.shape.drives)]]
        loops = [part for loop in about.recurrent for part in (array(loop.w), loop.delay)]
        in_parts(batch, lambda first, last: programs.forward.forward(
            first, last, about.keep, about.listed, about.cell.rest, numbers, transmitted, ptr, index, *drives,
            *ends.values.values(), ends.hits, ends.ready, *kept, *seen, *about.random(steps), *loops))
        ptr += np.arange(batch)[:, None] * index.shape[1]
        ctx.about, ctx.kept, ctx.transmitted, ctx.spikes = about, kept, transmitted, Spikes(ptr, index.reshape(-1), n)
        outputs = [torch.from_numpy(values) for values in (transmitted, ptr, ctx.spikes.index, *seen)]
        ctx.mark_non_differentiable(*outputs[1:3])
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx, d_transmitted, _ptr, _index, *d_seen):
        about, size, dtype, shape = ctx.about, ctx.transmitted.shape, ctx.transmitted.dtype, ctx.about.programs.shape
        errors = [np.zeros(size, dtype) if error is None else array(error) for error in (d_transmitted, *d_seen)]
        arrived = {name: np.empty(size, dtype) for name in shape.received}
        through = [np.empty(size, dtype) for _ in shape.straight_through]
        loops = [about.recurrent[k] for k in about.programs.credited_loops]
        feedback = [part for loop in loops for part in (array(loop.back), loop.delay)]
        numbers, truncate = about.programs.numbers(dtype), shape.paths.truncate or 0
        in_parts(size[0], lambda first, last: about.programs.backward.backward(
            first, last, truncate, numbers, errors[0], *ctx.kept, *errors[1:], *arrived.values(), *through,
            *about.random(size[1]), *feedback))
        wanted = ctx.needs_input_grad[3 + len(shape.drives) + len(shape.straight_through):]
        weights = [_of_weights(ctx, own.delay, arrived[loop.onto]) if asked else None
                   for asked, own, loop in zip(wanted, about.recurrent, shape.loops, strict=True)]
        return (None, None, None, *(torch.from_numpy(arrived[name]) for name in shape.drives),
                *(torch.from_numpy(values) for values in through), *weights)


def _of_weights(ctx, delay: int, error: np.ndarray) -> torch.Tensor:
    """The gradient of a loop's weights [pre, post]."""
    if ctx.about.listed:
        return torch.from_numpy(errors_at_spikes(ctx.spikes, error, delay))
    arrived = later(torch.from_numpy(error), -delay)
    return torch.from_numpy(ctx.transmitted).flatten(0, 1).T @ arrived.flatten(0, 1)
