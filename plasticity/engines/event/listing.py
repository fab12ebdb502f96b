"""A projection's synapses as a list, with index arrays by neuron and delay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity._utils.arrays import grouped
from plasticity.network.kinds import SynapseList, synapses_of
from plasticity.network.projection import Projection


@dataclass(frozen=True)
class Listing(SynapseList):
    """Synapses sorted by presynaptic neuron, then axonal delay."""

    def arrays(self, axonal: np.ndarray, dendritic: np.ndarray, shape: tuple[int, int]) -> dict[str, np.ndarray]:
        """Index arrays: synapses by presynaptic and by postsynaptic neuron, then by delay (steps); and whose they are
        in that order, so that both are read one after the other."""
        da, dd = self.delays(axonal), self.delays(dendritic)
        by_post = _sorted(self.post, dd, shape[1])
        return {
            "post": self.post, "byp": by_post, "from": self.pre[by_post],
            "rows": _pointers(self.pre, da, shape[0], int(da.max(initial=0)) + 1),
            "cols": _pointers(self.post[by_post], dd[by_post], shape[1], int(dd.max(initial=0)) + 1),
            **({"da": np.array(da), "dd": np.array(dd)} if np.ndim(axonal) or np.ndim(dendritic) else {}),
        }

    def fibres(self, shape: tuple[int, int], channels: int) -> dict[str, np.ndarray]:
        """What a reduction over the postsynaptic population runs over: int [fibres, channels].

        A fibre is a presynaptic neuron and the postsynaptic ones it is reduced over: all of the population, or on a
        convolution the channels of one position. "fi" [fibres] is the presynaptic neuron (-1 in the padding), "fj" the
        postsynaptic neurons, "fk" their synapses (-1 for none).
        """
        synapse = np.full(int(np.prod(self.state_shape)), -1, np.int64)
        synapse[self.state] = np.arange(self.pre.size)
        synapse = synapse.reshape(-1, channels)
        if len(self.state_shape) == 2:
            own, others = np.arange(shape[0]), np.broadcast_to(np.arange(shape[1]), synapse.shape)
        else:
            positions = self.state_shape[0]
            own = np.where(synapse[:, 0] >= 0, self.pre[synapse[:, 0]], -1)
            position = np.arange(len(synapse)) // self.state_shape[1]
            others = np.arange(channels) * positions + position[:, None]
        return {"fi": own.astype(np.int64), "fj": np.ascontiguousarray(others, np.int64), "fk": synapse}


def listing(projection: Projection, shape: tuple[int, int], axonal: np.ndarray) -> Listing:
    every = synapses_of(projection, shape)
    if projection.pairs is not None and not np.ndim(axonal):  # they are in this order
        return Listing(every.pre, every.post, every.weight, every.state, every.state_shape)
    by = np.lexsort((every.post, every.delays(axonal), every.pre))
    return Listing(every.pre[by].astype(np.int32), every.post[by].astype(np.int32), every.weight[by], every.state[by],
                   every.state_shape)


def _sorted(post: np.ndarray, delay: np.ndarray, n_post: int) -> np.ndarray:
    """The synapses by postsynaptic neuron, then delay, then as they stand."""
    if delay.size and delay.min() < delay.max():
        return np.lexsort((delay, post)).astype(np.int32)
    return grouped(post, n_post)[1]


def _pointers(first: np.ndarray, second: np.ndarray, n_first: int, n_second: int) -> np.ndarray:
    """Start of each (first, second) bucket in a list sorted by both: [n_first, n_second + 1]."""
    bucket = first if n_second == 1 else first.astype(np.int64) * n_second + second
    counts = np.bincount(bucket, minlength=n_first * n_second).reshape(n_first, n_second)
    ends = np.cumsum(counts.ravel())
    starts = np.concatenate(([0], ends[:-1])).reshape(n_first, n_second) if ends.size else counts
    return np.concatenate((starts, starts[:, -1:] + counts[:, -1:]), axis=1)
