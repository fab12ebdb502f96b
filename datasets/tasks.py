"""Tasks: a data set, split into what is learned from and what is held out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity import datasets
from plasticity.errors import PlasticityError, unknown

#: passes over the training images unless told otherwise: small sets are shown more often
EPOCHS = {"digits": 10, "usps": 3}
HELD_OUT = 10_000  # training images that --validation holds out


@dataclass(frozen=True)
class Task:
    """name; train_x, test_x [samples, inputs] in [0, 1] and their labels; image_shape; classes; held_out: "test", or
    "validation" when the held-out images are the last training images."""

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    image_shape: tuple[int, ...]
    classes: tuple[str, ...]
    held_out: str = "test"


def load(name: str, train_samples: int | None = None, test_samples: int | None = None,
         validation: bool = False) -> Task:
    """A task by the name of its data set.

    train_samples, test_samples: only so many, the first ones (None: all). validation: hold out the last 10,000
    training images (of small sets the last sixth) instead of using the test set, for tuning.
    Raises PlasticityError for unknown names and counts, DataError for missing or altered files.
    """
    if name not in datasets.catalogue:
        raise unknown("task", name, datasets.catalogue)
    about, data = datasets.catalogue[name], datasets.load(name)
    if validation:
        data = datasets.validation_split(data, min(HELD_OUT, len(data.train_x) // 6))
    data = data.first(train_samples)
    _within("test_samples", test_samples, len(data.test_x))
    keep = slice(test_samples)
    return Task(name, _flat(data.train_x), data.train_y, _flat(data.test_x[keep]), data.test_y[keep],
                data.train_x.shape[1:], about.classes, "validation" if validation else "test")


def load_sequences(name: str, train_samples: int | None = None, test_samples: int | None = None,
                   validation: bool = False) -> Task:
    """The same for a data set of sequences (`datasets.load_sequences`): x [samples, steps, inputs]."""
    data = datasets.load_sequences(name)
    if validation:
        data = datasets.validation_split(data, min(HELD_OUT, len(data.train_x) // 6))
    data = data.first(train_samples)
    _within("test_samples", test_samples, len(data.test_x))
    keep = slice(test_samples)
    return Task(name, data.train_x, data.train_y, data.test_x[keep], data.test_y[keep], data.train_x.shape[1:],
                tuple(str(label) for label in range(data.n_classes)), "validation" if validation else "test")


def epochs(name: str) -> int:
    """How often the training images of a task are shown by default."""
    return EPOCHS.get(name, 1)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _within(argument: str, count: int | None, most: int) -> None:
    if count is not None and not 1 <= count <= most:
        raise PlasticityError(f"{argument} must be between 1 and {most}, got {count}")
