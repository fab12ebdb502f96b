"""Gradients forward in time, without going back: the exact oracle; and the true learning signal of every neuron."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from plasticity.engines.gradient.checks import presented
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.noise import Noise, noise_of
from plasticity.engines.gradient.output import Output
from plasticity.engines.gradient.stepping import State, leaf, start
from plasticity.errors import RefusedError

Objective = Callable[[Output], torch.Tensor]
Gradients = dict[str, torch.Tensor]


def gradients(network: GradientNetwork, x, objective: Objective, noise: int | Noise | None = None) -> Gradients:
    """The gradients that the network's rule gives, {parameter name: tensor}; `.grad` stays as it is.

    objective: from a `Output` to a number, as `lambda run: loss(run.outputs, target)`. noise: as the network takes it.
    Zeros where no credit arrives.
    """
    learning = {name: p for name, p in network.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(objective(network(x, noise=noise)), list(learning.values()), allow_unused=True)
    return {name: torch.zeros_like(p) if g is None else g
            for (name, p), g in zip(learning.items(), found, strict=True)}


def learning_signals(network: GradientNetwork, x, objective: Objective,
                     noise: int | Noise | None = None) -> dict[str, torch.Tensor]:
    """dE/dz of every neuron in every step, {population: [batch, steps, n]}, along the open paths of the rule.

    Under `bptt` this is the ideal learning signal of Bellec et al. 2020 (equation 1): everything that a spike brings
    about but for its effect on its own adaptation, which belongs to the eligibility trace. Zero in the first steps, in
    which no weight has had an effect yet.
    """
    run = network.step_by_step(x, noise=noise)
    places = [(name, step) for name, found in run.sent.items() for step, z in enumerate(found) if z.requires_grad]
    given = torch.autograd.grad(objective(run), [run.sent[name][step] for name, step in places], allow_unused=True)
    signals = {name: torch.zeros_like(z) for name, z in run.spikes.items()}
    for (name, step), error in zip(places, given, strict=True):
        if error is not None:
            signals[name][:, step] = error
    return signals


def rtrl(network: GradientNetwork, x, objective: Objective, noise: int | Noise | None = None) -> Gradients:
    """Real-time recurrent learning: the gradients of all projections, carried forward as d state/d weight.

    S[t+1] = dF/ds S[t] + dF/dw, one row per state variable and one column per weight: O(N^3) memory, whatever T. It
    follows the open paths of the network's rule: under `bptt` it is the exact gradient by another way, a test of it.
    For small networks. Raises RefusedError where the error does not come back by transposed weights, or with delays.

    Source: Williams & Zipser 1989, Neural Computation 1:270.
    """
    _require_exact(network)
    given = presented(network.network, x, network.dtype, network.device)
    noise = noise_of(noise)
    dy, dz = _errors(network, given, objective, noise)
    if network.readout is not None and network.readout.spiking:  # its outputs are spikes themselves
        dz[network.readout.pre], dy = dz[network.readout.pre] + dy, None
    found: Gradients = {}
    for sample in range(len(next(iter(given.values())))):
        one = {name: values[sample:sample + 1] for name, values in given.items()}
        part = _sample(network, one, None if dy is None else dy[sample],
                       {name: g[sample] for name, g in dz.items()}, noise and noise.later(samples=sample))
        found = {name: found[name] + g if found else g for name, g in part.items()}
    return found


def _require_exact(network: GradientNetwork) -> None:
    rule = network.rule
    told = (rule.feedback, rule.transport, rule.teacher)
    if told != ("symmetric", "symmetric", "readout") or rule.paths.layers == "step":
        raise RefusedError(f"rule {rule.name!r} does not send the error along the derivatives of the network, which is "
                           "what rtrl computes; use a rule with symmetric feedback")
    if any(connection.delay for connection in network.connections):
        raise RefusedError("rtrl takes no axonal delays; use axonal_delay=0")


def _errors(network: GradientNetwork, given: Mapping, objective: Objective, noise: Noise | None):
    """What the objective says of outputs and of spikes directly, not through the network."""
    with torch.no_grad():
        run = network(given, noise=noise)
    y = None if run.outputs is None else run.outputs.clone().requires_grad_()
    z = {name: values.clone().requires_grad_() for name, values in run.spikes.items()}
    leaves = [*z.values(), *([] if y is None else [y])]
    error = objective(replace(run, outputs=y, spikes=z))
    found = [torch.zeros_like(leaf) if g is None else g
             for leaf, g in zip(leaves, torch.autograd.grad(error, leaves, allow_unused=True), strict=True)]
    return None if y is None else found[-1], dict(zip(z, found, strict=False))


def _sample(network: GradientNetwork, given: Mapping, dy: torch.Tensor | None, dz: Mapping,
            noise: Noise | None) -> Gradients:
    """One sample, step by step."""
    learning = {f"weights.{name}": w for name, w in network.weights.items() if w.requires_grad}
    states = {name: start(part, 1, network.rule.paths, network.initial(name)) for name, part in network.cells.items()}
    leaves, carried, read = _leaves(states), None, dict.fromkeys(learning, 0.0)
    found = {name: torch.zeros_like(w) for name, w in learning.items()}
    kappa, gain = network.readout.leak(network.network.dt) if network.readout else (0.0, 0.0)
    for now in range(next(iter(given.values())).shape[1]):
        new, sent = _advance(network, states, given, now, noise)
        jacobian = _Jacobian(leaves, learning, carried)
        spikes = {name: jacobian.of(values[0]) for name, values in sent.items()}
        for name in learning:
            found[name] += sum(_weighed(dz[part][now], spikes[part][name]) for part in spikes).view_as(found[name])
            if dy is not None:
                arrived = sum(w.detach().T @ spikes[part][name] for part, w in network.readouts.items())
                read[name] = kappa * read[name] + gain * arrived
                found[name] += _weighed(dy[now], read[name]).view_as(found[name])
        flat = _flat(new)
        carried = jacobian.of(torch.cat([values.flatten() for values in flat.values()])) if flat else None
        states = {name: leaf(state) for name, state in new.items()}
        leaves = _leaves(states)
    return found | ({} if dy is None else _readout(network, given, dy, noise))


def _weighed(error: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    return error @ rows


def _advance(network: GradientNetwork, states, given: Mapping, now: int, noise: Noise | None):
    fired = {name: [] for name in network.cells}
    weights = network.effective()
    here = {name: values[:, now:now + 1] for name, values in given.items()}
    drive = network.drives(here, weights, 1)[0]
    new = network.step(states, drive, fired, weights, now, noise=noise)
    return new, {name: found[-1].sent for name, found in fired.items()}


def _readout(network: GradientNetwork, given: Mapping, dy: torch.Tensor, noise: Noise | None) -> Gradients:
    """The readout's own weights: its error times the leaky trace of the spikes it reads."""
    with torch.no_grad():
        spikes = network(given, noise=noise).spikes
    kappa, gain = network.readout.leak(network.network.dt)
    found = {}
    for name, w in network.readouts.items():
        trace, total = torch.zeros_like(w[:, 0]), torch.zeros_like(w)
        for z, error in zip(spikes[name][0], dy, strict=True):
            trace = kappa * trace + gain * z
            total += torch.outer(trace, error)
        found[f"readouts.{name}"] = total
    return found | ({} if network.bias is None else {"bias": dy.sum(0)})


