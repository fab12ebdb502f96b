"""How well the network does while it learns: each block is predicted by the responses to the blocks before it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

MEMORY = 2000.0  # samples after which a response counts 1/e


@dataclass
class RunningAccuracy:
    """All-activity readout on spikes counted during learning (Diehl & Cook 2015 draw their learning curve so).

    sums: fading sum of output spikes per class and neuron [classes, n]; seen: fading number of samples [classes].
    """

    sums: np.ndarray
    seen: np.ndarray
    _new: list = field(default_factory=list, repr=False)

    @classmethod
    def start(cls, classes: int, neurons: int) -> RunningAccuracy:
        return cls(np.zeros((classes, neurons)), np.zeros(classes))

    def predict(self, counts: np.ndarray) -> np.ndarray:
        """Class of each sample, from responses seen so far."""
        mean = self.sums / np.maximum(self.seen, 1e-12)[:, None]
        owner = np.where(mean.max(0) > 0, mean.argmax(0), -1)
        of_class = owner[:, None] == np.arange(len(self.seen))
        return (counts @ of_class / np.maximum(of_class.sum(0), 1)).argmax(1)

    def update(self, counts: np.ndarray, y: np.ndarray) -> float:
        """Fraction of a block predicted right; then the block joins the memory."""
        right = float((self.predict(counts) == y).mean())
        fade = np.exp(-len(y) / MEMORY)
        one_hot = (y[:, None] == np.arange(len(self.seen))).astype(float)
        self.sums = fade * self.sums + one_hot.T @ counts
        self.seen = fade * self.seen + one_hot.sum(0)
        return right

    def state(self) -> dict[str, np.ndarray]:
        return {"sums": self.sums, "seen": self.seen}
