"""What readouts share: checks, responses in blocks (so that a large array is never copied whole), and ties."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError

_BLOCK_VALUES = 4_000_000


def shape_of(responses: np.ndarray | Spikes, n: int | None = None) -> tuple[int, int]:
    """(samples, neurons) of counts [samples, n] or Spikes; an error when there are not `n` neurons."""
    if isinstance(responses, Spikes):
        shape = responses.samples, responses.n
    else:
        counts = as_array("responses", responses)
        shape = counts.shape
        if counts.ndim != 2:
            raise PlasticityError(f"responses must be numbers of shape [samples, n], got {counts.dtype} {shape}")
    if n is not None and shape[1] != n:
        raise PlasticityError(f"responses have {shape[1]} neurons, the readout was fitted on {n}")
    return shape


def blocks(responses: np.ndarray | Spikes, signed: bool = False) -> Iterator[tuple[slice, np.ndarray]]:
    """(which samples, their counts as float64 [samples, n]), a few megabytes at a time.

    signed: whether they may be negative.
    """
    samples, n = shape_of(responses)
    responses = responses if isinstance(responses, Spikes) else as_array("responses", responses)
    size = max(1, _BLOCK_VALUES // max(n, 1))
    for start in range(0, samples, size):
        rows = slice(start, start + size)
        part = responses[rows]
        block = (part.counts() if isinstance(part, Spikes) else part).astype(np.float64)
        if not (np.isfinite(block).all() and (signed or block.min(initial=0.0) >= 0)):
            raise PlasticityError(f"responses must be finite{'' if signed else ' and not negative'}")
        yield rows, block


def highest(scores: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """The best column of each row, int64; -1 for rows without a positive score.

    Among k equal best columns the one numbered `turn` modulo k is taken: which one is fixed, yet no class is favoured.

    scores: [rows, classes]; turn: int [rows].
    """
    best = scores == scores.max(1, keepdims=True)
    wanted = turn % best.sum(1) + 1
    column = (best.cumsum(1) == wanted[:, None]).argmax(1)
    return np.where(scores.max(1) > 0, column, -1)


def checked_labels(labels: np.ndarray, samples: int, n_classes: int) -> np.ndarray:
    """`labels` as int64 [samples], all within 0..n_classes-1."""
    labels = np.asarray(labels)
    if labels.shape != (samples,):
        raise PlasticityError(f"labels must have shape ({samples},), one per sample, got {labels.shape}")
    if samples == 0:
        raise PlasticityError("labels are empty; a readout is fitted on at least one sample")
    if not np.issubdtype(labels.dtype, np.integer):
        raise PlasticityError(f"labels must be whole numbers, got {labels.dtype}")
    if labels.min() < 0 or labels.max() >= n_classes:
        raise PlasticityError(f"labels must stay within 0..{n_classes - 1}, got {labels.min()}..{labels.max()}")
    return labels.astype(np.int64)