def _flat(states: Mapping[str, State]) -> dict[tuple, torch.Tensor]:
    """Every tensor of a state that can carry credit, by place."""
    found = {(name, part): values for name, state in states.items() for part, values in state.values.items()}
    for name, state in states.items():
        if state.last is not None:
            found |= {(name, "kept", None): state.last.kept, (name, "own", None): state.last.own}
    return found


def _leaves(states: Mapping[str, State]) -> list[torch.Tensor]:
    return list(_flat(states).values())


class _Jacobian:
    """Derivatives of outputs of one step with respect to the weights, now and through the state before it.

    carried: {weight name: [state variables, weights]} of the state before, None where it was constant.
    """

    def __init__(self, leaves: list[torch.Tensor], learning: Mapping[str, torch.Tensor], carried: Gradients | None):
        self.leaves, self.learning, self.carried = leaves, learning, carried

    def of(self, outputs: torch.Tensor) -> Gradients:
        """{weight name: [outputs, weights]}"""
        rows = [self._row(value) for value in outputs]
        return {name: torch.stack([row[name] for row in rows]) for name in self.learning}

    def _row(self, value: torch.Tensor) -> Gradients:
        if not value.requires_grad:
            return {name: torch.zeros_like(w).flatten() for name, w in self.learning.items()}
        state = self.leaves if self.carried is not None else []
        asked = [*self.learning.values(), *state]
        found = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(asked, torch.autograd.grad(
            value, asked, retain_graph=True, allow_unused=True), strict=True)]
        direct = dict(zip(self.learning, found, strict=False))
        if self.carried is None:
            return {name: g.flatten() for name, g in direct.items()}
        through = torch.cat([g.flatten() for g in found[len(self.learning):]])
        return {name: g.flatten() + through @ self.carried[name] for name, g in direct.items()}
