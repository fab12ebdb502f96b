"""From what is asked, samples and targets to a learner that can begin; nothing is learned here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.model_selection import train_test_split

from plasticity.errors import PlasticityError
from plasticity.learner import goals
from plasticity.learner.asked import Asked
from plasticity.learner.described import Described, features_of
from plasticity.learner.experiment import experiment
from plasticity.learner.goals import Goal
from plasticity.learner.samples import Scaling, as_samples
from plasticity.learner.targets import Targets
from plasticity.learner.trainer import Trainer


@dataclass(frozen=True)
class Prepared:
    """What would be trained, and samples and targets as it would be shown them."""

    described: Described
    trainer: Trainer
    x: np.ndarray
    targets: Targets


def prepared(asked: Asked, name: str, X, y=None, classes: Sequence | None = None, sample_weight=None) -> Prepared:
    """Checks everything and builds what would be trained. name: of the estimator, for errors.

    Raises PlasticityError for samples, targets and settings that cannot be used, RefusedError for what cannot be
    learned by this rule.
    """
    made = experiment(asked)
    x = as_samples(X, name)
    integers = np.asarray(X).dtype.kind in "iub"
    encoder = made.way_module.encoder_of(made, x)
    scaling = Scaling.of(x, integers) if asked.scaled and made.way_module.unit(encoder) else None
    described = Described(made, encoder, scaling, Goal(None, 0), (), 0, len(x) * made.epochs, x.shape[1:])
    x = described.accept(x)
    features = features_of(described.given, x.shape[1:])
    goal, values = goals.goal_of(made, y, len(x), classes)
    described = replace(described, goal=goal, shape=x.shape[1:], n_features=features)
    targets = described.targets(values, sample_weight)
    described.augmenting(x, targets)
    trainer = described.trainer()
    trainer.begin(x)
    trainer.require(x, targets)
    return Prepared(described, trainer, x, targets)


def split(x: np.ndarray, targets: Targets, fraction: float, seed: int, by_class: bool):
    """(samples, targets, (samples held out, their targets)); None in place of the pair for a fraction of 0.

    by_class: whether each class is held out in proportion. Raises PlasticityError for fractions that leave too few.
    """
    if not fraction:
        return x, targets, None
    try:
        kept, out = train_test_split(np.arange(len(x)), test_size=fraction, random_state=seed % 2**32,
                                     stratify=targets.values if by_class and targets.values.ndim == 1 else None)
    except ValueError as error:
        raise PlasticityError(f"validation={fraction}: {error}") from None
    return x[kept], targets[kept], (x[out], targets[out])
