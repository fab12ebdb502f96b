"""What a published number is, as data: what was reported, and the run of this library that is held beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from plasticity.comparison.run import Settings
from plasticity.readout.scores import SCORES


@dataclass(frozen=True)
class Row:
    """A published number.

    name: as `plasticity reproduce` takes it. system: of which it is a part. what: network, rule and data in words.
    source: who published it. published: the number, accuracies as a fraction; None where only this library has one.
    score: how it is told, a name of `plasticity.readout.scores.SCORES`. settings: of `comparison.run.Settings`; empty
    where it cannot be run, and `missing` says what for. data: which data were at hand. budget: passes and updates in
    words, published and ours. note: what the published program did, where that matters to the number. spiking: options
    of `convert` and of `Converted.run`, where the number is that of the spiking network that what was trained becomes.
    quick: settings that change for a look that takes minutes.
    """

    name: str
    system: str
    what: str
    source: str
    published: float | None
    score: str = "accuracy"
    settings: Mapping[str, object] = field(default_factory=dict)
    data: str = ""
    budget: str = ""
    note: str = ""
    spiking: Mapping[str, object] = field(default_factory=dict)
    quick: Mapping[str, object] = field(default_factory=dict)
    missing: str = ""

    def __post_init__(self):
        for name in ("settings", "quick", "spiking"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def better(self) -> str:
        """Which is better, the "higher" or the "lower" number."""
        return SCORES[self.score].better

    def reached(self, ours: float | None) -> bool | None:
        """Whether a number is at least as good as the published one; None where one of the two is missing."""
        if ours is None or self.published is None:
            return None
        return ours >= self.published if self.better == "higher" else ours <= self.published

    def run(self, seed: int, quick: bool = False, validation: bool = False) -> Settings:
        """The settings of one run."""
        return Settings(**{**self.settings, **(self.quick if quick else {})}, seed=seed, validation=validation)

    @property
    def command(self) -> str:
        """What makes the number; empty where it cannot be made."""
        return f"plasticity reproduce {self.name}" if self.settings else ""
