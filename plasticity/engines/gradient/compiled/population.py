"""A population's programs as one node of torch's graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient.cells import Cell
from plasticity.engines.gradient.compiled import blocks
from plasticity.engines.gradient.compiled.arrivals import Term, gradients
from plasticity.engines.gradient.compiled.events import errors_at_spikes, later
from plasticity.engines.gradient.compiled.writing import Programs
from plasticity.engines.gradient.noise import Noise
from plasticity.engines.gradient.parts import array
from plasticity.network.window import Window


class RecurrentWeights(NamedTuple):
    """A projection of the population onto itself: w [pre, post], delay in steps, and `back`, over which credit
    returns: [post, pre], the diagonal [n], or None."""

    w: torch.Tensor
    delay: int
    back: torch.Tensor | None


@dataclass(frozen=True)
class Presentation:
    """What one call of the programs shares. terms: {variable: what arrives}. keep: whether a gradient may be asked for.
    listed: whether spikes are wanted as events. noise: where random numbers come from. pools: max pools of what is
    transmitted."""

    programs: Programs
    cell: Cell
    terms: Mapping[str, Sequence[Term]]
    recurrent: tuple[RecurrentWeights, ...]
    keep: bool
    listed: bool
    noise: Noise | None
    pools: tuple[Window, ...] = ()

    @property
    def again(self) -> bool:
        """Whether the way back runs the samples forwards once more, instead of keeping what it looks up."""
        whole = sum(term.room() is None for part in self.terms.values() for term in part)
        return self.keep and not self.recurrent and len(self.programs.kept) >= max(whole, 1)

    def whole(self, name: str) -> bool:
        """Whether the error of all that arrives at a variable is asked for, of all samples and steps."""
        return any(term.room() is None for term in self.terms.get(name, ())) or any(
            loop.onto == name for loop in self.programs.shape.loops)

    def with_numbers(self, tensors: Iterable[torch.Tensor]) -> dict[str, list[Term]]:
        """The terms, with the numbers of these tensors in their order."""
        left = iter(tensors)
        return {name: [term._replace(tensor=array(next(left))) for term in part] for name, part in self.terms.items()}

    def random(self, steps: int, first: int = 0) -> list:
        """What a program draws from: keys, none where nothing is drawn, and the number of the first sample."""
        calls = len(self.cell.neuron.drawn)
        if self.noise is None:
            return [np.empty((calls, 0), np.uint64), 0] if calls else []
        return [self.noise.keys(self.cell.number, calls, steps), int(self.noise.sample) + first] if calls else []

    def block(self, size: tuple[int, int, int], dtype: np.dtype) -> int:
        """Bytes of an array of one sample, if samples are to be run block by block; else 0."""
        return size[1] * size[2] * dtype.itemsize if self.pools or self.again else 0

    def kept(self, size: tuple[int, int, int], dtype: np.dtype) -> list[np.ndarray]:
        """Room for what the way back looks up."""
        return [np.empty(size, np.uint8 if name == "free" else dtype) for name in self.programs.kept]


class Ends(NamedTuple):
    """Where a window begins, and then where it ended: the variables, who spiked last (0 or 1), and the step from which
    a neuron may spike again; arrays [batch, n] that the program changes."""

    values: dict[str, np.ndarray]
    hits: np.ndarray
    ready: np.ndarray

    @property
    def arrays(self) -> list[np.ndarray]:
        return [*self.values.values(), self.hits, self.ready]


class Response(NamedTuple):
    """transmitted [batch, steps, n]: spikes or graded outputs; seen: variables as the threshold sees them, by name;
    spikes: as events, if listed. pooled: of each pool, [batch, steps, n]."""

    transmitted: torch.Tensor
    seen: dict[str, torch.Tensor]
    spikes: Spikes | None
    pooled: list[torch.Tensor]


def present(programs: Programs, cell: Cell, size: tuple[int, int], drives: Mapping[str, Sequence[Term]],
            straight_through: Mapping[str, torch.Tensor], recurrent: Sequence[RecurrentWeights], listed: bool,
            ends: Ends, noise: Noise | None = None, pools: Sequence[Window] = ()) -> Response:
    """Runs a population.

    size: batch and steps. drives: {variable: what arrives}. straight_through: {variable: zeros over
    which credit returns within the step}. listed: whether spikes are wanted as events. pools: max pools of what is
    transmitted, wanted as well.
    """
    shape, n = programs.shape, cell.n
    terms = {name: drives[name] for name in shape.drives}
    tensors = [*(term.tensor for part in terms.values() for term in part),
               *(straight_through[name] for name in shape.straight_through), *(loop.w for loop in recurrent)]
    learns = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    listed = (listed or bool(recurrent)) and cell.output is None
    about = Presentation(programs, cell, _without_tensors(terms), tuple(recurrent), learns, listed, noise, tuple(pools))
    transmitted, ptr, index, *more = _Population.apply(about, (*size, n), ends, *tensors)
    spikes = Spikes(ptr.numpy(), index.numpy(), n) if about.listed else None
    seen, pooled = more[:len(shape.records)], more[len(shape.records):]
    return Response(transmitted, dict(zip(shape.records, seen, strict=True)), spikes, pooled)


def _without_tensors(terms: Mapping[str, Sequence[Term]]) -> dict[str, list[Term]]:
    """The terms without what hangs in a graph: that is given to it as tensors."""
    return {name: [term._replace(tensor=term.tensor.detach()) for term in part] for name, part in terms.items()}


class _Population(torch.autograd.Function):
    """(tensors of what arrives, straight-through terms, weights of loops) -> (transmitted, ends and neurons of the
    events, records, pools)."""

    @staticmethod
    def forward(ctx, about: Presentation, size: tuple[int, int, int], ends: Ends, *tensors: torch.Tensor):
        programs, (batch, steps, n), dtype = about.programs, size, ends.hits.dtype
        transmitted, ptr = np.empty(size, dtype), np.zeros((batch, steps + 1), np.int64)
        index = np.empty((batch, steps * n if about.listed else 0), np.int32)
        keep = about.keep and not about.again
        kept = about.kept((batch, steps if keep else 1, n), dtype)
        seen = [np.empty(size, dtype) for _ in programs.shape.records]
        pools = [blocks.room(window, batch, steps, dtype) for window in about.pools]
        terms, numbers = about.with_numbers(tensors), programs.numbers(dtype)
        begun = [part.copy() for part in ends.arrays] if about.again else []
        loops = [part for loop in about.recurrent for part in (array(loop.w), loop.delay)]

        def work(samples: Iterable[slice]) -> None:
            rooms = blocks.Rooms(dtype, (steps, n))
            for here in samples:
                programs.forward.forward(
                    0, here.stop - here.start, keep, about.listed, about.cell.rest, numbers, transmitted[here],
                    ptr[here], index[here], *blocks.arrivals(terms, here, rooms),
                    *(part[here] for part in (*ends.arrays, *kept, *seen)), *about.random(steps, here.start), *loops)
                for pool in pools:
                    pool.fill(transmitted[here], here)

        blocks.in_blocks(batch, about.block(size, dtype), work)
        ptr += np.arange(batch)[:, None] * index.shape[1]
        ctx.about, ctx.kept, ctx.transmitted, ctx.spikes = about, kept, transmitted, Spikes(ptr, index.reshape(-1), n)
        ctx.pools, ctx.begun = pools, begun
        ctx.terms = terms if about.again else {name: [term.spent() for term in part] for name, part in terms.items()}
        outputs = [torch.from_numpy(values) for values in (transmitted, ptr, ctx.spikes.index, *seen)]
        ctx.mark_non_differentiable(*outputs[1:3])
        ctx.set_materialize_grads(False)
        return *outputs, *(torch.from_numpy(pool.best.reshape(batch, steps, -1)) for pool in pools)

    @staticmethod
    @once_differentiable
    def backward(ctx, d_transmitted, _ptr, _index, *more):
        about, size, dtype, shape = ctx.about, ctx.transmitted.shape, ctx.transmitted.dtype, ctx.about.programs.shape
        errors = [None if error is None else array(error) for error in (d_transmitted, *more)]
        (error, *d_seen), of_pools = errors[:1 + len(shape.records)], errors[1 + len(shape.records):]
        d_seen = [np.zeros(size, dtype) if each is None else each for each in d_seen]
        whole = {name: np.empty(size, dtype) for name in shape.received if about.whole(name)}
        through = [np.empty(size, dtype) for _ in shape.straight_through]
        loops = [about.recurrent[k] for k in about.programs.credited_loops]
        feedback = [part for loop in loops for part in (array(loop.back), loop.delay)]
        numbers, truncate = about.programs.numbers(dtype), shape.paths.truncate or 0

        def work(samples: Iterable[slice]) -> dict[str, list[np.ndarray | None]]:
            rooms = blocks.Rooms(dtype, size[1:])
            found = {name: [term.room() for term in part] for name, part in ctx.terms.items()}
            for here in samples:
                kept = _once_more(ctx, numbers, here, rooms) if about.again else [part[here] for part in ctx.kept]
                heard = blocks.credit(error, list(zip(ctx.pools, of_pools, strict=True)), here, rooms("sent", here))
                arrived_errors = {name: whole[name][here] if name in whole else rooms(f"in {name}", here)
                                  for name in shape.received}
                about.programs.backward.backward(
                    0, here.stop - here.start, truncate, numbers, heard, *kept, *(part[here] for part in d_seen),
                    *arrived_errors.values(), *(part[here] for part in through), *about.random(size[1], here.start),
                    *feedback)
                for name, part in ctx.terms.items():
                    for term, room in zip(part, found[name], strict=True):
                        term.credit(here, arrived_errors[name], room)
            return found

        parts = blocks.in_blocks(size[0], about.block(size, dtype), work)
        of_terms = [each for name, part in ctx.terms.items() for each in gradients(
            [found[name] for found in parts], whole.get(name), dtype)]
        wanted = ctx.needs_input_grad[3 + len(of_terms) + len(shape.straight_through):]
        weights = [_of_weights(ctx, own.delay, whole[loop.onto]) if asked else None
                   for asked, own, loop in zip(wanted, about.recurrent, shape.loops, strict=True)]
        return None, None, None, *of_terms, *(torch.from_numpy(values) for values in through), *weights


def _once_more(ctx, numbers: np.ndarray, here: slice, rooms: blocks.Rooms) -> list[np.ndarray]:
    """Runs samples forwards as they ran before; answers what the way back looks up."""
    about, transmitted = ctx.about, rooms("sent", here)
    (count, steps), shape = transmitted.shape[:2], about.programs.shape
    kept = [rooms(f"kept {name}", here, np.uint8 if name == "free" else None) for name in about.programs.kept]
    about.programs.forward.forward(
        0, count, True, False, about.cell.rest, numbers, transmitted, np.empty((count, steps + 1), np.int64),
        np.empty((count, 0), np.int32), *blocks.arrivals(ctx.terms, here, rooms),
        *(part[here].copy() for part in ctx.begun), *kept, *(rooms(f"seen {name}", here) for name in shape.records),
        *about.random(steps, here.start))
    return kept


def _of_weights(ctx, delay: int, error: np.ndarray) -> torch.Tensor:
    """The gradient of a loop's weights [pre, post]."""
    if ctx.about.listed:
        return torch.from_numpy(errors_at_spikes(ctx.spikes, error, delay))
    arrived = later(torch.from_numpy(error), -delay)
    return torch.from_numpy(ctx.transmitted).flatten(0, 1).T @ arrived.flatten(0, 1)
