"""All data sets by name, and the function that loads them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from plasticity.datasets.checks import check_images
from plasticity.datasets.cifar10 import CIFAR10, CIFAR10_JPEG
from plasticity.datasets.description import DataSet, Dataset
from plasticity.datasets.digits import DIGITS
from plasticity.datasets.fashion_mnist import FASHION_MNIST
from plasticity.datasets.files import form_at_hand
from plasticity.datasets.mnist import MNIST
from plasticity.datasets.usps import USPS
from plasticity.errors import DataError, unknown

#: name -> description
catalogue: Mapping[str, DataSet] = {each.name: each for each in (DIGITS, MNIST, FASHION_MNIST, USPS, CIFAR10,
                                                                     CIFAR10_JPEG)}


def load(name: str, train_samples: int | None = None) -> Dataset:
    """A data set by name ("fashion-mnist" is "fashion_mnist"), as intensities in [0, 1].

    train_samples: only that many of the first training samples. The test part is always whole.
    Raises PlasticityError for unknown names (with the nearest match), DataError when files are missing, altered, or do
    not hold what they should.
    """
    plain = str(name).replace("-", "_")
    if plain not in catalogue:
        raise unknown("data set", name, catalogue)
    return load_description(catalogue[plain]).first(train_samples)


def load_description(description: DataSet) -> Dataset:
    """Finds, verifies, reads and checks a data set."""
    form, paths = form_at_hand(description)
    train_x, train_y, test_x, test_y = form.read(paths)
    parts = {}
    for part, x, y, n in (("train", train_x, train_y, description.train), ("test", test_x, test_y, description.test)):
        parts[f"{part}_x"], parts[f"{part}_y"] = _checked(description, part, x, y, n)
    return Dataset(name=description.name, n_classes=len(description.classes), **parts)


def _checked(description: DataSet, part: str, x: np.ndarray, y: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    if x.shape != (n, *description.shape):
        raise DataError(f"{description.name}: {part} images have shape {x.shape}, expected {(n, *description.shape)}")
    return check_images(x, y, len(description.classes), f"{part} images of {description.name}")
