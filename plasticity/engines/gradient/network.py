"""A network as a torch module whose gradients are those of a gradient rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from plasticity._utils import moved
from plasticity._utils.devices import in_own_dtype
from plasticity._utils.sums import add_to
from plasticity.engines.gradient import streams, surrogates
from plasticity.engines.gradient.cells import Cell, cell
from plasticity.engines.gradient.checks import floating, initial_weights, missing, presented, require_records, rule_of
from plasticity.engines.gradient.connections import NONE, carried, connections, delayed, straight_through_term, transmit
from plasticity.engines.gradient.loss import TEACH
from plasticity.engines.gradient.noise import Noise, noise_of
from plasticity.engines.gradient.operators import product
from plasticity.engines.gradient.output import Output
from plasticity.engines.gradient.readout import outputs
from plasticity.engines.gradient.signals import require_signal
from plasticity.engines.gradient.stepping import State, begin, cut, fire, settle
from plasticity.engines.gradient.streams import StreamState, first_state
from plasticity.engines.gradient.surrogates import Surrogate
from plasticity.engines.torch.language import Context
from plasticity.errors import RefusedError, choice
from plasticity.network.network import Network
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.paths import GradientRule

if TYPE_CHECKING:
    from plasticity.engines.gradient.compiled import LayerByLayer

BACKENDS = ("auto", "autograd", "compiled")
SMALLEST = 64


@moved.attributes(links="connections")
class GradientNetwork(nn.Module):
    """A spiking (or graded) network for torch optimisers; `loss.backward()` leaves the rule's gradients in `.grad`.

    network: populations, projections (of any kind; one axonal delay each) and inputs, as for every engine. The forward
        pass is the one that the engines compute. readout: leaky sums of populations, the spikes of one (`Counts`), or
        None.
    rule: a `GradientRule` or its name; None for the network's own, and "bptt" if it has none. surrogate: a `Surrogate`
        or its name. With a rule of its own a network may have winners (`Network.with_rule(rule, freeze=True)`).
    frozen: names of projections that do not learn, beside those that the network says are `frozen`. feedback:
        {population: [outputs, n]} in place of drawn weights, those that bring an error and those of rules that teach
        each population (`drtp`, `decolle`).
    seed: of readout and feedback weights. dtype: of everything, torch's default: float64 or float32, and with
        backend="autograd" also bfloat16 and float16.
    backend: "compiled", one generated program per population that runs all steps and their exact adjoint, on CPUs;
        "autograd", step by step through torch; "auto", the former where the network has 64 neurons or more and
        can be compiled (populations that project to each other in a loop cannot). `why_not_compiled` has the reason.

    Parameters: `weights[projection]` [pre, post] (convolution: [place in the patch, channel]; pools: a number that does
    not learn), `readouts[population]` [pre, output], `bias`, and, for adaptive feedback, `feedback[population]`
    [output, neuron].
    Raises RefusedError for a network that the rule cannot train, saying why.

    Source of the idea that learning rules are choices of paths: Marschall, Cho & Savin 2020, JMLR 21:135.
    """

    def __init__(self, network: Network, readout: LeakyReadout | Counts | None = None,
                 rule: str | GradientRule | None = None, surrogate: str | Surrogate = "triangular",
                 frozen: Sequence[str] = (), feedback: Mapping[str, np.ndarray] | None = None, seed: int = 0,
                 dtype: str | torch.dtype | None = None, backend: str = "auto"):
        super().__init__()
        self.network = network
        self.readout = readout = readout and readout.sized({part.name: part.n for part in network.populations})
        self.rule, self.surrogate = rule_of(network, rule), surrogates.make(surrogate)
        self.dtype, self.backend = floating(dtype), choice("backend", backend, BACKENDS)
        self.connections = connections(network)
        frozen = (*frozen, *(projection.name for projection in network.projections if projection.frozen))
        require_signal(network, self.connections, readout, self.rule, frozen)
        self.cells = self._cells()
        self._make_weights(np.random.default_rng(seed), frozen, feedback or {})
        self.compiled = self._compiled()

    def __getstate__(self) -> dict:
        """Everything but what is generated, which is made again when read."""
        generated = ("connections", "cells", "compiled")
        return {name: value for name, value in self.__dict__.items() if name not in generated}

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.connections, self.cells = connections(self.network), self._cells()
        self.compiled = self._compiled()

    def _cells(self) -> dict[str, Cell]:
        context = Context(self.dtype, torch.device("cpu"), self.network.dt, "sum", 0, None)
        return {part.name: cell(part, number, context, self.surrogate, self.rule.paths.reset,
                                self.network.rule is not None)
                for number, part in enumerate(self.network.populations)}

    def _compiled(self) -> LayerByLayer | None:
        self.why_not_compiled = None
        if self.backend == "autograd":
            self.why_not_compiled = "backend='autograd' was asked for"
        elif self.backend == "auto" and sum(part.n for part in self.network.populations) < SMALLEST:
            self.why_not_compiled = f"it has fewer than {SMALLEST} neurons: compiling takes longer than it saves"
        else:
            from plasticity.engines.gradient.compiled import LayerByLayer, refusal

            self.why_not_compiled = refusal(self)
            if self.why_not_compiled is None:
                return LayerByLayer(self)
        if self.backend == "compiled":
            raise RefusedError(f"this network cannot be compiled: {self.why_not_compiled}; use backend='autograd'")
        return None

    def _make_weights(self, generator: np.random.Generator, frozen: Sequence[str], feedback: Mapping) -> None:
        def as_parameter(values: np.ndarray, learns: bool = True) -> nn.Parameter:
            return nn.Parameter(torch.tensor(np.array(values, order="C"), dtype=self.dtype), learns)

        first = initial_weights(self.network, self.connections, self.readout, self.rule, frozen, feedback, generator)
        fixed = {*frozen, *(connection.name for connection in self.connections if not connection.operator.learns)}
        self.weights = nn.ParameterDict({name: as_parameter(w, name not in fixed)
                                         for name, w in first.weights.items()})
        self.readouts = nn.ParameterDict({name: as_parameter(w) for name, w in first.readouts.items()})
        adaptive = self.rule.feedback == "adaptive"
        self.feedback = nn.ParameterDict({name: as_parameter(b, adaptive) for name, b in first.feedback.items()})
        self.transport = nn.ParameterDict({name: as_parameter(b, False) for name, b in first.transport.items()})
        self.local = nn.ParameterDict({name: as_parameter(g, False) for name, g in first.local.items()})
        self.bias = as_parameter(np.zeros(self.readout.n)) if self.readout and self.readout.bias else None
        for connection in self.connections:
            self.register_buffer(f"exists {connection.name}", missing(self.network, connection), persistent=False)
        for name, part in self.cells.items():
            for variable, first in part.initial.items():
                self.register_buffer(f"{name} {variable}", first, persistent=False)

    def initial(self, population: str) -> dict[str, torch.Tensor]:
        """Variables at the start of a presentation, {name: [n]}, where the parameters are."""
        return {variable: getattr(self, f"{population} {variable}") for variable in self.cells[population].initial}

    @in_own_dtype
    def forward(self, x: torch.Tensor | Mapping[str, torch.Tensor], record: Sequence[str] = (),
                state: StreamState | None = None, noise: int | Noise | None = None) -> Output:
        """Presents spikes (or graded values) {input: [batch, steps, n]}, as tensors, arrays or `Spikes`; one of them
        alone if there is one input only.

        state: `Output.state` of the window before, from which the same streams go on; None begins anew.
        noise: seed of what neurons draw, while learning; None: each call is its mean (see `plasticity.language.draws`).
            The same seed draws the same numbers on both backends, whatever the batch and the number of threads.
        """
        require_records(self.network, record)
        if self.compiled is None or self.device.type != "cpu":
            return self.step_by_step(x, record, state, noise)
        ran = self.compiled.run(x, record, state, noise_of(noise))
        sent = {name: z.unbind(1) for name, z in ran.spikes.items()}
        return self._run(ran.spikes, sent, ran.records, ran.left, state)

    @in_own_dtype
    def step_by_step(self, x: torch.Tensor | Mapping[str, torch.Tensor], record: Sequence[str] = (),
                     state: StreamState | None = None, noise: int | Noise | None = None) -> Output:
        """The same by autograd over single steps, whatever the backend: so `Output.sent` are nodes of the graph."""
        require_records(self.network, record)
        given = presented(self.network, x, self.dtype, self.device)
        batch, steps = next(iter(given.values())).shape[:2]
        weights = self.effective()
        drives = self.drives(given, weights, steps)
        state = None if state is None else streams.taken(self, state, batch)
        states = streams.begun(self, state, batch, drives, weights)
        fired = {name: [] for name in self.cells}
        records, noise = {name: [] for name in record}, noise_of(noise)
        for now in range(steps):
            states = self.step(states, drives[now], fired, weights, now, records, noise)
        sent = {name: [spikes.sent for spikes in found] for name, found in fired.items()}
        spikes = {name: torch.stack(found, 1) for name, found in sent.items()}
        left = streams.left(states, steps) | streams.late(self, given | spikes, state)
        return self._run(spikes, sent, {name: torch.stack(found, 1) for name, found in records.items()}, left, state)

    def _run(self, spikes: Mapping[str, torch.Tensor], sent: Mapping, records: Mapping[str, torch.Tensor],
             left: StreamState, state: StreamState | None) -> Output:
        local = {name: spikes[name] @ g for name, g in self.local.items()}
        y, remembered = outputs(self, spikes, state)
        spiking = self.readout is not None and self.readout.spiking
        return Output(y, spikes, sent, records, local, TEACH[self.rule.teacher], {**left, **remembered}, spiking)

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device

    def effective(self) -> dict[str, torch.Tensor]:
        """What a presynaptic spike adds, {projection: w times scale}, zero where there is no synapse."""
        found = {}
        for connection in self.connections:
            w, exists = self.weights[connection.name], getattr(self, f"exists {connection.name}")
            w = w if exists is None else w * exists
            found[connection.name] = w if connection.scale == 1 else w * connection.scale
        return found

    def drives(self, given: Mapping[str, torch.Tensor], weights, steps: int) -> list[dict]:
        """What inputs bring in each step, {(population, variable): [batch, n]}: one product for all steps."""
        drives: list[dict] = [{} for _ in range(steps)]
        for connection in (connection for connection in self.connections if connection.kind == "input"):
            amounts = product(connection.operator, given[connection.pre], weights[connection.name]).unbind(1)
            for drive, amount in zip(drives[connection.delay:], amounts, strict=False):
                add_to(drive, (connection.post, connection.onto), amount)
        return drives

    def first_state(self, batch: int) -> StreamState:
        """The state with which so many streams begin, as `Output.state`."""
        return first_state(self, batch)

    def step(self, states: Mapping[str, State], drive: Mapping, fired: Mapping[str, list], weights: Mapping, now: int,
             records: Mapping[str, list] | None = None, noise: Noise | None = None) -> dict[str, State]:
        """One step: `fired` gains this step's spikes, `records` what is recorded."""
        paths = self.rule.paths
        if paths.truncate and now and now % paths.truncate == 0:
            states = {name: cut(state) for name, state in states.items()}
        begun, spikes = {}, {}
        for name, part in self.cells.items():
            begun[name], seen, free = begin(part, states[name], paths, now, noise)
            spikes[name] = fire(part, begun[name], seen, free, self.surrogate)
            fired[name].append(spikes[name])
            for wanted, found in (records or {}).items():
                population, _, variable = wanted.partition(".")
                if population == name:
                    found.append(part.view(variable, seen))
        arrivals, through = self._transmitted(drive, fired, weights)
        return {name: settle(part, begun[name], spikes[name], _onto(arrivals, name), _onto(through, name), paths, now)
                for name, part in self.cells.items()}

    def _transmitted(self, drive: Mapping, fired: Mapping[str, list], weights: Mapping) -> tuple[dict, dict]:
        """What arrives, {(population, variable): amount}, and zeros that carry credit to it within the step only."""
        arrivals, through, instant = dict(drive), {}, self.rule.paths.layers == "step"
        for connection in (connection for connection in self.connections if connection.kind != "input"):
            past, w = delayed(fired[connection.pre], connection.delay), weights[connection.name]
            if past is None:
                continue
            spikes = past.kept if connection.kind == "recurrent" else past.sent
            credit = carried(connection, self.rule.paths, self.transport.get(connection.name, None))
            if instant and connection.kind == "layer":
                term = straight_through_term(connection, spikes, w, credit)
                add_to(through, (connection.post, connection.onto), term)
                credit = NONE
            add_to(arrivals, (connection.post, connection.onto), transmit(connection, spikes, w, credit))
        return arrivals, through

    def with_rule(self, rule: str | GradientRule, feedback: Mapping[str, np.ndarray] | None = None,
                  seed: int = 0) -> GradientNetwork:
        """The same network with the same parameters (shared, not copied) under another rule."""
        frozen = [name for name, w in self.weights.items() if not w.requires_grad]
        network = self.network if self.network.rule is None else self.network.with_(rule=rule)
        other = GradientNetwork(network, self.readout, rule, self.surrogate, frozen, feedback, seed, self.dtype,
                                self.backend).to(self.device)
        other.weights, other.readouts, other.bias = self.weights, self.readouts, self.bias
        return other

    def to_network(self) -> Network:
        """The network as data with the present weights, for another teacher or engine."""
        return self.network.with_weights(dict(self.weights.items()))


def _onto(found: Mapping, population: str) -> dict[str, torch.Tensor]:
    return {variable: amount for (name, variable), amount in found.items() if name == population}

