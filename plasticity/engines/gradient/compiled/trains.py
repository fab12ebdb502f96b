"""What sources transmit to populations, as tensors or events, and what of it arrives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch

from plasticity.encoding.spikes import Spikes, as_spikes
from plasticity.engines.gradient import streams
from plasticity.engines.gradient.checks import always_sent, presented
from plasticity.engines.gradient.compiled.arrivals import Convolved, Steady, Term, Whole
from plasticity.engines.gradient.compiled.events import DENSEST, later, sparse_product, sparse_spikes
from plasticity.engines.gradient.connections import Connection, Credit, transmit
from plasticity.engines.gradient.convolution import own_kernel
from plasticity.engines.gradient.operators import as_kernel, constant, once
from plasticity.engines.gradient.parts import array
from plasticity.engines.gradient.surrogates import Surrogate

NARROWEST = 16  # with fewer neurons to add to, a spike costs more than the product of its row


class Net(streams.Net, Protocol):
    """A gradient network, as far as its programs need it; see `plasticity.engines.gradient.network`."""

    weights: Mapping[str, torch.Tensor]
    transport: Mapping[str, torch.Tensor]
    surrogate: Surrogate

    def effective(self) -> Mapping[str, torch.Tensor]: ...


class Train:
    """What a source transmits: [batch, steps, n], and the same as events (None: not known, or not sparse).

    pooled: {projection: what arrives over it} where that was made on the way.
    """

    def __init__(self, dense: torch.Tensor | None, spikes: Spikes | None, dtype: torch.dtype,
                 pooled: Mapping[str, torch.Tensor] | None = None):
        self._dense, self.dtype, self.pooled = dense, dtype, pooled or {}
        self.spikes = spikes if dense is None or (spikes is not None and _sparse(spikes)) else None

    @property
    def dense(self) -> torch.Tensor:
        if self._dense is None:
            self._dense = torch.as_tensor(self.spikes.dense()).to(self.dtype)
        return self._dense


def _sparse(spikes: Spikes) -> bool:
    count = (spikes.ptr[:, -1] - spikes.ptr[:, 0]).sum()
    return count <= DENSEST * spikes.samples * spikes.steps * spikes.n


def input_trains(net: Net, x) -> tuple[dict[str, Train], tuple[int, int]]:
    """Inputs as trains, and the batch's size and steps."""
    sizes = {part.name: part.n for part in net.network.shown}
    inputs = x if isinstance(x, Mapping) else dict.fromkeys(sizes, x) if len(sizes) == 1 else {}
    if set(inputs) == set(sizes) and all(isinstance(values, Spikes) for values in inputs.values()):
        spikes_by_name = {name: as_spikes(values, name, sizes[name]) for name, values in inputs.items()}
        lengths = {(spikes.samples, spikes.steps) for spikes in spikes_by_name.values()}
        if len(lengths) == 1 and min(lengths)[1] > 0:
            size = lengths.pop()
            always = always_sent(net.network, size, net.dtype, net.device)
            return {**{name: Train(None, spikes, net.dtype) for name, spikes in spikes_by_name.items()},
                    **{name: Train(values, None, net.dtype) for name, values in always.items()}}, size
    dense = presented(net.network, x, net.dtype, net.device)
    return ({name: Train(values, _events(net, name, values), net.dtype) for name, values in dense.items()},
            tuple(next(iter(dense.values())).shape[:2]))


def _events(net: Net, name: str, values: torch.Tensor) -> Spikes | None:
    wanted = any(connection.pre == name and wide(net, connection) for connection in net.connections)
    return sparse_spikes(values) if wanted and not values.requires_grad and not constant(values) else None


def wide(net: Net, connection: Connection) -> bool:
    """Whether a projection can add rows of weights, and these are long enough to be worth it."""
    return connection.operator.dense and net.weights[connection.name].shape[1] >= NARROWEST


def arrived(net: Net, connection: Connection, train: Train, w: torch.Tensor, credit: Credit) -> Term:
    """What arrives over a projection in every step."""
    outside, operator = connection.kind == "input", connection.operator
    if connection.name in train.pooled:
        return Whole(later(train.pooled[connection.name], connection.delay))
    if train.spikes is not None and wide(net, connection):
        feedback = None if outside or not credit.others else w if credit.back is None else credit.back
        transmitted = w.new_empty(0) if outside else train.dense
        return Whole(sparse_product(transmitted, w, feedback, train.spikes, connection.delay))
    given = outside and connection.delay == 0 and not train.dense.requires_grad
    if given and constant(train.dense):
        return Steady(operator.product(once(train.dense), w))
    if given and operator.convolves and own_kernel(operator.convolves, train.dense):
        return Convolved(as_kernel(operator.convolves, w), array(train.dense), operator.convolves)
    return Whole(later(transmit(connection, train.dense, w, credit), connection.delay))
