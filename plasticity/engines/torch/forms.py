"""Kinds of projections in tensors: how their weights are kept, and what spikes bring over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import numpy as np
import torch
from torch.nn import functional

from plasticity.engines.torch.language import Context
from plasticity.engines.torch.step_spikes import StepSpikes
from plasticity.network.kinds import exists_in, weights_of
from plasticity.network.projection import Projection
from plasticity.network.window import Window

#: Above this share of spiking neurons a matrix product is faster than adding up rows.
MOST_LISTED = 0.1
Weights = np.ndarray | torch.Tensor


@dataclass(frozen=True)
class Form:
    """How the weights of one projection are kept.

    initial: the weights at the beginning, as kept. matrix: kept weights -> as `get` answers them. kept: weights as
    `get` answers them -> as kept; None if they cannot be overwritten. amount: (spikes, kept weights) ->
    [batch, n_post]. sums: weights as `get` answers them -> their sums onto each neuron or channel. of_post: numbers for
    each of these -> the same for each weight, or so that it can be broadcast.
    """

    initial: Callable[[], np.ndarray]
    matrix: Callable[[torch.Tensor], torch.Tensor]
    kept: Callable[[np.ndarray], np.ndarray] | None
    amount: Callable[[StepSpikes | torch.Tensor, torch.Tensor], torch.Tensor]
    sums: Callable[[torch.Tensor], torch.Tensor] = lambda w: w.sum(0)
    of_post: Callable[[torch.Tensor], torch.Tensor] = lambda values: values


def form(projection: Projection, shape: tuple[int, int], wide: bool, context: Context) -> Form:
    """wide: whether synapses of one neuron differ in delay, so that spikes are [batch, pre, post]."""
    if wide:
        return WIDE.get(projection.connect, _wide)(projection, shape, context)
    learns_diagonal = projection.connect == "one_to_one" and projection.rule is not None
    make = _dense if learns_diagonal else FORMS.get(projection.connect, _dense)
    return make(projection, shape, context)


def _matrix(projection: Projection, shape: tuple[int, int], amount: Callable) -> Form:
    """Weights that are kept as `get` answers them."""
    return Form(partial(weights_of, projection, shape), torch.clone, lambda w: w, amount)


def _dense(projection: Projection, shape: tuple[int, int], context: Context) -> Form:
    return _matrix(projection, shape, _sum_rows)


def _sum_rows(spikes: StepSpikes, w: torch.Tensor) -> torch.Tensor:
    if spikes.where is None or spikes.where[0].numel() > MOST_LISTED * spikes.dense.numel():
        return spikes.dense @ w
    sample, neuron = spikes.where
    offsets = torch.searchsorted(sample, torch.arange(len(spikes.dense)))
    return functional.embedding_bag(neuron, w, offsets, mode="sum")


def _across_synapses(arrived: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    return (arrived * w).sum(1)


def _one_to_one(projection: Projection, shape: tuple[int, int], context: Context) -> Form:
    def initial() -> np.ndarray:
        return np.broadcast_to(np.asarray(projection.weights, float), shape[:1])

    return Form(initial, torch.diag, np.diag, lambda spikes, w: spikes.dense * w)


def _all_but_self(projection: Projection, shape: tuple[int, int], context: Context) -> Form:
    exists = exists_in(projection, shape)

    def kept(w: np.ndarray) -> np.ndarray:
        here = w[exists]
        return here[:1].reshape(()) if here.size else np.zeros(())

    return Form(lambda: np.asarray(projection.weights, float), lambda w: w * context.tensor(exists), kept,
                lambda spikes, w: (spikes.dense.sum(1, keepdim=True) - spikes.dense) * w)


def _convolution(projection: Projection, shape: tuple[int, int], context: Context) -> Form:
    window = projection.window

    def amount(spikes: StepSpikes, w: torch.Tensor) -> torch.Tensor:
        kernel = w.T.reshape(window.channels, window.shape[0], *window.size)
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
            return functional.conv2d(_maps(spikes, window), kernel, None, window.stride, window.padding).flatten(1)

    return _matrix(projection, shape, amount)


def _pool(largest: bool, projection: Projection, shape: tuple[int, int], context: Context) -> Form:
    """Pools of spikes: one number is kept, and no matrix is needed to transmit them."""
    window = projection.window
    rows, columns = window.padding
    pooled = functional.max_pool2d if largest else functional.avg_pool2d

    def amount(spikes: StepSpikes, w: torch.Tensor) -> torch.Tensor:
        # padded here, since torch's own pools take no padding above half their size
        maps = functional.pad(_maps(spikes, window), (columns, columns, rows, rows))
        return pooled(maps, window.size, window.stride).flatten(1) * w

    def matrix(w: torch.Tensor) -> torch.Tensor:
        return w * context.tensor(projection.kind.unit(projection, shape))

    return Form(lambda: np.asarray(projection.weights, float), matrix, None, amount)


def _wide(projection: Projection, shape: tuple[int, int], context: Context) -> Form:
    return _matrix(projection, shape, _across_synapses)


def _pairs(projection: Projection, shape: tuple[int, int], context: Context) -> Form:
    """Listed synapses, as one row, that neurons' spikes pass."""
    pre = torch.as_tensor(np.array(projection.pairs.pre, np.int64), device=context.device)
    return _row(projection, shape, context, lambda spikes: spikes.dense[:, pre])


def _wide_pairs(projection: Projection, shape: tuple[int, int], context: Context) -> Form:
    """The same where each synapse hears spikes for itself, [batch, 1, n]."""
    return _row(projection, shape, context, lambda spikes: spikes[:, 0])


def _row(projection: Projection, shape: tuple[int, int], context: Context, heard: Callable) -> Form:
    post = torch.as_tensor(np.array(projection.pairs.post, np.int64), device=context.device)

    def sums(values: torch.Tensor) -> torch.Tensor:
        """[batch, n] -> [batch, n_post]."""
        return values.new_zeros(len(values), shape[1]).index_add_(1, post, values)

    return Form(lambda: weights_of(projection, shape)[None], lambda w: w[0].clone(), lambda w: w[None],
                lambda spikes, w: sums(heard(spikes) * w), lambda w: sums(w[None])[0], lambda values: values[post])


def _maps(spikes: StepSpikes, window: Window) -> torch.Tensor:
    return spikes.dense.view(-1, *window.shape)


#: kinds that need no matrix of synapses; all others are dense with zeros
FORMS: Mapping[str, Callable[[Projection, tuple[int, int], Context], Form]] = MappingProxyType({
    "one_to_one": _one_to_one, "all_but_self": _all_but_self, "convolution": _convolution, "pairs": _pairs,
    "average_pool": partial(_pool, False), "max_pool": partial(_pool, True)})
#: the same where synapses hear spikes for themselves
WIDE: Mapping[str, Callable[[Projection, tuple[int, int], Context], Form]] = MappingProxyType({"pairs": _wide_pairs})
