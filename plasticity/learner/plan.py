"""In which order, in which pieces and with which step size samples are learned from; nothing here learns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from plasticity._utils.catalogue import parse
from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import FINITE, require
from plasticity._utils.validation import require_flags, require_positive, require_whole
from plasticity.errors import PlasticityError, choice

#: name -> factor of the learning rate, as a function of the fraction of all updates that is done
SCHEDULES: Mapping[str, Callable[[float], float]] = MappingProxyType({
    "constant": lambda done: 1.0,
    "linear": lambda done: 1.0 - done,
    "cosine": lambda done: 0.5 * (1.0 + math.cos(math.pi * done)),
})
STEPS = "steps"


def schedule_of(schedule: str | Callable[[float], float]) -> Callable[[float], float]:
    """The factor of the learning rate as a function of the fraction of all updates that is done.

    schedule: a name of `SCHEDULES`; "steps(1, 0.5, 0.1)", a factor for each of as many equal parts of the training; or
    such a function. Raises PlasticityError for all else.
    """
    if callable(schedule):
        return schedule
    call = parse(schedule, "schedule")
    if call.name != STEPS:
        return SCHEDULES[choice("schedule", schedule, [*SCHEDULES, STEPS])]
    factors = call.arguments
    if not factors or call.options or not all(isinstance(factor, int | float) for factor in factors):
        raise PlasticityError(f"schedule {schedule!r} must hold a factor for each part, as steps(1, 0.5, 0.1)")
    require(FINITE, **{f"factor {number} of schedule": factor for number, factor in enumerate(factors, 1)})
    return lambda done: float(factors[min(int(done * len(factors)), len(factors) - 1)])


@dataclass(frozen=True)
class Step:
    """One update. epoch, batch: where it stands, from 0. samples: indices of its samples. shown: presentations made
    after it. last: whether it ends its epoch. done: fraction of all updates before it. seed: of what it draws."""

    epoch: int
    batch: int
    samples: np.ndarray
    shown: int
    last: bool
    done: float
    seed: int

    @property
    def where(self) -> str:
        return f"epoch {self.epoch}, batch {self.batch}"


@dataclass(frozen=True)
class Plan:
    """How a learner is trained.

    epochs: passes over the samples. batch: samples per update. seed: of the order, and of what updates draw.
    shuffle: whether each epoch has its own order. schedule: "constant", "linear" (to 0), "cosine" (to 0),
    "steps(1, 0.5, 0.1)" (a factor for each of as many equal parts), or a function from the fraction of updates done to
    a factor of the learning rate. patience: epochs without a better accuracy on held-out samples after which training
    stops; the best weights are then taken (None: all epochs).
    verbose: a progress bar on stderr. first_epoch: number of the first epoch, for training that goes on.
    """

    epochs: int = 10
    batch: int = 32
    seed: int = 0
    shuffle: bool = True
    schedule: str | Callable[[float], float] = "constant"
    patience: int | None = None
    verbose: bool = False
    first_epoch: int = 0

    def __post_init__(self):
        require_whole(0, epochs=self.epochs)
        checked_seed(self.seed)
        require_positive(batch=self.batch)
        require_flags(shuffle=self.shuffle)
        if self.patience is not None:
            require_positive(patience=self.patience)
        schedule_of(self.schedule)

    @cached_property
    def _factor(self) -> Callable[[float], float]:
        return schedule_of(self.schedule)

    def rate(self, done: float) -> float:
        """The factor of the learning rate when a fraction `done` of all updates is made."""
        return self._factor(done)

    def steps(self, n: int, shown: int = 0) -> Iterator[Step]:
        """All updates on n samples; those after `shown` presentations if some were made before."""
        per_epoch = math.ceil(n / self.batch)
        for epoch in range(shown // n, self.epochs):
            order = self._order(n, epoch)
            for batch in range(math.ceil(max(shown - epoch * n, 0) / self.batch), per_epoch):
                chosen = order[batch * self.batch:(batch + 1) * self.batch]
                yield Step(self.first_epoch + epoch, batch, chosen, epoch * n + batch * self.batch + len(chosen),
                           batch == per_epoch - 1, (epoch * per_epoch + batch) / (self.epochs * per_epoch),
                           self._seed(epoch, batch))

    def _order(self, n: int, epoch: int) -> np.ndarray:
        rng = np.random.default_rng((self.seed, self.first_epoch + epoch))
        return rng.permutation(n) if self.shuffle else np.arange(n)

    def _seed(self, epoch: int, batch: int) -> int:
        """A number of its own for every update, so that a training that was interrupted draws the same ones."""
        return int(np.random.SeedSequence((self.seed, self.first_epoch + epoch, batch)).generate_state(1)[0])
