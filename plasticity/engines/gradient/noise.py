"""Where a gradient network's random numbers come from: functions of a seed and of a place, in numpy and in programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from plasticity._utils import random
from plasticity._utils.ranges import Steps
from plasticity._utils.typed import require_fields
from plasticity.language.draws import Kind


@dataclass(frozen=True)
class Noise:
    """The random numbers of one presentation: those of a sample do not depend on what is shown beside it.

    seed: whole number. sample, step: numbers of the first sample and of the first step, for a part of a batch and for a
    presentation that goes on.
    """

    seed: int
    sample: Steps = 0
    step: Steps = 0

    def __post_init__(self):
        random.checked_seed(self.seed)
        require_fields(self)

    def later(self, samples: int = 0, steps: int = 0) -> Noise:
        """The noise of the samples and steps from there on."""
        return replace(self, sample=self.sample + samples, step=self.step + steps)

    def keys(self, population: int, calls: int, steps: int) -> np.ndarray:
        """What programs draw from, uint64 [calls, steps]."""
        return np.stack([random.keys(random.stream(self.seed, population, call), self.step + np.arange(steps))
                         for call in range(calls)])

    def drawn(self, kind: Kind, population: int, call: int, now: int, shape: tuple[int, int]) -> np.ndarray:
        """The numbers of one call in a step, [samples, neurons]."""
        place = random.stream(self.seed, population, call), self.step + now
        index = self.sample * shape[1] + np.arange(shape[0] * shape[1]).reshape(shape)
        return random.normal_at(*place, index) if kind.normal else random.uniform(*place, index)


def noise_of(noise: int | Noise | None) -> Noise | None:
    """A seed as the noise of a whole batch; None for none. Raises PlasticityError for what is no seed."""
    return noise if noise is None or isinstance(noise, Noise) else Noise(noise)


def draws(kinds: Mapping[str, Kind], noise: Noise | None, population: int, now: int,
          like: torch.Tensor) -> dict[str, torch.Tensor]:
    """What each name of `kinds` is in a step, by name: as `like` [batch, n]; without noise the number of no chance."""
    return {name: like.new_full((), kind.off) if noise is None else torch.as_tensor(
        noise.drawn(kind, population, call, now, tuple(like.shape))).to(like.device, like.dtype)
        for call, (name, kind) in enumerate(kinds.items())}
