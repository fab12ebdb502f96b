"""A window that slides over maps of neurons: what convolutions, locally connected projections and pooling share.

Maps lie in a population as torch lays them out: neuron (channel c, row r, column q) of maps [channels, height, width]
has the number (c * height + r) * width + q.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from plasticity._utils.keeping import Kept
from plasticity._utils.memory import require_memory
from plasticity._utils.ranges import MOST, Count, is_number
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError

Pair = int | tuple[int, int]


@dataclass(frozen=True)
class Window(Kept):
    """Where each postsynaptic position looks.

    shape: (channels, height, width) of the presynaptic maps. size: rows and columns that one position sees. channels:
    number of postsynaptic maps. stride: rows and columns between positions. padding: rows and columns of silence around
    the maps. size, stride and padding are a number or (rows, columns).

    >>> window = Window((1, 28, 28), size=5, channels=8)
    >>> window.out_shape, window.n_pre, window.n_post, window.fan_in
    ((8, 24, 24), 784, 4608, 25)

    Raises PlasticityError for sizes that do not fit.
    """

    shape: tuple[int, int, int]
    size: Pair
    channels: Count = 1
    stride: Pair = 1
    padding: Pair = 0

    def __post_init__(self):
        object.__setattr__(self, "shape", _whole(self.shape))
        for name, least in (("size", 1), ("stride", 1), ("padding", 0)):
            object.__setattr__(self, name, _pair(name, getattr(self, name), least))
        require_fields(self)
        if min(self.grid) < 1:
            raise PlasticityError(f"a window of size {self.size} does not fit into maps of {self.shape[1:]} with "
                                  f"padding {self.padding}; lower size or raise padding")

    @cached_property
    def grid(self) -> tuple[int, int]:
        """Rows and columns of positions."""
        return tuple((n + 2 * pad - size) // step + 1 for n, pad, size, step in
                     zip(self.shape[1:], self.padding, self.size, self.stride, strict=True))

    @property
    def positions(self) -> int:
        return self.grid[0] * self.grid[1]

    @property
    def out_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of the postsynaptic maps."""
        return (self.channels, *self.grid)

    @property
    def n_pre(self) -> int:
        return int(np.prod(self.shape))

    @property
    def n_post(self) -> int:
        return self.channels * self.positions

    @property
    def fan_in(self) -> int:
        """Presynaptic neurons that one position sees: channels * rows * columns."""
        return self.shape[0] * self.size[0] * self.size[1]

    @cached_property
    def patches(self) -> np.ndarray:
        """int [positions, fan_in]: the presynaptic neuron at each place of each patch, -1 in the padding.

        Places of a patch are numbered as (channel, row, column), as in torch's unfold and convolution weights.
        """
        (channels, height, width), (rows, columns) = self.shape, self.size
        require_memory(24.0 * self.positions * self.fan_in, f"a window with {self.positions:,} positions")
        top = np.arange(self.grid[0]) * self.stride[0] - self.padding[0]
        left = np.arange(self.grid[1]) * self.stride[1] - self.padding[1]
        r = top[:, None, None, None] + np.arange(rows)[:, None]
        q = left[:, None, None] + np.arange(columns)
        inside = (r >= 0) & (r < height) & (q >= 0) & (q < width)
        plane = np.where(inside, r * width + q, -1).reshape(self.positions, 1, rows * columns)
        offset = np.arange(channels)[:, None] * height * width
        return np.where(plane < 0, -1, plane + offset).reshape(self.positions, self.fan_in)

    @cached_property
    def synapses(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Every synapse of a convolution as int arrays (pre, post, place in the patch, channel), padding left out."""
        require_memory(40.0 * self.positions * self.fan_in * self.channels,
                       f"the list of synapses of {self.channels:,} maps of {self.grid[0]:,} by {self.grid[1]:,}")
        position, place = np.nonzero(self.patches >= 0)
        pre = self.patches[position, place]
        channel = np.arange(self.channels)
        post = channel[:, None] * self.positions + position
        every = np.broadcast_to
        return (every(pre, post.shape).ravel(), post.ravel(), every(place, post.shape).ravel(),
                every(channel[:, None], post.shape).ravel())

    def unfold(self, x: np.ndarray) -> np.ndarray:
        """What each position sees of values [..., n_pre]: [..., positions, fan_in], 0 in the padding."""
        return np.where(self.patches >= 0, x[..., self.patches], np.zeros((), x.dtype))

    def by_position(self, y: np.ndarray) -> np.ndarray:
        """Values [..., n_post] as [..., positions, channels]."""
        return np.swapaxes(y.reshape(*y.shape[:-1], self.channels, self.positions), -1, -2)

    @cached_property
    def seen(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """int arrays (neuron, position, place): the first place at which each presynaptic neuron is seen, if any."""
        flat = self.patches.ravel()
        neuron, first = np.unique(flat, return_index=True)
        neuron, first = neuron[neuron >= 0], first[neuron >= 0]
        return neuron, first // self.fan_in, first % self.fan_in

    @property
    def mask(self) -> np.ndarray:
        """bool [n_pre, n_post]: the synapses of a locally connected projection, every weight its own."""
        pre, post, _, _ = self.synapses
        connected = np.zeros((self.n_pre, self.n_post), bool)
        connected[pre, post] = True
        return connected

    def dense(self, w: np.ndarray) -> np.ndarray:
        """The weights [n_pre, n_post] that a convolution with shared weights w [fan_in, channels] amounts to."""
        w = np.asarray(w)
        if w.shape != (self.fan_in, self.channels):
            raise PlasticityError(f"shared weights must have shape {(self.fan_in, self.channels)} ([place in the "
                                  f"patch, channel]), got {w.shape}")
        pre, post, place, channel = self.synapses
        matrix = np.zeros((self.n_pre, self.n_post), w.dtype)
        matrix[pre, post] = w[place, channel]
        return matrix

    def average(self) -> np.ndarray:
        """Weights [n_pre, n_post] of average pooling: each map onto itself, 1/(rows * columns) within a window."""
        if self.channels != self.shape[0]:
            raise PlasticityError(f"pooling keeps its {self.shape[0]} maps: channels must be that, got {self.channels}")
        pre, post, _, channel = self.synapses
        own = pre // (self.shape[1] * self.shape[2]) == channel
        matrix = np.zeros((self.n_pre, self.n_post))
        matrix[pre[own], post[own]] = 1 / (self.size[0] * self.size[1])
        return matrix


def _whole(shape: object) -> tuple[int, ...]:
    try:
        channels, height, width = (int(n) for n in shape)
        if min(channels, height, width) < 1:
            raise ValueError
    except (TypeError, ValueError):
        raise PlasticityError(f"shape of a window must be (channels, height, width), got {shape!r}") from None
    return channels, height, width


def _pair(name: str, value: Pair, least: int) -> tuple[int, int]:
    pair = tuple(value) if isinstance(value, tuple | list | np.ndarray) and np.ndim(value) else (value, value)
    if len(pair) != 2 or not all(is_number(n) and least <= n <= MOST and int(n) == n for n in pair):
        raise PlasticityError(f"{name} of a window must be a whole number of at least {least}, or two, got {value!r}")
    return int(pair[0]), int(pair[1])
