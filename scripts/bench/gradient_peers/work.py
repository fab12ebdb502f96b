"""The two pieces of work that every library does: sizes, spikes and labels, drawn the same way. Needs numpy only."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

DECAY = math.exp(-1 / 20)  # 1 ms steps, 20 ms membrane and readout
LOWEST_RATE = 0.05  # of hidden neurons, spikes per step: inputs are made stronger until it is reached


@dataclass(frozen=True)
class Work:
    """One weight update: forward, backward and Adam.

    "bptt": inputs - a recurrent layer of `hidden` leaky neurons - `outputs` leaky readouts, cross-entropy in each step.
    "csnn": 8C5-MP2-16C5-MP2-FC10 on maps of 28 x 28, leaky neurons after each convolution and at the end, max pooling
    of spikes, cross-entropy of the spike counts; `inputs`, `hidden` and `outputs` are given.
    """

    name: str
    steps: int
    batch: int
    density: float
    inputs: int = 700
    hidden: int = 256
    outputs: int = 20

    @property
    def shape(self) -> tuple[int, ...]:
        return (1, 28, 28) if self.name == "csnn" else (self.inputs,)


WORKS = {"bptt": Work("bptt", 100, 128, 0.02), "csnn": Work("csnn", 25, 128, 0.1, outputs=10)}


def spikes(work: Work, seed: int = 0) -> np.ndarray:
    """Input spikes as float32 [steps, batch, *shape]."""
    rng = np.random.default_rng(seed)
    return (rng.random((work.steps, work.batch, *work.shape), dtype=np.float32) < work.density).astype(np.float32)


def labels(work: Work, seed: int = 0) -> np.ndarray:
    """Classes [batch]."""
    return np.random.default_rng([seed, 1]).integers(0, work.outputs, work.batch)
