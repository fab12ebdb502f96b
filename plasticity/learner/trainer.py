"""A way of learning, as the loop sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from plasticity.learner.plan import Step
from plasticity.learner.targets import Targets
from plasticity.network.stored import Stored

#: called when an update is known, before the weights change, where the rule lets that be seen (gradients)
Callback = Callable[[Step, np.ndarray, np.ndarray], None]


@dataclass(frozen=True)
class Measured:
    """What an update tells: name -> mean. weight: how much it counts when updates are averaged. counted: what is only
    added up over a training, for `check`: name -> number."""

    values: Mapping[str, float] = field(default_factory=dict)
    weight: float = 1.0
    counted: Mapping[str, float] = field(default_factory=dict)


class Trainer(Protocol):
    """What learns. Samples are any array [samples, ...] that its way of learning accepts.

    ahead: whether the next step's samples are prepared in a thread while the present one is learned from.
    lines: samples after which a line of metrics is due; None for one after each epoch.
    compile_seconds: spent on compiling so far; no part of learning.
    """

    ahead: bool
    lines: int | None
    compile_seconds: float

    def begin(self, x: np.ndarray) -> None:
        """Called once with the first samples, before anything is learned."""

    def require(self, x: np.ndarray, targets: Targets) -> None:
        """Raises RefusedError or PlasticityError for targets and weights that it cannot learn from; called before it
        learns."""

    def session(self) -> AbstractContextManager:
        """What holds while it learns."""

    def chunk(self, batch: int) -> int:
        """How many samples it takes at a time, when `batch` of them share their weights."""

    def prepare(self, x: np.ndarray, step: Step) -> object:
        """What `update` needs of a step's samples; changes nothing."""

    def update(self, prepared: object, x: np.ndarray, targets: Targets, step: Step, rate: float,
               callback: Callback | None) -> Measured:
        """Learns from a step's samples. rate: factor of its learning rate. Raises NotFinite before weights go wrong."""

    def check(self, shown: int, totals: Mapping[str, float]) -> None:
        """Warns of what goes wrong; called early, and at the end."""

    def accuracy(self, x: np.ndarray, targets: Targets, learned: tuple[np.ndarray, Targets]) -> float:
        """How well it does on samples that it does not learn from. learned: those that it does."""

    def finish(self, x: np.ndarray, targets: Targets) -> None:
        """Fits what is fitted after learning (readouts), on samples that were learned from."""

    def scores(self, x: np.ndarray) -> np.ndarray:
        """The larger, the likelier the class, [samples, classes]; or predicted values. Changes nothing."""

    def places(self, x: np.ndarray) -> np.ndarray:
        """The number of the class that is answered, [samples]; -1 for no answer."""

    def features(self, x: np.ndarray) -> np.ndarray:
        """What the network makes of samples, [samples, features]."""

    def learned(self) -> dict[str, np.ndarray]:
        """Everything that learning changed, by name."""

    def input_weights(self) -> np.ndarray:
        """Learned weights from the input on, [inputs, neurons], where there is one such array."""

    def weights(self) -> dict[str, np.ndarray]:
        """A copy of what it has learned."""

    def put(self, weights: Mapping[str, np.ndarray]) -> None:
        """Goes back to `weights()`."""

    def arrays(self) -> dict[str, Stored]:
        """The weights of synapses, by name: what a memory would keep."""

    def hold(self, weights: Mapping[str, np.ndarray]) -> None:
        """Puts other values in the place of some of `arrays()`."""

    def state(self) -> dict[str, np.ndarray]:
        """Everything that learning on depends on."""

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes back to `state()`."""


class NotFinite(Exception):
    """An update is not finite; nothing was learned from it. what: said of it. layer: the first that is not finite.
    spoiled: whether the weights were not finite before it. advice: what to lower."""

    def __init__(self, what: str, layer: str | None, spoiled: bool, advice: str):
        super().__init__(what)
        self.what, self.layer, self.spoiled, self.advice = what, layer, spoiled, advice
