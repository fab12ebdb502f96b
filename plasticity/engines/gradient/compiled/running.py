"""A network layer by layer, each over all of its steps at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch

from plasticity._utils.memory import keep_freed
from plasticity._utils.sums import add_to
from plasticity.engines.gradient import streams
from plasticity.engines.gradient.compiled.arrivals import Term
from plasticity.engines.gradient.compiled.events import later
from plasticity.engines.gradient.compiled.population import RecurrentWeights, present
from plasticity.engines.gradient.compiled.step import Loop, Shape
from plasticity.engines.gradient.compiled.trains import Net, Train, arrived, input_trains, wide
from plasticity.engines.gradient.compiled.windows import begun, ended, with_arriving
from plasticity.engines.gradient.compiled.writing import Programs, programs
from plasticity.engines.gradient.connections import NONE, Connection, Credit, carried, straight_through_term
from plasticity.engines.gradient.noise import Noise

LARGE = 1 << 23  # numbers in an array: from there on the system takes as long to give memory as it takes to use it


class Ran(NamedTuple):
    """spikes: {population: [batch, steps, n]}; records: what was recorded; left: the populations' state."""

    spikes: dict[str, torch.Tensor]
    records: dict[str, torch.Tensor]
    left: dict[str, torch.Tensor]


def order(connections: Sequence[Connection], populations: Sequence[str]) -> list[str] | None:
    """The populations, each after those that project to it (but itself); None if there is no such order."""
    ordered: list[str] = []
    while len(ordered) < len(populations):
        ready = [name for name in populations if name not in ordered and all(
            connection.kind == "input" or connection.to_itself or connection.pre in ordered
            for connection in connections if connection.post == name)]
        if not ready:
            return None
        ordered += ready
    return ordered


def refusal(net: Net) -> str | None:
    """Why a network cannot be compiled, or None."""
    if order(net.connections, list(net.cells)) is None:
        return "populations project to each other in a loop"
    if not net.surrogate.text:
        return f"surrogate {net.surrogate.name!r} has no text"
    for cell in net.cells.values():
        if cell.competes:
            return f"one neuron of population {cell.name!r} wins in each step, which programs do not choose"
    if net.dtype not in (torch.float32, torch.float64):
        return f"programs compute in float32 and float64, not {net.dtype}"
    for connection in net.connections:
        if connection.to_itself and not connection.operator.dense:
            return f"projection {connection.name!r} from a population onto itself has no weight matrix"
    return None


