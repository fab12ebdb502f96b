"""A model is a network together with how samples are shown to it: what a builder in `networks/` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from plasticity._utils.keeping import Kept
from plasticity._utils.typed import require_fields
from plasticity.encoding.catalogue import Encoder
from plasticity.errors import PlasticityError
from plasticity.network.network import Network
from plasticity.rules.catalogue import RuleLike


@dataclass(frozen=True)
class Presentation(Kept):
    """How one sample is shown.

    steps: steps of the network per sample. rest: silent steps after it, in which the network runs on.
    max_rate: Poisson rate (Hz) of an input of intensity 1.
    total_rate: if given, each sample's rates are scaled to this sum (Hz), so that all samples drive the network alike.
    min_spikes: if the output population spikes less often than this in all, the sample is shown again with max_rate
        raised by `boost` Hz, until it does (Diehl & Cook 2015: 5 spikes), at most `max_boosts` times.
    reset: whether the network starts each sample from its initial state (weights and slow variables excepted).
    encoder: what draws the spikes instead of Poisson rates (an `Encoder`, or its name with options); `steps` and the
    rates then say nothing.
    """

    steps: int
    rest: int = 0
    max_rate: float = 63.75
    total_rate: float | None = None
    min_spikes: int = 0
    boost: float = 31.875
    max_boosts: int = 20
    reset: bool = True
    encoder: str | Encoder | None = None

    def __post_init__(self):
        require_fields(self)

    def rates(self, intensity: np.ndarray, boosts: int = 0) -> np.ndarray:
        """Input rates in Hz for intensities in [0, 1], [samples, n]."""
        rates = np.asarray(intensity, np.float64) * (self.max_rate + boosts * self.boost)
        if self.total_rate is None:
            return rates
        total = rates.sum(1, keepdims=True)
        return np.divide(rates * self.total_rate, total, out=np.zeros_like(rates), where=total > 0)


@dataclass(frozen=True)
class Model(Kept):
    """A network, the names of its input and of the population that is read out, and how samples are shown."""

    network: Network
    presentation: Presentation
    input: str = "pixels"
    output: str = "excitatory"

    def __post_init__(self):
        require_fields(self)
        for end in (self.input, self.output):
            if end not in self.network.sizes:
                raise PlasticityError(f"network {self.network.name!r} has no part {end!r}")
        if any(part.always for part in self.network.inputs if part.name == self.input):
            raise PlasticityError(f"input {self.input!r} always sends, so no samples can be shown to it; name one of "
                                  f"{[part.name for part in self.network.shown]}")

    def with_(self, **changes) -> Model:
        return replace(self, **changes)

    def with_rule(self, rule: str | RuleLike, *, freeze: bool = False, clip: bool = False) -> Model:
        """The same model under another teacher; see `Network.with_rule`."""
        return self.with_(network=self.network.with_rule(rule, freeze=freeze, clip=clip))

    def with_weights(self, weights: Mapping[str, np.ndarray]) -> Model:
        """The same model with other weights; see `Network.with_weights`."""
        return self.with_(network=self.network.with_weights(weights))
