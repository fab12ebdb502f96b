"""The synapses of a projection as the program keeps them (see `loops` for the loops over them)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from plasticity.engines.event.listing import Listing, listing
from plasticity.engines.event.sources import Source
from plasticity.engines.event.writer import Writer
from plasticity.network.network import Network, Projection, existing, shape_of, weight_matrix


@dataclass(frozen=True)
class Synapses:
    """A projection; in the program the names of its arrays start with `prefix`."""

    network: Network
    projection: Projection
    prefix: str
    source: Source
    target: Source

    def steps(self, argument: str) -> np.ndarray:
        return np.rint(np.asarray(getattr(self.projection, argument), float) / self.network.dt).astype(np.int64)

    @cached_property
    def axonal(self) -> np.ndarray:
        return self.steps("axonal_delay")

    @cached_property
    def dendritic(self) -> np.ndarray:
        return self.steps("dendritic_delay")

    @property
    def mixed(self) -> bool:
        """Whether synapses of one neuron differ in delay."""
        return bool(self.axonal.ndim or self.dendritic.ndim)

    @property
    def packed(self) -> str:
        """The kind of a projection that keeps fewer weights than there are pairs of neurons; empty for all others."""
        simple = self.projection.connect in ("one_to_one", "all_but_self") and self.projection.rule is None
        return self.projection.connect if simple and not self.mixed and self.projection.normalize is None else ""

    @property
    def listed(self) -> bool:
        """Whether synapses are kept as a list (sorted by presynaptic neuron, then delay) instead of a matrix."""
        return self.mixed or not (self.packed or self.projection.connect == "dense")

    @property
    def shared(self) -> bool:
        """Whether several synapses have one weight."""
        return self.projection.connect == "convolution"

    @cached_property
    def shape(self) -> tuple[int, int]:
        return shape_of(self.network, self.projection)

    @cached_property
    def list(self) -> Listing:
        return listing(self.projection, self.shape, self.axonal)

    @property
    def weight_shape(self) -> tuple[int, ...]:
        """Of the weights as `get` answers them."""
        projection, window = self.projection, self.projection.window
        return (window.fan_in, window.channels) if self.shared else projection.kind.each(projection, self.shape)

    @property
    def columns(self) -> int:
        """Postsynaptic neurons, of a convolution its channels."""
        return self.projection.window.channels if self.shared else self.shape[1]

    @property
    def state_shape(self) -> tuple[int, ...]:
        """Of a synaptic state as the program keeps it."""
        return self.list.pre.shape if self.listed else self.shape

    @property
    def at(self) -> str:
        """The index of a synapse's weight."""
        if self.shared:
            return f"{self.prefix}_share[k]"
        return "k" if self.listed else "i, j"

    @property
    def flat(self) -> str:
        """The same as one number."""
        return self.at if self.listed else f"i * {self.prefix}_w.shape[1] + j"

    @property
    def w(self) -> str:
        return f"{self.prefix}_w[{self.at}]"

    def weights(self) -> np.ndarray:
        """Initial weights as the program keeps them."""
        if self.packed:
            n = 1 if self.packed == "all_but_self" else self.shape[0]
            return np.broadcast_to(np.asarray(self.projection.weights, float), (n,)).copy()
        if self.projection.pairs is not None and not self.mixed:
            return np.broadcast_to(np.asarray(self.projection.weights, float), self.weight_shape)
        return self.pack(weight_matrix(self.network, self.projection))

    def pack(self, matrix: np.ndarray) -> np.ndarray:
        """Weights, as `get` answers them, as the program keeps them."""
        if self.packed == "one_to_one":
            return matrix.diagonal().copy()
        if self.packed:
            return np.append(matrix[existing(self.network, self.projection)], 0.0)[:1]
        if self.shared:
            return matrix.flatten()
        return matrix.ravel()[self.list.weight] if self.listed else matrix.copy()

    def unpack(self, values: np.ndarray) -> np.ndarray:
        """The program's weights as `get` answers them, zero where there is no synapse."""
        if self.packed == "one_to_one":
            return np.diag(np.broadcast_to(values, (self.shape[0],)))
        if self.packed:
            return np.where(existing(self.network, self.projection), values[0], 0.0)
        if self.shared or not self.listed:
            return np.array(values, float).reshape(self.weight_shape)
        out = np.zeros(self.weight_shape)
        out.ravel()[self.list.weight] = values
        return out

    def states(self, values: np.ndarray) -> np.ndarray:
        """The program's states of synapses, [batch, ...], as `get` answers them, zero where there is no synapse."""
        if not self.listed:
            return np.array(values, float)
        out = np.zeros((len(values), int(np.prod(self.list.state_shape))))
        out[:, self.list.state] = values
        return out.reshape(-1, *self.list.state_shape)

    def declare(self, code: Writer) -> None:
        weights = self.weights()
        code.array(f"{self.prefix}_w", *weights.shape, values=weights)
        if self.listed:
            # delays that all synapses have are arguments, not part of the list
            delays = (self.axonal, self.dendritic) if self.mixed else (np.int64(0), np.int64(0))
            for name, values in self.list.arrays(*delays, self.shape).items():
                code.array(f"{self.prefix}_{name}", *values.shape, kind=str(values.dtype), values=values)
        if self.shared:
            self._numbers(code, "share", self.list.weight)
        if not self.mixed:
            lags = np.array([self.axonal, self.dendritic])
            code.array(f"{self.prefix}_lags", 2, kind="int64", values=lags)
        if self.projection.onto:
            code.scratch(f"{self.prefix}_acc", self.shape[1])

    def _numbers(self, code: Writer, name: str, values: np.ndarray) -> None:
        code.array(f"{self.prefix}_{name}", *values.shape, kind="int64", values=values.astype(np.int64))

    def lag(self, side: str) -> str:
        """The delay of one side's spikes, in the program; "0" where there is none."""
        steps, place = (self.axonal, 0) if side == "pre" else (self.dendritic, 1)
        return f"{self.prefix}_lags[{place}]" if int(steps) else "0"

    def noise_index(self, code: Writer) -> str:
        """Which number of the stream of noise belongs to synapse (i, j), k of sample b."""
        size, index = int(np.prod(self.shape)), f"i * {self.shape[1]} + j"
        if self.listed and self.list.state_shape != self.shape:
            size, index = int(np.prod(self.list.state_shape)), f"{self.prefix}_drawn[k]"
            self._numbers(code, "drawn", self.list.state)
        return f"b * {size} + {index}" if code.batched else index
