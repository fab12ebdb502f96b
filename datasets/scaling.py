"""Samples scaled to [0, 1] by what is learned from the training part alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from plasticity.datasets.task import Task
from plasticity.errors import choice

#: form -> axes over which the least and the greatest value are taken: one pair for an image, one per feature or input
_AXES: Mapping[str, tuple[int, ...] | None] = MappingProxyType({"images": None, "table": (0,), "sequences": (0, 1)})


def unit(task: Task) -> Task:
    """x' = (x - low) / (high - low), with low and high of the training part; held-out values beyond them are cut off.

    What does not vary in the training part is 0 everywhere.
    """
    axes = _AXES[task.form]
    bounds = np.asarray(task.train_x.min(axes), np.float32), np.asarray(task.train_x.max(axes), np.float32)
    return replace(task, train_x=within(task.train_x, *bounds), test_x=within(task.test_x, *bounds), bounds=bounds)


def within(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """float32 in [0, 1]."""
    low, high = np.asarray(low, float), np.asarray(high, float)  # the width may be beyond float32
    width = np.where(high > low, high - low, np.inf)
    return np.clip((x - low) / width, 0, 1).astype(np.float32)


def scaling_of(scale: str | None) -> Callable[[Task], Task]:
    """What `scale` does with a task: nothing, or "unit". Raises PlasticityError for other words."""
    return _plain if scale is None else SCALES[choice("scale", scale, SCALES)]


def _plain(task: Task) -> Task:
    return task


SCALES: Mapping[str, Callable[[Task], Task]] = MappingProxyType({"unit": unit})
