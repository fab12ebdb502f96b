"""One step of a differentiable network, in the order that all engines share, with the closed paths cut.

A path is closed by `detach`: the value passes, the credit does not. Where one number has to do both, the step adds
x - x.detach(), which is zero and carries the gradient of x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from plasticity.engines.gradient.cells import Cell, Values
from plasticity.engines.gradient.noise import Noise
from plasticity.engines.gradient.surrogates import Surrogate, spike
from plasticity.rules.paths import Paths


@dataclass(frozen=True)
class Spiking:
    """The spikes of one step under three names, so that credit can tell how they are used.

    own: adapts the neuron. kept: resets it, and passes loops of projections. sent: goes to further layers and to the
    readout (the same as kept, unless credit passes layers within a step only). hit: who spiked (bool).
    """

    own: torch.Tensor
    kept: torch.Tensor
    sent: torch.Tensor
    hit: torch.Tensor


@dataclass(frozen=True)
class State:
    """A population between two steps.

    fresh: the same values, through which only what arrived in the last step carries credit (None: not needed).
    last: spikes whose reset is still due. free_at: step from which a neuron may spike again (None: no refractoriness).
    """

    values: Values
    fresh: Values | None
    last: Spiking | None
    free_at: torch.Tensor | None


def start(cell: Cell, batch: int, paths: Paths, initial: Values | None = None) -> State:
    """The beginning of a presentation. initial: the cell's own, {variable: [n]}, on another device."""
    values = {name: first.expand(batch, cell.n).clone() for name, first in (initial or cell.initial).items()}
    some = next(iter(values.values()))
    free_at = torch.full_like(some, -torch.inf) if cell.rest else None
    return State(values, dict(values) if paths.layers == "step" else None, None, free_at)


def cut(state: State) -> State:
    """The state as a constant."""
    last = state.last and replace(state.last, own=state.last.own.detach(), kept=state.last.kept.detach())
    return replace(state, values=_detached(state.values), fresh=state.fresh and _detached(state.fresh), last=last)


def leaf(state: State) -> State:
    """The state as leaves of a new graph."""
    def fresh(values: torch.Tensor) -> torch.Tensor:
        return values.detach().requires_grad_()

    last = state.last and replace(state.last, own=fresh(state.last.own), kept=fresh(state.last.kept))
    return replace(state, values={name: fresh(value) for name, value in state.values.items()}, last=last)


def _detached(values: Values) -> dict[str, torch.Tensor]:
    return {name: value.detach() for name, value in values.items()}


def begin(cell: Cell, state: State, paths: Paths, now: int,
          noise: Noise | None = None) -> tuple[State, Values, torch.Tensor | None]:
    """Resets that are due, then one step of the equations: the state, the values the threshold sees, who is free.

    Until the step is over the values hold its random numbers too.
    """
    if state.last is not None:
        state = _reset(cell, state, state.last, paths)
    free = state.free_at <= now if cell.rest else None
    drawn = cell.drawn(noise, now, next(iter(state.values.values())))
    values = cell.integrate({**state.values, **drawn}, free)
    if state.fresh is None:
        return replace(state, values=values, last=None), values, free
    fresh = cell.integrate({**state.fresh, **drawn}, free)
    seen = {name: values[name] + (fresh[name] - fresh[name].detach()) for name in values}
    return replace(state, values=values, fresh=fresh, last=None), seen, free


def fire(cell: Cell, state: State, seen: Values, free: torch.Tensor | None, surrogate: Surrogate) -> Spiking:
    """Who spikes. With a graded output, that is what is kept and sent; of neurons that compete, the winner's spike."""
    able = _chosen(cell, state.values, free) if cell.competes else free
    won = spike(cell.margin(state.values), cell.strict, surrogate, able)
    own = spike(cell.margin(state.values), cell.strict, surrogate, free) if cell.losers_reset else won
    kept = won.view_as(won) if cell.output is None else cell.output(state.values)
    sent = kept
    if state.fresh is not None:
        sent = cell.output(seen) if cell.output else spike(cell.margin(seen), cell.strict, surrogate, able)
    return Spiking(own, kept, sent, own.detach() != 0)


@torch.no_grad()
def _chosen(cell: Cell, values: Values, free: torch.Tensor | None) -> torch.Tensor:
    """Who is able to spike, bool [batch, n]: of those that cross the threshold the one with the highest membrane, ties
    to the lower index; where none crosses, all that are free, so that all of them hear of an error."""
    margin = cell.margin(values)
    crossed = margin > 0 if cell.strict else margin >= 0
    crossed = crossed if free is None else crossed & free
    highest = torch.where(crossed, values[cell.membrane], -torch.inf).argmax(1, keepdim=True)
    first = torch.zeros_like(crossed).scatter_(1, highest, True)
    chosen = torch.where(crossed.any(1, keepdim=True), first, True)
    return chosen if free is None else chosen & free


def settle(cell: Cell, state: State, spikes: Spiking, arrivals: Mapping[str, torch.Tensor],
           straight_through: Mapping[str, torch.Tensor], paths: Paths, now: int) -> State:
    """What arrives in this step is received; then the neurons that spiked are reset, or will be in the next step.

    arrivals: {variable: amount}. straight_through: {variable: zeros that carry credit to what was sent in this very
    step}.
    """
    free_at, open_ = state.free_at, None
    if cell.rest:
        free_at = torch.where(spikes.hit, float(now + cell.rest), state.free_at)
        open_ = (free_at <= now).to(spikes.own.dtype)
    last = {name: state.values[name] for name in cell.initial}
    own = last if paths.time else _detached(last)
    values = _receive(cell, own, arrivals, open_)
    fresh = None if state.fresh is None else _receive(cell, _detached(values), straight_through, open_)
    state = State(values, fresh, spikes if cell.at_reset else None, free_at)
    if cell.neuron.reset_delay or state.last is None:
        return state
    return replace(_reset(cell, state, spikes, paths), last=None)


def _receive(cell: Cell, values: Values, arrivals: Mapping[str, torch.Tensor], open_) -> dict[str, torch.Tensor]:
    taken = {name: amount * open_ if open_ is not None and name in cell.gated else amount
             for name, amount in arrivals.items()}
    return {name: value + taken[name] if name in taken else value for name, value in values.items()}


def _reset(cell: Cell, state: State, spikes: Spiking, paths: Paths) -> State:
    """The reset where neurons spiked; the spike itself carries credit along the open paths."""
    jumped = cell.jump(state.values)
    values = _where(cell, spikes.hit, jumped, state.values)
    for name in cell.at_reset:
        resets = name == cell.membrane
        source = spikes.kept if resets and cell.output is None and not cell.losers_reset else spikes.own
        if (paths.reset if resets else paths.adaptation) and source.requires_grad:
            change = (jumped[name] - state.values[name]).detach()
            values[name] = values[name] + (source - source.detach()) * change
    fresh = state.fresh and _where(cell, spikes.hit, cell.jump(state.fresh), state.fresh)
    return replace(state, values=values, fresh=fresh)


def _where(cell: Cell, hit: torch.Tensor, jumped: Values, values: Values) -> dict[str, torch.Tensor]:
    return {name: torch.where(hit, jumped[name], value) if name in cell.at_reset else value
            for name, value in values.items()}
