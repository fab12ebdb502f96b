"""e-prop forward in time: eligibility per synapse and a learning signal per neuron, with memory that T does not enter.

Credit that stays within a neuron is carried forward as d state_j / d w_ij, one number per synapse and variable of the
neuron. How these numbers move in a step is the derivative of the neuron's own step, which autograd gives for any neuron
written in equations: the graph is one step deep.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import torch

from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient.checks import always_sent, presented
from plasticity.engines.gradient.connections import Connection
from plasticity.engines.gradient.exact import Gradients
from plasticity.engines.gradient.loss import Loss
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.noise import Noise, noise_of
from plasticity.engines.gradient.stepping import State, cut, leaf, start
from plasticity.errors import PlasticityError, RefusedError

Key = tuple[str, str]
#: losses that have an error in every step, known when the step is over
IN_EVERY_STEP = ("cross_entropy", "mse", "bernoulli")


def online_gradients(network: GradientNetwork, x: Iterable[torch.Tensor] | torch.Tensor, target: torch.Tensor,
                     loss: Loss, steps: int | None = None,
                     weight: torch.Tensor | None = None,
                     noise: int | Noise | None = None) -> tuple[float, Gradients]:
    """(loss, gradients) of e-prop, as `gradients` finds them by going back, but computed while the sample runs.

    dE/dW_ij = sum_t L_j(t) ebar_ij(t): nothing of the past is kept but one number per synapse, sample and variable of
    the postsynaptic neuron. For networks with one input, beside those that always send, and dense projections.

    x: [batch, steps, n], or an iterable of steps [batch, n] (then `steps` says how many will come: a mean over steps
    has to know). target: as the loss takes it. loss: `cross_entropy`, `mse` or `bernoulli`. weight: [batch] or [batch,
    steps], see `Loss`. noise: as the network takes it.
    Raises RefusedError for a rule in which credit passes from neuron to neuron, for a loss without an error in
    every step, and without a leaky readout; PlasticityError for steps of another shape or number.

    Source: Bellec et al. 2020, Nature Communications 11:3625, equations 3 and 4 (eligibility vectors).
    """
    require_online(network, loss)
    if isinstance(x, torch.Tensor | np.ndarray | Spikes):
        shown = presented(network.network, x, network.dtype, network.device)[network.network.shown[0].name]
        x, steps = shown.unbind(1), shown.shape[1]
    if steps is None:
        raise PlasticityError("steps is needed when x is an iterable of steps")
    learner = _Online(network, loss, target.to(network.device), steps, weight, noise_of(noise))
    now, n = -1, network.network.shown[0].n
    for now, here in enumerate(x):
        if now == steps or here.shape[1:] != (n,):
            raise PlasticityError(f"x must have steps={steps} steps [batch, {n}], got step {now} of shape "
                                  f"{tuple(here.shape)}")
        learner.advance(here.to(network.device, network.dtype), now)
    if now + 1 != steps:
        raise PlasticityError(f"steps={steps}, but x had {now + 1}: the loss counts on so many")
    return learner.total, learner.found


def require_online(network: GradientNetwork, loss: Loss) -> None:
    """Raises RefusedError for what has no gradients forward in time: see `online_gradients`."""
    rule, paths = network.rule, network.rule.paths
    if paths.recurrent or paths.autapse or paths.layers != "cut" or paths.truncate or rule.teacher != "readout":
        raise RefusedError(f"rule {rule.name!r} lets credit pass between neurons, or learns from something else than "
                           "the readout's error; online learning takes eprop and rflo")
    if getattr(loss, "name", None) not in IN_EVERY_STEP:
        raise RefusedError(f"online learning needs a loss with an error in every step ({', '.join(IN_EVERY_STEP)}), "
                           f"got {getattr(loss, 'name', loss)!r}")
    if network.readout is None or network.readout.spiking:
        raise RefusedError("online learning takes a leaky readout, whose error is known when a step is over; this "
                           "network has none: give a LeakyReadout, or use rule.with_(online=False)")
    if len(network.network.shown) != 1 or not all(connection.operator.dense for connection in network.connections):
        raise RefusedError("online learning takes networks with one input, and dense or sparse projections only")


class _Online:
    """One presentation. found: gradients so far. total: loss so far."""

    def __init__(self, network: GradientNetwork, loss: Loss, target: torch.Tensor, steps: int,
                 weight: torch.Tensor | None, noise: Noise | None):
        self.network, self.loss, self.noise = network, loss, noise
        y = torch.zeros((), dtype=network.dtype, device=network.device).expand(len(target), steps, network.readout.n)
        self.shares = loss.shares(y, weight)
        self.wished = loss.wanted(target, y, self.shares > 0)
        self.kappa, self.gain = network.readout.leak(network.network.dt)
        self.weights = {name: w.detach() for name, w in network.effective().items()}
        self.found = {name: torch.zeros_like(p) for name, p in network.named_parameters() if p.requires_grad}
        self.total, self.y, self.filtered = 0.0, 0.0, dict.fromkeys(network.readouts, 0.0)
        longest = max(connection.delay for connection in network.connections) + 1
        self.shown = network.network.shown[0].name
        self.inputs: deque[dict[str, torch.Tensor]] = deque(maxlen=longest)
        self.fired = {name: deque(maxlen=longest) for name in network.cells}
        self.learning = [connection for connection in network.connections
                         if network.weights[connection.name].requires_grad]
        self.traces: dict[str, dict[Key, torch.Tensor]] = {connection.name: {} for connection in self.learning}
        self.bars = dict.fromkeys(self.traces, 0.0)
        self.states: dict[str, State] = {}

    @torch.no_grad()
    def advance(self, x: torch.Tensor, now: int) -> None:
        """One step, and what it adds to the gradients."""
        network = self.network
        if not self.states:
            self.states = {name: start(part, len(x), network.rule.paths, network.initial(name))
                           for name, part in network.cells.items()}
        always = always_sent(network.network, (len(x), 1), network.dtype, network.device)
        self.inputs.append({self.shown: x, **{name: ones[:, 0] for name, ones in always.items()}})
        states, spikes, rows = self._step(now)
        error = self._error(spikes, now)
        for connection in self.learning:
            self._learn(connection, rows[connection.post], error)
        self.states = states

    def _step(self, now: int):
        """(states after it, spikes, {population: derivatives}), with the graph of this step alone."""
        with torch.enable_grad():
            states = {name: leaf(state) for name, state in self.states.items()}
            like = {name: next(iter(state.values.values())) for name, state in states.items()}
            arrivals = {(connection.post, connection.onto): torch.zeros_like(like[connection.post]).requires_grad_()
                        for connection in self.network.connections}
            drive = {key: zero + self._driven(key) for key, zero in arrivals.items()}
            fired = {name: list(past) for name, past in self.fired.items()}
            new = self.network.step(states, drive, fired, self.weights, now, noise=self.noise)
            sent = {name: past[-1].sent for name, past in fired.items()}
            rows = {name: _rows(states[name], new[name], sent[name],
                                {key: zero for key, zero in arrivals.items() if key[0] == name}) for name in states}
        for name, past in fired.items():
            self.fired[name].append(replace(past[-1], own=past[-1].own.detach(), kept=past[-1].kept.detach(),
                                            sent=past[-1].sent.detach()))
        return {name: cut(state) for name, state in new.items()}, {name: z.detach() for name, z in sent.items()}, rows

    def _driven(self, key: Key) -> torch.Tensor | float:
        """What inputs bring to a variable in this step."""
        inputs = (connection for connection in self.network.connections
                  if connection.kind == "input" and (connection.post, connection.onto) == key)
        return sum(self.inputs[-1 - connection.delay][connection.pre] @ self.weights[connection.name]
                   for connection in inputs if len(self.inputs) > connection.delay)

    def _error(self, spikes: Mapping[str, torch.Tensor], now: int) -> torch.Tensor:
        """dE/dy of this step [batch, outputs]; the readout learns from it at once."""
        network, found = self.network, self.found
        current = sum(spikes[name] @ w for name, w in network.readouts.items())
        self.y = self.kappa * self.y * float(network.rule.paths.time) + self.gain * current
        y = self.y if network.bias is None else self.y + network.bias
        value, error = self._compared(y, now)
        self.total += value
        for name in network.readouts:
            self.filtered[name] = self.kappa * self.filtered[name] + self.gain * spikes[name]
            change = self.filtered[name].T @ error
            found[f"readouts.{name}"] += change
            if f"feedback.{name}" in found:
                found[f"feedback.{name}"] += change.T
        if network.bias is not None:
            found["bias"] += error.sum(0)
        return error

    def _compared(self, y: torch.Tensor, now: int) -> tuple[float, torch.Tensor]:
        """The share of this step in the loss, and its derivative."""
        wished = self.wished[:, now:now + 1] if self.wished.shape[1] > 1 else self.wished
        with torch.enable_grad():
            seen = y[:, None].detach().requires_grad_()
            share = (self.shares[:, now] * self.loss.compare(seen, wished)[:, 0]).sum()
            error, = torch.autograd.grad(share, [seen])
        return float(share.detach()), error[:, 0]

    def _learn(self, connection: Connection, rows: Mapping, error: torch.Tensor) -> None:
        """Eligibility moves on by a step, and meets the learning signal of its neurons."""
        traces, eligible = self.traces[connection.name], rows["sent"]
        e = _carried(eligible, traces)
        bar = self.kappa * self.bars[connection.name] + self.gain * e
        self.bars[connection.name] = bar
        back = self.network.feedback[connection.post] if connection.post in self.network.feedback else \
            self.network.readouts[connection.post].T
        if torch.is_tensor(bar):
            change = torch.einsum("bij,bj->ij", bar, error @ back) * connection.scale
            exists = getattr(self.network, f"exists {connection.name}")
            self.found[f"weights.{connection.name}"] += change if exists is None else change * exists
        pre = self._presynaptic(connection)
        onto = connection.post, connection.onto
        self.traces[connection.name] = {key: moved for key, row in rows.items() if key != "sent" and
                                        torch.is_tensor(moved := _carried(row, traces, onto, pre))}

    def _presynaptic(self, connection: Connection) -> torch.Tensor | None:
        """What the synapses received in this step, [batch, pre]."""
        past = self.inputs if connection.kind == "input" else self.fired[connection.pre]
        if len(past) <= connection.delay:
            return None
        here = past[-1 - connection.delay]
        if connection.kind == "input":
            return here[connection.pre]
        return here.kept if connection.kind == "recurrent" else here.sent


def _carried(row: Mapping, traces: Mapping[Key, torch.Tensor], onto: Key | None = None,
             pre: torch.Tensor | None = None) -> torch.Tensor | float:
    """sum over variables of derivative [batch, post] times eligibility [batch, pre, post], plus what just arrived."""
    found = sum(factor[:, None] * traces[key] for key, factor in row.items() if key in traces)
    if onto is not None and pre is not None and onto in row:
        found = found + pre[:, :, None] * row[onto][:, None]
    return found


def _named(state: State) -> dict[str, torch.Tensor]:
    """Every tensor of a state that can carry credit; spikes whose reset is due begin with a dot."""
    last = {} if state.last is None else {".kept": state.last.kept, ".own": state.last.own}
    return {**state.values, **last}


def _rows(before: State, after: State, sent: torch.Tensor, arrivals: Mapping[Key, torch.Tensor]) -> dict:
    """Derivatives of one neuron's step: {what: {what before it, or arrival: [batch, n]}}, zeros left out."""
    leaves = _named(before) | arrivals
    return {name: _row(value, leaves) for name, value in [*_named(after).items(), ("sent", sent)]}


def _row(value: torch.Tensor, leaves: Mapping) -> dict:
    if not value.requires_grad:
        return {}
    found = torch.autograd.grad(value.sum(), list(leaves.values()), retain_graph=True, allow_unused=True)
    return {key: g for key, g in zip(leaves, found, strict=True) if g is not None}

