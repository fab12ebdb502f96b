"""What each kind of projection does to spikes, as functions that autograd can follow, on any leading dimensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType

import torch
from torch.nn import functional

from plasticity.engines.gradient.convolution import convolve
from plasticity.engines.gradient.pooling import max_pool
from plasticity.network.projection import Projection
from plasticity.network.window import Window


@dataclass(frozen=True)
class Operator:
    """product(spikes [..., n_pre], w): what arrives, [..., n_post].

    own(w): [n], the weight of each neuron onto itself, where a population projects onto itself; None if it may not.
    dense: whether the product is spikes @ w. learns: whether w are weights that learn, not the one number of a pool.
    highest: the window of a max pool without padding, convolves: that of a convolution: what a population's programs
    can do on the way; or None.
    """

    product: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    own: Callable[[torch.Tensor], torch.Tensor] | None
    dense: bool = False
    learns: bool = True
    highest: Window | None = None
    convolves: Window | None = None


def product(made: Operator, sent: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """What arrives of `sent` [batch, steps, n_pre]; where it is the same in every step, one product serves for all of
    them, and where it is the same in every sample too, for these as well."""
    if not constant(sent):
        return made.product(sent, w)
    return made.product(once(sent), w).expand(*sent.shape[:2], -1)


def once(sent: torch.Tensor) -> torch.Tensor:
    """What is the same in every step as one step [batch, 1, n]; as one of one sample, [1, 1, n], if that is, too."""
    return sent[:1 if sent.stride(0) == 0 else None, :1]


def constant(sent: torch.Tensor) -> bool:
    """Whether values [batch, steps, n] are kept once for all steps, and nobody asks for a gradient of each."""
    return sent.ndim == 3 and sent.shape[1] > 1 and sent.stride(1) == 0 and not sent.requires_grad


def operator(projection: Projection) -> Operator:
    """The operator of a projection; dense for every kind whose weights are [n_pre, n_post]."""
    return OPERATORS.get(projection.connect, lambda window: DENSE)(projection.window)


def _convolve(window: Window, spikes: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    maps = spikes.reshape(-1, *window.shape)
    return convolve(window, maps, as_kernel(window, w)).reshape(*spikes.shape[:-1], window.n_post)


def as_kernel(window: Window, w: torch.Tensor) -> torch.Tensor:
    """Weights [place in the patch, channel] as torch's convolutions take them: [channel, maps, rows, columns]."""
    return w.T.reshape(window.channels, window.shape[0], *window.size)


def _onto_itself(window: Window, w: torch.Tensor) -> torch.Tensor:
    """The weight of each neuron onto itself in a convolution from a population to the same population."""
    neuron, place, channel = _loops(window, w.device)
    return w.new_zeros(window.n_post).index_put((neuron,), w[place, channel])


@lru_cache(maxsize=32)
def _loops(window: Window, device: torch.device) -> tuple[torch.Tensor, ...]:
    """The synapses of neurons onto themselves: neuron, place in the patch, channel."""
    pre, post, place, channel = window.synapses
    return tuple(torch.as_tensor(part[pre == post], device=device) for part in (post, place, channel))


def _pool(pool: Callable, window: Window, spikes: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
    """Padding is silence: zeros, also where spikes are graded and below zero."""
    maps, (rows, columns) = spikes.reshape(-1, *window.shape), window.padding
    if rows or columns:
        maps = functional.pad(maps, (columns, columns, rows, rows))
    found = pool(maps, window.size, window.stride).reshape(*spikes.shape[:-1], window.n_post)
    plain = number.device.type == "cpu" and not number.requires_grad and number == 1
    return found if plain else number * found


def _convolution(window: Window) -> Operator:
    return Operator(partial(_convolve, window), partial(_onto_itself, window), convolves=window)


def _pooling(pool: Callable, window: Window) -> Operator:
    plain = pool is max_pool and window.padding == (0, 0)
    return Operator(partial(_pool, pool, window), None, learns=False, highest=window if plain else None)


DENSE = Operator(torch.matmul, torch.diagonal, dense=True)
#: connect -> its operator, for a window; every other kind is dense
OPERATORS: Mapping[str, Callable[[Window], Operator]] = MappingProxyType({
    "convolution": _convolution,
    "average_pool": partial(_pooling, functional.avg_pool2d),
    "max_pool": partial(_pooling, max_pool),
})
