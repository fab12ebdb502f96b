"""Whether the populations of a gradient network spike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import torch

from plasticity.learner import health
from plasticity.network.network import Network


class Activity:
    """How many samples drew no spike from a population, or close to all that are possible; of populations that spike,
    as graded units are never silent."""

    def __init__(self, network: Network):
        self.network = network
        #: population -> the most spikes of a neuron in a step
        self.largest = {part.name: 1 / max(1, round(part.neuron.refractory / network.dt))
                        for part in network.populations if not part.neuron.output}
        self.silent, self.saturated = Counter(), Counter()

    def count(self, spikes: Mapping[str, torch.Tensor]) -> None:
        """spikes: population -> [samples, steps, n]."""
        for name, largest in self.largest.items():
            means = spikes[name].mean((1, 2))
            self.silent[name] += int((means == 0).sum())
            self.saturated[name] += int((means > health.BUSY * largest).sum())

    def warn(self, samples: int) -> None:
        """samples: that were counted."""
        for name in self.largest:
            who = f"population {name!r} of network {self.network.name!r}"
            health.warn(health.silent(who, "when it is read out", self.silent[name], samples),
                        health.saturated(who, "when it is read out", self.saturated[name], samples))
