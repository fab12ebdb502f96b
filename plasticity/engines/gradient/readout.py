"""What a readout answers, and the ways in which its error enters the network."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Protocol

import torch

from plasticity.engines.gradient.parts import computed_here
from plasticity.engines.gradient.scan import leaky_sum
from plasticity.engines.gradient.streams import READOUT, Net, StreamState, recalled, remembers
from plasticity.rules.paths import Paths


class Read(Net, Protocol):
    """A gradient network, as far as its readout is concerned."""

    readouts: Mapping[str, torch.Tensor]
    feedback: Mapping[str, torch.Tensor]
    bias: torch.Tensor | None


def outputs(net: Read, spikes: Mapping[str, torch.Tensor],
            state: StreamState | None = None) -> tuple[torch.Tensor | None, dict[str, torch.Tensor]]:
    """The readout's outputs [batch, steps, n] (None without one), and what the next window needs of its leaky sum.

    spikes: {population: [batch, steps, n_pre]}. state: of the window before. A population that is counted hears its
    own error as it is; others hear it over their feedback weights, where the rule has some.
    """
    if net.readout is None:
        return None, {}
    if net.rule.teacher != "readout":
        spikes = {name: z.detach() for name, z in spikes.items()}
    if net.readout.spiking:
        (counted,) = net.readout.sources
        return sum((heard(spikes[name], back) for name, back in net.feedback.items()), spikes[counted]), {}
    kappa, gain = net.readout.leak(net.network.dt)
    y = read(spikes, net.readouts, net.feedback, kappa, gain, net.rule.paths)
    if state is not None and remembers(net):
        y = recalled(y, torch.as_tensor(state[READOUT]).to(y), kappa)
    left = {READOUT: y.detach()[:, -1].clone()} if remembers(net) else {}
    return (y if net.bias is None else y + net.bias), left


class _Entry(torch.autograd.Function):
    """z W, whose error goes back over `back` instead of W transposed; `back`, if it learns, gets W's gradient."""

    @staticmethod
    def forward(ctx, z, w, back):
        ctx.save_for_backward(z, back)
        return z @ w

    @staticmethod
    def backward(ctx, error):
        z, back = ctx.saved_tensors
        dw = z.flatten(0, -2).T @ error.flatten(0, -2) if any(ctx.needs_input_grad[1:]) else None
        return error @ back, dw, dw.T if ctx.needs_input_grad[2] else None


def entry(z: torch.Tensor, w: torch.Tensor, back: torch.Tensor | None) -> torch.Tensor:
    """z w, [..., n_out]; `back` [n_out, n_pre] brings the error (None: w transposed)."""
    return z @ w if back is None else _Entry.apply(z, w, back)


def heard(z: torch.Tensor, back: torch.Tensor) -> torch.Tensor:
    """Zeros [..., n_out] over which a population hears the error of an output that it does not drive."""
    return (z - z.detach()) @ back.T


def leaky(current: torch.Tensor, instant: torch.Tensor | None, kappa: float, gain: float, paths: Paths) -> torch.Tensor:
    """The leaky sum of `current` [batch, steps, n] over steps.

    instant: zeros over which credit reaches the spikes of its own step only.
    """
    window = (paths.truncate or 0) if paths.time else 1
    way = _of_the_step if kappa == 0 else leaky_sum if computed_here(current) else _step_by_step
    found = way(current, kappa, gain, window)
    return found if instant is None else found + gain * instant


def _of_the_step(current: torch.Tensor, kappa: float, gain: float, window: int) -> torch.Tensor:
    """`leaky_sum` that keeps nothing from one step to the next."""
    return current if gain == 1 else gain * current


def _step_by_step(current: torch.Tensor, kappa: float, gain: float, window: int) -> torch.Tensor:
    """`leaky_sum` on any device, of any type."""
    y, found = torch.zeros_like(current[:, 0]), []
    for step, now in enumerate((gain * current).unbind(1)):
        y = kappa * (y.detach() if window and step % window == 0 else y) + now
        found.append(y)
    return torch.stack(found, 1)


def read(z: Mapping[str, torch.Tensor], weights: Mapping[str, torch.Tensor], back: Mapping[str, torch.Tensor],
         kappa: float, gain: float, paths: Paths) -> torch.Tensor:
    """The readout's outputs [batch, steps, n] from spikes {population: [batch, steps, n_pre]}.

    back: {population: [n, n_pre]} where something else than the transposed weights brings the error.
    """
    through_time = paths.layers != "step"
    found = {name: entry(z[name] if through_time else z[name].detach(), w, back.get(name) if through_time else None)
             for name, w in weights.items()}
    silent = [heard(z[name], b) for name, b in back.items() if name not in weights or not through_time]
    if not through_time:
        silent += [heard(z[name], w.detach().T) for name, w in weights.items() if name not in back]
        return leaky(added(found.values()), added(silent), kappa, gain, paths)
    return leaky(added([*found.values(), *silent]), None, kappa, gain, paths)


def added(terms: Iterable[torch.Tensor]) -> torch.Tensor:
    """Their sum; unlike `sum` it begins with the first and not with 0, which would read and write all once more."""
    return reduce(operator.add, terms)
