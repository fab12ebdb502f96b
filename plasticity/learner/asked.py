"""All that an estimator is asked, the same for every rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Asked:
    """The arguments of `Learner`, and what its presets say besides.

    extras: options that only presets have, by name. augment: what training samples become when they are shown. scaled:
    whether samples outside [0, 1] are scaled (they are refused otherwise).
    """

    network: object = None
    rule: object = None
    encoder: object = None
    readout: object = None
    engine: object = None
    loss: object = None
    epochs: int | None = None
    batch: int | None = None
    lr: float | None = None
    optimizer: object = "adam"
    schedule: str | Callable[[float], float] | None = None
    patience: int | None = None
    validation: object = 0.0
    shuffle: bool = True
    seed: int = 0
    device: str = "cpu"
    dtype: object = None
    class_weight: object = None
    verbose: bool = False
    scaled: bool = True
    extras: Mapping[str, object] = field(default_factory=dict)
    augment: object = None

    def __post_init__(self):
        """Whole numbers of numpy are whole numbers."""
        for name in ("epochs", "batch", "patience", "seed"):
            if isinstance(getattr(self, name), np.integer):
                object.__setattr__(self, name, int(getattr(self, name)))
