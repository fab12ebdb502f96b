"""A person's data as they were found, before anything of them is believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Raw:
    """where: what errors call the data. x, y, x_test, y_test, weight, weight_test: as `plasticity.datasets.own` checks
    them. form, targets: what x and y are, where that is said. ordered: whether the samples have an order of their own,
    which is kept; those of a folder have none."""

    where: str
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray | None = None
    y_test: np.ndarray | None = None
    weight: np.ndarray | None = None
    weight_test: np.ndarray | None = None
    form: str | None = None
    targets: str | None = None
    ordered: bool = True
