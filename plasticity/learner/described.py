"""What a fitted estimator is made of, beside its weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from plasticity.encoding.catalogue import Encoder
from plasticity.learner.augmenting import Augmenting, augmenting
from plasticity.learner.experiment import Experiment
from plasticity.learner.goals import Goal
from plasticity.learner.samples import Scaling, require_unit
from plasticity.learner.targets import Targets, sample_weights
from plasticity.learner.trainer import Trainer


@dataclass(frozen=True)
class Described:
    """What a fitted estimator is made of, beside its weights. scaling: None where samples are taken as they are.
    shape: of one sample as it is learned; given: as it came. presentations: how many samples the network was told it
    would be shown."""

    experiment: Experiment
    encoder: Encoder | None
    scaling: Scaling | None
    goal: Goal
    shape: tuple[int, ...]
    n_features: int
    presentations: int
    given: tuple[int, ...] = ()

    @property
    def way(self) -> ModuleType:
        """The module of the way of learning."""
        return self.experiment.way_module

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape that a network may want to know: rows and columns of images, even where they are learned flat."""
        flattened = len(self.shape) == 1 and math.prod(self.given) == self.shape[0]
        return self.given if flattened and self.experiment.way.name != "method" else self.shape

    def trainer(self) -> Trainer:
        """A new trainer, with first weights."""
        return self.way.trainer(self.experiment, self.encoder, self.sample_shape, self.goal.outputs, self.presentations)

    def built(self, trainer: Trainer) -> Described:
        """The same with the network as the trainer has built it, which needs no builder any more."""
        described = getattr(trainer, "described", None)
        if described is None:
            return self
        rule = None if self.experiment.way.name == "stream" else self.experiment.rule
        return replace(self, experiment=replace(self.experiment, network=described, rule=rule, words_=self.words))

    @property
    def words(self) -> Mapping[str, str | None]:
        """Network, rule, encoder, readout and engine as texts."""
        return self.experiment.words

    def targets(self, values: np.ndarray, sample_weight=None) -> Targets:
        """Targets as numbers, with the weights of samples times those of their classes."""
        asked = self.experiment.asked
        return Targets(values, sample_weights(sample_weight, values, asked.class_weight, self.goal.classes))

    def augmenting(self, x: np.ndarray, targets: Targets) -> Augmenting | None:
        """What is done to samples x while they are learned from. Raises PlasticityError for what they cannot have."""
        return augmenting(self.experiment, self.given, x, targets.in_time)

    def accept(self, x: np.ndarray) -> np.ndarray:
        """Checked samples as they are learned. Raises PlasticityError for another number of features."""
        x = x if self.scaling is None else self.scaling(x)
        if self.way.unit(self.encoder):
            require_unit(x)
        return self.way.accept(self.experiment, self.encoder, x)


def features_of(shape: tuple[int, ...], learned: tuple[int, ...]) -> int:
    """How many features a sample of that shape has, when samples are learned in the shape `learned`: sequences have
    those of a step, and may have any number of steps."""
    return shape[-1] if len(shape) == 2 and len(learned) == 2 else int(np.prod(shape))
