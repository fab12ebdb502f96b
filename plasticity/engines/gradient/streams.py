"""What one window of a stream leaves to the next, as a flat mapping {name: tensor [batch, ...]} that can be kept.

variables/POPULATION/VARIABLE [batch, n]: as they are between two steps. refractory/POPULATION [batch, n]: steps that
a neuron has still to rest. due/POPULATION [batch, n]: spikes whose reset is due in the next step. in_flight/SOURCE
[batch, longest delay, n]: the last steps of what a population or input sent over delayed projections. readout [batch,
n]: the leaky sum. Values pass, credit does not: to the next window the state is a constant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
from torch.nn import functional

from plasticity.engines.gradient.cells import Cell
from plasticity.engines.gradient.connections import Connection
from plasticity.engines.gradient.stepping import Spiking, State, start
from plasticity.errors import PlasticityError, unknown
from plasticity.network.network import Network
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.paths import GradientRule

StreamState = Mapping[str, torch.Tensor]
READOUT = "readout"


class Net(Protocol):
    """A gradient network, as far as its state is concerned."""

    network: Network
    connections: Sequence[Connection]
    cells: Mapping[str, Cell]
    readout: LeakyReadout | Counts | None
    rule: GradientRule
    dtype: torch.dtype
    device: torch.device

    def initial(self, population: str) -> Mapping[str, torch.Tensor]: ...


def first_state(net: Net, batch: int) -> dict[str, torch.Tensor]:
    """The state of streams that begin, as `Output.state`: nothing has been sent yet."""
    state = {name: torch.zeros(shape, dtype=net.dtype, device=net.device)
             for name, shape in _shapes(net, batch).items()}
    for name in net.cells:
        state |= {variable(name, each): first.expand(batch, -1).clone() for each, first in net.initial(name).items()}
    return state


def taken(net: Net, state: Mapping[str, torch.Tensor | np.ndarray], batch: int) -> dict[str, torch.Tensor]:
    """A state as constants where the parameters are; arrays are taken too, as a checkpoint has them.

    Raises PlasticityError for the state of another network, or of another number of streams.
    """
    shapes = _shapes(net, batch)
    for name in {*shapes, *state}:
        if name not in state or name not in shapes:
            raise unknown("part of a state:", name, shapes) if name in state else PlasticityError(
                f"the state lacks {name!r}; give the `state` that the window before answered")
        if tuple(np.shape(state[name])) != shapes[name]:
            raise PlasticityError(f"state {name!r} must have shape {shapes[name]} for {batch} streams, got "
                                  f"{tuple(np.shape(state[name]))}; every window has the same streams, in one order")
    return {name: torch.as_tensor(state[name]).detach().to(net.device, net.dtype) for name in shapes}


def _shapes(net: Net, batch: int) -> dict[str, tuple[int, ...]]:
    """{name: shape} of all that the next window depends on."""
    shapes = {}
    for name, cell in net.cells.items():
        shapes |= {variable(name, each): (batch, cell.n) for each in cell.initial}
        shapes |= {refractory(name): (batch, cell.n)} if cell.rest else {}
        shapes |= {due(name): (batch, cell.n)} if resets_later(cell) else {}
    for source, delay in longest(net.connections).items():
        shapes[in_flight(source)] = (batch, delay, net.network.sizes[source])
    if remembers(net):
        shapes[READOUT] = (batch, net.readout.n)
    return shapes


def variable(population: str, name: str) -> str:
    return f"variables/{population}/{name}"


def refractory(population: str) -> str:
    return f"refractory/{population}"


def due(population: str) -> str:
    return f"due/{population}"


def in_flight(source: str) -> str:
    return f"in_flight/{source}"


def resets_later(cell: Cell) -> bool:
    """Whether a spike resets its neuron in the next step."""
    return bool(cell.neuron.reset_delay and cell.at_reset)


def remembers(net: Net) -> bool:
    """Whether the readout's sum leaks from step to step."""
    return net.readout is not None and net.readout.leak(net.network.dt)[0] > 0


def longest(connections: Sequence[Connection]) -> dict[str, int]:
    """{source: steps that what it sends can be on its way}, for those with a delay."""
    found: dict[str, int] = {}
    for connection in connections:
        if connection.delay:
            found[connection.pre] = max(connection.delay, found.get(connection.pre, 0))
    return found


def begun(net: Net, state: StreamState | None, batch: int, drives: Sequence[dict],
          weights: Mapping[str, torch.Tensor]) -> dict[str, State]:
    """The populations at the start of a window, as they were left before.

    drives: what arrives in each step, {(population, variable): [batch, n]}; gains what was on its way.
    """
    if state is None:
        return {name: start(cell, batch, net.rule.paths, net.initial(name)) for name, cell in net.cells.items()}
    for post, onto, amounts in arriving(net, state, weights, len(drives)):
        for drive, amount in zip(drives, amounts.unbind(1), strict=False):
            drive[post, onto] = drive[post, onto] + amount if (post, onto) in drive else amount
    return {name: _opened(name, cell, state, net.rule.paths.layers == "step") for name, cell in net.cells.items()}


def _opened(name: str, cell: Cell, state: StreamState, instant: bool) -> State:
    values = {each: state[variable(name, each)] for each in cell.initial}
    spikes = state[due(name)] if resets_later(cell) else None
    last = None if spikes is None else Spiking(spikes, spikes, spikes, spikes != 0)
    return State(values, dict(values) if instant else None, last, state[refractory(name)] if cell.rest else None)


def left(states: Mapping[str, State], steps: int) -> dict[str, torch.Tensor]:
    """The populations' part of the state, after so many steps."""
    found = {}
    for name, state in states.items():
        found |= {variable(name, each): value.detach() for each, value in state.values.items()}
        if state.free_at is not None:
            found[refractory(name)] = (state.free_at - steps).clamp(min=0)
        if state.last is not None:
            found[due(name)] = state.last.hit.to(state.last.own.dtype)
    return found


def arriving(net: Net, state: StreamState, weights: Mapping[str, torch.Tensor],
             steps: int) -> Iterator[tuple[str, str, torch.Tensor]]:
    """What was on its way when the window began: (population, variable, [batch, its first steps, n])."""
    for connection in (connection for connection in net.connections if connection.delay):
        sent = state[in_flight(connection.pre)]
        on_the_way = sent[:, sent.shape[1] - connection.delay:][:, :steps]
        yield connection.post, connection.onto, connection.operator.product(on_the_way, weights[connection.name])


def late(net: Net, sent: Mapping[str, torch.Tensor], state: StreamState | None) -> dict[str, torch.Tensor]:
    """What is on its way when the window ends. sent: {source: [batch, steps, n]} of this window."""
    found = {}
    for source, delay in longest(net.connections).items():
        here = sent[source].detach()[:, -delay:]
        before = delay - here.shape[1]
        past = functional.pad(here, (0, 0, before, 0)) if state is None else torch.cat(
            [state[in_flight(source)][:, delay - before:], here], 1)
        found[in_flight(source)] = past.clone()
    return found


def recalled(y: torch.Tensor, before: torch.Tensor, kappa: float) -> torch.Tensor:
    """A leaky sum y [batch, steps, n] that began at zero, as it is after it had been at `before` [batch, n]."""
    powers = kappa ** torch.arange(1, y.shape[1] + 1, dtype=y.dtype, device=y.device)
    return y + before[:, None] * powers[:, None]
