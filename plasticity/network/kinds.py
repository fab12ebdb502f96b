"""What each kind of `connect` means: which synapses there are, and how their weights are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np

from plasticity.network.pairs import Pairs
from plasticity.network.window import Window

Shape = tuple[int, int]


class Projection(Protocol):
    """A projection, as far as its kind needs it; see `plasticity.network.projection`."""

    weights: np.ndarray | float
    mask: np.ndarray | None
    window: Window | None
    pairs: Pairs | None

    @property
    def kind(self) -> Kind: ...


@dataclass(frozen=True)
class SynapseList:
    """Every synapse of a projection.

    pre, post: its neurons. weight: which weight it has, in the order of `weights_of(...).ravel()`. state: where its own
    states stand in an array of `state_shape`: [n_pre, n_post], of a convolution [positions, fan_in, channels], of pairs
    [synapses].
    """

    pre: np.ndarray
    post: np.ndarray
    weight: np.ndarray
    state: np.ndarray
    state_shape: tuple[int, ...]

    def delays(self, values: np.ndarray) -> np.ndarray:
        """A delay for each synapse, of one for all or of an array in which each has its own."""
        return np.broadcast_to(values, self.pre.shape) if np.ndim(values) == 0 else np.ravel(values)[self.state]


def _existing_pairs(projection: Projection, shape: Shape) -> SynapseList:
    pre, post = np.nonzero(exists_in(projection, shape))
    return SynapseList(pre, post, pre * shape[1] + post, pre * shape[1] + post, shape)


@dataclass(frozen=True)
class Kind:
    """What a kind of `connect` means.

    unit: (projection, (n_pre, n_post)) -> what weights of 1 amount to, in the shape of `w`; 0 without a synapse.
    weights: (projection, (n_pre, n_post)) -> shapes in which weights may be given, the plainest first.
    needs: what of "mask", "window", "pairs", "equal sizes" and "one delay" belongs to it. learns: whether it can have a
    rule. synapses: all of them, by presynaptic neuron (of a convolution in any order). each: the shape of what every
    synapse has for itself. sums: (projection, w) -> the sum of w onto each postsynaptic neuron or channel. of_post:
    (projection, a number for each of these) -> the same for each weight.
    """

    unit: Callable[[Projection, Shape], np.ndarray]
    weights: Callable[[Projection, Shape], tuple[tuple[int, ...], ...]]
    needs: frozenset[str] = frozenset()
    learns: bool = True
    synapses: Callable[[Projection, Shape], SynapseList] = _existing_pairs
    each: Callable[[Projection, Shape], tuple[int, ...]] = lambda projection, shape: shape
    sums: Callable[[Projection, np.ndarray], np.ndarray] = lambda projection, w: w.sum(0)
    of_post: Callable[[Projection, np.ndarray], np.ndarray] = lambda projection, values: values[None, :]


def _every(projection: Projection, shape: Shape) -> tuple[tuple[int, ...], ...]:
    return shape, ()


def _number(projection: Projection, shape: Shape) -> tuple[tuple[int, ...], ...]:
    return ((),)


def _shared(window: Window) -> Shape:
    return window.fan_in, window.channels


def _places(projection: Projection, shape: Shape) -> np.ndarray:
    """Places of a patch that are in the padding at every position have no synapse."""
    used = (projection.window.patches >= 0).any(0)[:, None]
    return np.broadcast_to(used, _shared(projection.window)).astype(float)


def _convolved(projection: Projection, shape: Shape) -> SynapseList:
    window = projection.window
    pre, post, place, channel = window.synapses
    weight = place * window.channels + channel
    state = (post % window.positions) * window.fan_in * window.channels + weight
    return SynapseList(pre, post, weight, state, (window.positions, window.fan_in, window.channels))


def _listed(projection: Projection, shape: Shape) -> SynapseList:
    pairs = projection.pairs
    number = np.arange(pairs.size, dtype=np.int32)
    return SynapseList(pairs.pre, pairs.post, number, number, number.shape)


KINDS: Mapping[str, Kind] = MappingProxyType({
    "dense": Kind(lambda p, shape: np.ones(shape), _every),
    "sparse": Kind(lambda p, shape: np.asarray(p.mask, bool).astype(float), _every, frozenset({"mask"})),
    "one_to_one": Kind(lambda p, shape: np.eye(shape[0]), lambda p, shape: (shape[:1], ()),
                       frozenset({"equal sizes"})),
    "all_but_self": Kind(lambda p, shape: 1.0 - np.eye(shape[0]), _number, frozenset({"equal sizes"}), learns=False),
    "pairs": Kind(lambda p, shape: np.ones(p.pairs.size), lambda p, shape: ((p.pairs.size,), ()), frozenset({"pairs"}),
                  synapses=_listed, each=lambda p, shape: (p.pairs.size,), sums=lambda p, w: p.pairs.sums(w),
                  of_post=lambda p, values: values[p.pairs.post]),
    "convolution": Kind(_places, lambda p, shape: (_shared(p.window), ()),
                        frozenset({"window", "one delay"}), synapses=_convolved),
    "locally_connected": Kind(lambda p, shape: p.window.mask.astype(float), _every, frozenset({"window"})),
    "average_pool": Kind(lambda p, shape: p.window.average(), _number, frozenset({"window"}), learns=False),
    "max_pool": Kind(lambda p, shape: (p.window.average() > 0).astype(float), _number,
                     frozenset({"window", "one delay"}), learns=False),
})


def weights_of(projection: Projection, shape: Shape) -> np.ndarray:
    """The weights as `get` answers them, [n_pre, n_post] ([fan_in, channels] of a convolution); 0 without a synapse.

    shape: (n_pre, n_post).
    """
    unit = projection.kind.unit(projection, shape)
    return unit * np.broadcast_to(np.asarray(projection.weights, float), unit.shape)


def exists_in(projection: Projection, shape: Shape) -> np.ndarray:
    """Which weights exist, bool in the shape of `weights_of`."""
    return projection.kind.unit(projection, shape) != 0


def synapses_of(projection: Projection, shape: Shape) -> SynapseList:
    """The synapses one by one, by presynaptic neuron (of a convolution in any order)."""
    return projection.kind.synapses(projection, shape)
