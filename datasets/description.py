"""What a data set is: as a description (where from, whose, under which licence) and as arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from plasticity.errors import PlasticityError

#: train_x, train_y, test_x, test_y
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

MEGABYTE = 2**20


@dataclass(frozen=True)
class Source:
    """One file of a data set.

    filename: its official name. urls: where it is officially published, tried in order; none if it must be fetched by
    hand. sha256 (or md5, where only that is published): hex digest, always verified. size: bytes, where known.
    """

    filename: str
    urls: tuple[str, ...] = ()
    sha256: str = ""
    md5: str = ""
    size: int | None = None
    limit: int = 512 * MEGABYTE

    def __post_init__(self):
        if Path(self.filename).name != self.filename or "\\" in self.filename or self.filename in ("", ".", ".."):
            raise PlasticityError(f"filename {self.filename!r} of a source must be a plain name without folders")
        if bool(self.sha256) == bool(self.md5):
            raise PlasticityError(f"source {self.filename!r} needs a checksum: sha256, or md5 where only that is known")

    @property
    def algorithm(self) -> str:
        return "sha256" if self.sha256 else "md5"

    @property
    def checksum(self) -> str:
        return self.sha256 or self.md5

    @property
    def most(self) -> int:
        """No more bytes than this are ever read from the net."""
        return self.limit if self.size is None else self.size


@dataclass(frozen=True)
class Form:
    """One form in which a data set is published: its files, and the function that reads them, in that order."""

    sources: tuple[Source, ...]
    read: Callable[[Sequence[Path]], Arrays]

    @property
    def can_be_downloaded(self) -> bool:
        return all(source.urls for source in self.sources)


@dataclass(frozen=True)
class DataSet:
    """A description. folders: names of subfolders of $PLASTICITY_DATA in which its files may lie.

    shape: of one image, (height, width) or (height, width, 3). train, test: number of samples. forms: the first that is
    at hand is used.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    classes: tuple[str, ...]
    shape: tuple[int, ...]
    train: int
    test: int
    forms: tuple[Form, ...]
    folders: tuple[str, ...] = ()
    by_hand: str = field(default="", repr=False)

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(source for form in self.forms for source in form.sources)


@dataclass(frozen=True)
class SingleFile:
    """A description of a data set that is no set of images and lies in one file. folders: as `DataSet` has them."""

    name: str
    title: str
    source: Source
    licence: str
    citation: str
    homepage: str
    classes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    by_hand: str = field(default="", repr=False)


@dataclass(frozen=True)
class Dataset:
    """A loaded data set. x: float32 [n, height, width], or [n, height, width, 3] (red, green and blue), intensities in
    [0, 1]; y: int64 [n], 0..n_classes-1."""

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    n_classes: int

    @property
    def pixels(self) -> int:
        """Values per image."""
        return int(np.prod(self.train_x.shape[1:]))

    def first(self, train_samples: int | None) -> Dataset:
        """The same with only the first `train_samples` training samples (None: all of them)."""
        if train_samples is None:
            return self
        if not 1 <= train_samples <= len(self.train_x):
            raise PlasticityError(f"train_samples must be between 1 and {len(self.train_x)} for {self.name}, got "
                                  f"{train_samples}")
        return replace(self, train_x=self.train_x[:train_samples], train_y=self.train_y[:train_samples])


def validation_split(dataset: Dataset, last: int = 10_000) -> Dataset:
    """For tuning: the last `last` training samples become the test part; the real test part is left out of sight."""
    if not 1 <= last < len(dataset.train_x):
        raise PlasticityError(f"last must be between 1 and {len(dataset.train_x) - 1} for {dataset.name}, got {last}")
    return replace(dataset, train_x=dataset.train_x[:-last], train_y=dataset.train_y[:-last],
                   test_x=dataset.train_x[-last:], test_y=dataset.train_y[-last:])
