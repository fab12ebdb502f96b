"""A leaky readout, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from plasticity._utils.content import ByContent
from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import DELAY, FINITE, Count
from plasticity._utils.seconds import warn_of_milliseconds
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError, unknown

Weights = Annotated[np.ndarray, FINITE]


@dataclass(frozen=True, eq=False)
class LeakyReadout(Kept, ByContent):
    """Leaky sums of spikes: y[t] = kappa y[t-1] + gain z[t] W (+ bias), kappa = exp(-dt/tau).

    pre: name of the population that is read, or several. n: how many outputs. tau: seconds (0: no memory).
    scaled: gain is 1 - kappa, as in Bellec et al. 2020; else 1. bias: adds a learned constant.
    weights: [n_pre, n], or one such array per population; None for normal draws of variance 1/n_pre.
    """

    pre: str | tuple[str, ...]
    n: Count
    tau: Annotated[float, DELAY] = 20e-3
    scaled: bool = True
    bias: bool = False
    weights: Weights | Mapping[str, Weights] | None = None

    def __post_init__(self):
        require_fields(self)
        warn_of_milliseconds(9.99, **{"tau of a readout": self.tau})

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.pre,) if isinstance(self.pre, str) else tuple(self.pre)

    @property
    def weighed(self) -> tuple[str, ...]:
        """Populations that are read through weights: all of them."""
        return self.sources

    @property
    def spiking(self) -> bool:
        """Whether outputs are spikes."""
        return False

    def sized(self, sizes: Mapping[str, int]) -> LeakyReadout:
        """The same. sizes: of the network's populations. Raises PlasticityError for one that the network lacks."""
        for name in self.sources:
            if name not in sizes:
                raise unknown("population for the readout:", name, sizes)
        return self

    def leak(self, dt: float) -> tuple[float, float]:
        """kappa and gain."""
        kappa = math.exp(-dt / self.tau) if self.tau else 0.0
        return kappa, 1 - kappa if self.scaled else 1.0

    def first_weights(self, pre: str, n_pre: int, generator: np.random.Generator) -> np.ndarray:
        """The weights [n_pre, n] that a population's part of the readout starts with."""
        drawn = generator.normal(size=(n_pre, self.n)) / math.sqrt(n_pre)
        given = self.weights.get(pre) if isinstance(self.weights, Mapping) else self.weights
        found = drawn if given is None else np.asarray(given, float)
        if found.shape != (n_pre, self.n):
            raise PlasticityError(f"weights of the readout from {pre!r} must have shape {(n_pre, self.n)} "
                                  f"([pre, output]), got {found.shape}")
        return found