class LayerByLayer:
    """The populations of a network in their order, each with its programs."""

    def __init__(self, net: Net):
        self.net = net
        self._programs: dict[tuple[str, bool, tuple[str, ...]], Programs] = {}

    def __reduce__(self):
        return LayerByLayer, (self.net,)  # the programs are modules: they are loaded again, not copied

    def loops(self, name: str) -> list[Connection]:
        """Projections of a population onto itself."""
        return [connection for connection in self.net.connections if connection.to_itself and connection.post == name]

    def programs(self, name: str, recording: bool = False, arriving: Sequence[str] = ()) -> Programs:
        """A population's programs: with all of its variables recorded, or none. arriving: variables that something was
        on its way to when the window began."""
        key = name, recording, tuple(arriving)
        if key not in self._programs:
            self._programs[key] = programs(self._shape(*key))
        return self._programs[key]

    def _shape(self, name: str, recording: bool, arriving: Sequence[str]) -> Shape:
        net, cell, paths = self.net, self.net.cells[name], self.net.rule.paths
        inward = [connection for connection in net.connections if connection.post == name and not connection.to_itself]
        straight_through = {connection.onto for connection in inward
                            if connection.kind == "layer" and paths.layers == "step"}
        loops = tuple(Loop(connection.onto, _kind(self._credit(connection))) for connection in self.loops(name))
        drives = tuple(dict.fromkeys((*(connection.onto for connection in inward), *arriving)))
        return Shape(cell.neuron, net.network.dt, bool(cell.rest), net.surrogate, paths, drives,
                     tuple(sorted(straight_through)), loops, cell.neuron.variables if recording else ())

    def _credit(self, connection: Connection) -> Credit:
        if connection.kind == "input":
            return Credit(True, True)  # whoever asks for the gradient of an input gets all of it
        return carried(connection, self.net.rule.paths, self.net.transport.get(connection.name, None))

    def run(self, x, record: Sequence[str], state: streams.StreamState | None = None,
            noise: Noise | None = None) -> Ran:
        """Spikes of every population, what is recorded, and what is left for the next window."""
        net, weights, ran = self.net, self.net.effective(), Ran({}, {}, {})
        trains, size = input_trains(net, x)
        state = None if state is None else streams.taken(net, state, size[0])
        arriving = self._arriving(state, weights, size[1])
        if torch.is_grad_enabled() and size[0] * size[1] * max(cell.n for cell in net.cells.values()) >= LARGE:
            keep_freed()
        for name in order(net.connections, list(net.cells)):
            cell, recorded = net.cells[name], [each for each in record if each.partition(".")[0] == name]
            drives, straight_through = self._arrivals(name, trains, weights)
            drives, ends = with_arriving(drives, arriving[name], size[1]), begun(net, name, size[0], state)
            recurrent = [self._recurrent(loop, weights[loop.name]) for loop in self.loops(name)]
            pools = [each for each in net.connections if each.pre == name and self._pools(each)]
            response = present(self.programs(name, bool(recorded), arriving[name]), cell, size, drives,
                               straight_through, recurrent, self._listed(name), ends, noise,
                               [pool.operator.highest for pool in pools])
            ran.spikes[name] = response.transmitted
            pooled = {pool.name: values for pool, values in zip(pools, response.pooled, strict=True)}
            trains[name] = Train(response.transmitted, response.spikes, net.dtype, pooled)
            ran.records.update((each, cell.view(each.partition(".")[2], response.seen)) for each in recorded)
            ran.left.update(ended(cell, ends, size[1]))
        transmitted = {source: trains[source].dense for source in streams.longest(net.connections)}
        return ran._replace(left=ran.left | streams.late(net, transmitted, state))

    def _arriving(self, state: streams.StreamState | None, weights: Mapping,
                  steps: int) -> dict[str, dict[str, list[torch.Tensor]]]:
        """What was on its way when the window began: {population: {variable: amounts of its first steps}}."""
        amounts: dict[str, dict[str, list]] = {name: defaultdict(list) for name in self.net.cells}
        if state is not None:
            for post, onto, amount in streams.arriving(self.net, state, weights, steps):
                amounts[post][onto].append(amount)
        return amounts

    def _recurrent(self, loop: Connection, w: torch.Tensor) -> RecurrentWeights:
        return RecurrentWeights(w, loop.delay, _back(w, self._credit(loop)))

    def _pools(self, connection: Connection) -> bool:
        """Whether a projection is a max pool that its source's programs can do at once."""
        return (connection.operator.highest is not None and self._credit(connection).whole
                and self.net.rule.paths.layers != "step" and bool(self.net.effective()[connection.name] == 1))

    def _listed(self, name: str) -> bool:
        """Whether events of this population would be of use."""
        return any(wide(self.net, connection) for connection in self.net.connections
                   if connection.pre == name and not connection.to_itself)

    def _arrivals(self, name: str, trains: Mapping[str, Train], weights: Mapping) -> tuple[dict, dict]:
        """What arrives from other populations, {variable: terms}, and straight-through terms, zeros."""
        drives: dict[str, list[Term]] = {}
        straight_through: dict[str, torch.Tensor] = {}
        inward = [each for each in self.net.connections if each.post == name and not each.to_itself]
        for connection in inward:
            credit, train, w = self._credit(connection), trains[connection.pre], weights[connection.name]
            if connection.kind == "layer" and self.net.rule.paths.layers == "step":
                term = straight_through_term(connection, train.dense, w, credit)
                add_to(straight_through, connection.onto, later(term, connection.delay))
                credit = NONE
            drives.setdefault(connection.onto, []).append(arrived(self.net, connection, train, w, credit))
        return drives, straight_through


def _kind(credit: Credit) -> str:
    return "dense" if credit.others else "diagonal" if credit.own else "none"


def _back(w: torch.Tensor, credit: Credit) -> torch.Tensor | None:
    """[post, pre] over which credit returns in a loop; the diagonal alone; or None."""
    weights = (w if credit.back is None else credit.back).detach()
    if not credit.others:
        return torch.diagonal(weights) if credit.own else None
    return weights.T if credit.own else (weights - torch.diag(torch.diagonal(weights))).T
