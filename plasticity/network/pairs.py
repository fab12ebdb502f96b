"""Which neurons a sparse projection joins, as a list: memory grows with synapses, never with pairs of neurons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from plasticity._utils.arrays import as_array, grouped
from plasticity._utils.content import ByContent
from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import Count
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError, quoted

MOST = np.iinfo(np.int32).max  # neurons and synapses that can be counted


@dataclass(frozen=True, eq=False)
class Pairs(Kept, ByContent):
    """The synapses of a projection, presynaptic neuron by presynaptic neuron, as in compressed sparse rows.

    ptr: int [n_pre + 1]; the synapses of neuron i have the numbers ptr[i] to ptr[i + 1] - 1. post: int [synapses], the
    postsynaptic neuron of each, rising within a presynaptic one; no pair occurs twice. n_post: number of postsynaptic
    neurons.

    >>> pairs = Pairs.of([[True, False, True], [False, True, False]])
    >>> pairs.ptr.tolist(), pairs.post.tolist(), pairs.pre.tolist()
    ([0, 2, 3], [0, 2, 1], [0, 0, 1])

    Raises PlasticityError for lists that are no such rows.
    """

    ptr: np.ndarray
    post: np.ndarray
    n_post: Count

    def __post_init__(self):
        object.__setattr__(self, "ptr", np.ascontiguousarray(as_array("ptr", self.ptr), np.int64))
        object.__setattr__(self, "post", np.ascontiguousarray(as_array("post", self.post), np.int32))
        require_fields(self)
        _check(self.ptr, self.post, self.n_post)

    @classmethod
    def of(cls, matrix) -> Pairs:
        """Of a matrix [n_pre, n_post]: scipy.sparse of any form, of which every entry that is kept is a synapse, also a
        0; or an array, of which all but zeros are."""
        return cls.valued(matrix)[0]

    @classmethod
    def valued(cls, matrix) -> tuple[Pairs, np.ndarray]:
        """The same, and the value of each synapse. Values that a matrix has for one pair are added up; it stays as it
        is. Raises PlasticityError for what is no matrix."""
        try:
            rows = sparse.csr_array(matrix, copy=True)
            rows.sum_duplicates()
            n_post = rows.shape[1]
        except (IndexError, TypeError, ValueError) as error:
            raise PlasticityError(f"synapses are a matrix [n_pre, n_post], got {quoted(matrix, 60)} "
                                  f"({error})") from None
        return cls(rows.indptr, rows.indices, n_post), rows.data

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.ptr) - 1, self.n_post

    @property
    def size(self) -> int:
        """How many synapses there are."""
        return len(self.post)

    @cached_property
    def pre(self) -> np.ndarray:
        """The presynaptic neuron of each synapse."""
        return np.repeat(np.arange(self.shape[0], dtype=np.int32), np.diff(self.ptr))

    @cached_property
    def by_post(self) -> tuple[np.ndarray, np.ndarray]:
        """(ptr [n_post + 1], numbers of the synapses postsynaptic neuron by postsynaptic neuron)."""
        return grouped(self.post, self.n_post)

    def matrix(self, values: np.ndarray) -> sparse.csr_array:
        """A value for each synapse, as `Simulation.get` answers them, as a sparse matrix [n_pre, n_post]."""
        return sparse.csr_array((np.asarray(values), self.post, self.ptr), self.shape)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """The sum over each postsynaptic neuron's synapses, [n_post]."""
        return np.bincount(self.post, values, self.n_post)


def _check(ptr: np.ndarray, post: np.ndarray, n_post: int) -> None:
    if ptr.ndim != 1 or post.ndim != 1 or len(ptr) < 2:
        raise PlasticityError(f"ptr and post are lists, ptr of at least two numbers, got {ptr.shape} and {post.shape}")
    if ptr[0] != 0 or ptr[-1] != len(post) or (np.diff(ptr) < 0).any():
        raise PlasticityError(f"ptr must rise from 0 to the number of synapses, {len(post)}")
    if len(post) > MOST or max(n_post, len(ptr) - 1) > MOST:
        raise PlasticityError(f"a projection has at most {MOST:,} synapses and neurons on each side")
    if len(post) and (post.min() < 0 or post.max() >= n_post):
        raise PlasticityError(f"post holds neurons of 0 to {post.max()}, but there are {n_post}")
    falling = np.diff(post) <= 0
    begins = ptr[1:-1]
    falling[begins[(begins > 0) & (begins < len(post))] - 1] = False
    if falling.any():
        raise PlasticityError("post must rise within each presynaptic neuron, and no pair may occur twice")
