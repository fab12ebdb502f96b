"""The synapses of a projection as the program keeps them, and the loops over them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from plasticity.engines.event.sources import Source
from plasticity.engines.event.writer import Writer
from plasticity.network import Network, Projection, existing, shape_of, weight_matrix


@dataclass(frozen=True)
class Synapses:
    """A projection under the name `s` its arrays carry, and the loops over its synapses."""

    network: Network
    projection: Projection
    s: str
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
        return self.axonal.ndim == 2 or self.dendritic.ndim == 2

    @property
    def listed(self) -> bool:
        """Whether synapses are kept as a list (sorted by presynaptic neuron, then delay) instead of a matrix."""
        return self.mixed or not (self.packed or self.projection.connect == "dense")

    @property
    def packed(self) -> str:
        """The kind of a projection whose weights are fewer than its synapses; empty for all others."""
        simple = self.projection.connect in ("one_to_one", "all_but_self") and self.projection.rule is None
        return self.projection.connect if simple and not self.mixed else ""

    @cached_property
    def shape(self) -> tuple[int, int]:
        return shape_of(self.network, self.projection)

    @cached_property
    def order(self) -> tuple[np.ndarray, np.ndarray]:
        """(pre, post) of each synapse of the list."""
        pre, post = np.nonzero(existing(self.network, self.projection))
        delay = np.broadcast_to(self.axonal, self.shape)[pre, post]
        by = np.lexsort((post, delay, pre))
        return pre[by].astype(np.int32), post[by].astype(np.int32)

    @property
    def w(self) -> str:
        return f"{self.s}_w[k]" if self.listed else f"{self.s}_w[i, j]"

    def weights(self) -> np.ndarray:
        """Initial weights as the program keeps them."""
        if self.packed:
            n = 1 if self.packed == "all_but_self" else self.shape[0]
            return np.broadcast_to(np.asarray(self.projection.weights, float), (n,)).copy()
        return self.pack(weight_matrix(self.network, self.projection))

    def pack(self, matrix: np.ndarray) -> np.ndarray:
        """[..., pre, post] as the program keeps per-synapse values."""
        matrix = np.broadcast_to(matrix, (*np.shape(matrix)[:-2], *self.shape))
        return matrix[..., self.order[0], self.order[1]].copy() if self.listed else matrix.copy()

    def unpack(self, values: np.ndarray) -> np.ndarray:
        """Per-synapse values as [..., pre, post], zero where there is no synapse."""
        if self.packed:
            shape = np.broadcast_to(values, (self.shape[0],))
            return np.diag(shape) if self.packed == "one_to_one" else \
                np.where(existing(self.network, self.projection), values[0], 0.0)
        if not self.listed:
            return np.array(values, float)
        out = np.zeros((*values.shape[:-1], *self.shape))
        out[..., self.order[0], self.order[1]] = values
        return out

    def declare(self, code: Writer) -> None:
        weights = self.weights()
        code.array(f"{self.s}_w", *weights.shape, values=weights)
        if self.listed:
            for name, values in self.lists().items():
                code.array(f"{self.s}_{name}", *values.shape, kind=str(values.dtype), values=values)
        if self.projection.onto:
            code.array(f"{self.s}_acc", self.shape[1])

    def lists(self) -> dict[str, np.ndarray]:
        """Index arrays: synapses by presynaptic and by postsynaptic neuron, then by delay."""
        pre, post = self.order
        axonal = np.broadcast_to(self.axonal, self.shape)[pre, post]
        dendritic = np.broadcast_to(self.dendritic, self.shape)[pre, post]
        by_post = np.lexsort((pre, dendritic, post))
        a_most, d_most = int(np.max(self.axonal, initial=0)), int(np.max(self.dendritic, initial=0))
        return {
            "pre": pre, "post": post, "da": axonal, "dd": dendritic, "byp": by_post.astype(np.int64),
            "rows": _pointers(pre, axonal, self.shape[0], a_most + 1),
            "cols": _pointers(post[by_post], dendritic[by_post], self.shape[1], d_most + 1),
        }

    @contextmanager
    def presynaptic_arrivals(self, code: Writer) -> Iterator[None]:
        """Runs over presynaptic neurons `i` whose spikes arrive now (and `d`, the delay, if synapses differ)."""
        if self.mixed:
            code(f"d_most = {self.s}_rows.shape[1] - 1")
            with code.block("for d in range(d_most):"):
                spikes = self.source.arriving(code, "d" if self.source.longest else "0")
                with code.block("for q in range(lo, hi):"):
                    code(f"i = {spikes}[q]")
                    yield
        else:
            spikes = self.source.arriving(code, str(int(self.axonal)))
            with code.block("for q in range(lo, hi):"):
                code(f"i = {spikes}[q]")
                yield

    @contextmanager
    def postsynaptic_arrivals(self, code: Writer) -> Iterator[None]:
        """Runs over postsynaptic neurons `j` whose spikes arrive now."""
        if self.mixed:
            code(f"d_most = {self.s}_cols.shape[1] - 1")
            with code.block("for d in range(d_most):"):
                spikes = self.target.arriving(code, "d" if self.target.longest else "0")
                with code.block("for q in range(lo, hi):"):
                    code(f"j = {spikes}[q]")
                    yield
        else:
            spikes = self.target.arriving(code, str(int(self.dendritic)))
            with code.block("for q in range(lo, hi):"):
                code(f"j = {spikes}[q]")
                yield

    @contextmanager
    def row(self, code: Writer, active: str = "") -> Iterator[None]:
        """Runs over the synapses of presynaptic neuron `i`; `active` names a list of neurons `j` to keep to."""
        if self.listed:
            d = "d" if self.mixed else "0"
            with code.block(f"for k in range({self.s}_rows[i, {d}], {self.s}_rows[i, {d} + 1]):"):
                code(f"j = {self.s}_post[k]")
                yield
        elif active:
            with code.block(f"for a in range({active}n[0]):"):
                code(f"j = {active}[a]")
                yield
        else:
            with code.block(f"for j in range({self.s}_w.shape[1]):"):
                yield

    @contextmanager
    def column(self, code: Writer, active: str = "") -> Iterator[None]:
        """Runs over the synapses of postsynaptic neuron `j`."""
        if self.listed:
            d = "d" if self.mixed else "0"
            with code.block(f"for c in range({self.s}_cols[j, {d}], {self.s}_cols[j, {d} + 1]):"):
                code(f"k = {self.s}_byp[c]", f"i = {self.s}_pre[k]")
                yield
        elif active:
            with code.block(f"for a in range({active}n[0]):"):
                code(f"i = {active}[a]")
                yield
        else:
            with code.block(f"for i in range({self.s}_w.shape[0]):"):
                yield

    @contextmanager
    def whole_row(self, code: Writer) -> Iterator[None]:
        """Runs over the synapses of presynaptic neuron `i` of all delays."""
        with code.block(f"for k in range({self.s}_rows[i, 0], {self.s}_rows[i, {self.s}_rows.shape[1] - 1]):"):
            code(f"j = {self.s}_post[k]")
            yield

    @contextmanager
    def every(self, code: Writer) -> Iterator[None]:
        """Runs over all synapses: `i`, `j` (and `k`)."""
        if self.listed:
            with code.block(f"for k in range({self.s}_w.shape[0]):"):
                code(f"i = {self.s}_pre[k]", f"j = {self.s}_post[k]")
                yield
        else:
            with code.blocks([f"for i in range({self.s}_w.shape[0]):", f"for j in range({self.s}_w.shape[1]):"]):
                yield


def _pointers(first: np.ndarray, second: np.ndarray, n_first: int, n_second: int) -> np.ndarray:
    """Start of each (first, second) bucket in a list sorted by both: [n_first, n_second + 1]."""
    counts = np.zeros((n_first, n_second), np.int64)
    np.add.at(counts, (first, second), 1)
    ends = np.cumsum(counts.ravel())
    starts = np.concatenate(([0], ends[:-1])).reshape(n_first, n_second) if ends.size else counts
    return np.concatenate((starts, starts[:, -1:] + counts[:, -1:]), axis=1)
