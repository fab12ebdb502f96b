"""What a fitted estimator is made of, apart from it: to be pickled, copied, or written into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticity.learner.training import Training


@dataclass(frozen=True)
class Parts:
    """described: experiment and shapes, with the network as it was built. state: of the trainer. reading: fitted
    readouts, if any. training: what happened. more: attributes besides."""

    described: object
    state: Mapping[str, np.ndarray]
    reading: object
    training: Training
    offset: int
    more: Mapping[str, object]


def parts_of(estimator) -> Parts:
    """The parts of a fitted estimator."""
    trainer = estimator.trainer_
    more = {name: value for name, value in vars(estimator).items()
            if name.endswith("_") and name not in ("described_", "trainer_", "training_")}
    return Parts(estimator.described_.built(trainer), trainer.state(), getattr(trainer, "reading", None),
                 estimator.training_, getattr(trainer, "offset", 0), more)


def put_parts(estimator, parts: Parts) -> None:
    """Makes an estimator with these parameters a fitted one: its trainer is built again, and goes on from the state."""
    trainer = parts.described.trainer()
    trainer.restore(parts.state)
    if parts.reading is not None:
        trainer.reading = parts.reading
    if hasattr(trainer, "offset"):
        trainer.offset = parts.offset
    estimator.described_, estimator.trainer_, estimator.training_ = parts.described, trainer, parts.training
    for name, value in parts.more.items():
        setattr(estimator, name, value)
