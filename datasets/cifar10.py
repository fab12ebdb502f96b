"""CIFAR-10: 50,000 + 10,000 pictures of ten kinds of things, 32x32, in colour.

Its authors publish three versions of the same pictures. `cifar10` reads the binary one, records of 3,073 bytes that can
be nothing else. The one for Python holds pickles, which run whatever code they name when they are read: it is refused,
as is the one for Matlab.

`cifar10_jpeg` is another data set: the same pictures as files of JPEG, quality 75. Those are not the original pixels,
and no figure of theirs can be held against one of the originals.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from plasticity.datasets.archives import read_tar
from plasticity.datasets.description import MEGABYTE, Arrays, DataSet, Form, Source
from plasticity.datasets.pictures import picture_of
from plasticity.datasets.unpacking import members
from plasticity.errors import DataError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
SIDE, COLOURS = 32, 3
RECORD = 1 + COLOURS * SIDE * SIDE
BATCHES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_BATCH = "test_batch.bin"
_MOST, _MOST_PICTURE = 256 * MEGABYTE, MEGABYTE
_PICTURE = re.compile(r"(?:\./)?(?:[\w-]+/)?(train|test)/([a-z]+)/(\d{4})\.jpg", re.ASCII)


def read_binary(paths: Sequence[Path]) -> Arrays:
    """The official archive: five files of training records and one of test records, in the order of their numbers."""
    files = read_tar(paths[0], (".bin",), _MOST)
    missing = [name for name in (*BATCHES, TEST_BATCH) if name not in files]
    if missing or len(files) > len(BATCHES) + 1:
        strange = missing or sorted(set(files) - {*BATCHES, TEST_BATCH})
        raise DataError(f"{paths[0]} is not the binary version of CIFAR-10 ({strange[0]} is "
                        f"{'missing' if missing else 'not of it'})")
    train = [records(f"{paths[0]}: {name}", files[name]) for name in BATCHES]
    return (np.concatenate([x for x, _ in train]), np.concatenate([y for _, y in train]),
            *records(f"{paths[0]}: {TEST_BATCH}", files[TEST_BATCH]))


def records(name: str, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Pictures, uint8 [n, 32, 32, 3], and labels: each record is a label and then red, green and blue, row by row.

    Raises DataError for a file that is not whole, and labels that are none.
    """
    if not content or len(content) % RECORD:
        raise DataError(f"{name} has {len(content)} bytes, not {RECORD} per picture; it is truncated")
    rows = np.frombuffer(content, np.uint8).reshape(-1, RECORD)
    if rows[:, 0].max() >= len(CLASSES):
        raise DataError(f"{name} holds the label {rows[:, 0].max()}, not 0 to {len(CLASSES) - 1}; it is altered")
    return rows[:, 1:].reshape(-1, COLOURS, SIDE, SIDE).transpose(0, 2, 3, 1), rows[:, 0].astype(np.int64)


def read_jpeg(paths: Sequence[Path]) -> Arrays:
    """An archive of train/CLASS/NNNN.jpg and test/CLASS/NNNN.jpg; classes take turns, by the numbers of the files."""
    parts: dict[str, list[tuple[str, int, np.ndarray]]] = {"train": [], "test": []}
    for part, kind, number, content in _pictures(paths[0]):
        parts[part].append((number, CLASSES.index(kind), _picture(paths[0] / part / kind / f"{number}.jpg", content)))
    arrays = []
    for part, found in parts.items():
        if not found:
            raise DataError(f"{paths[0]} holds no pictures {part}/CLASS/NNNN.jpg")
        found.sort(key=lambda each: each[:2])
        arrays += [np.stack([picture for _, _, picture in found]), np.array([kind for _, kind, _ in found], np.int64)]
    return tuple(arrays)


def _pictures(path: Path) -> Iterator[tuple[str, str, str, bytes]]:
    seen = set()
    for member, content in members(path):
        named = _PICTURE.fullmatch(member.name)
        if not (member.isreg() and named):
            continue
        if named[2] not in CLASSES or named.groups() in seen or member.size > _MOST_PICTURE:
            raise DataError(f"{path} holds {member.name}, of no class, or twice, or of more than {_MOST_PICTURE} "
                            "bytes; it is not such an archive")
        seen.add(named.groups())
        yield *named.groups(), content()


def _picture(path: Path, content: bytes) -> np.ndarray:
    """uint8 [32, 32, 3]."""
    values = picture_of(path, io.BytesIO(content), colour=True)
    if values.shape != (SIDE, SIDE, COLOURS):
        raise DataError(f"{path} has shape {values.shape}, expected {(SIDE, SIDE, COLOURS)}")
    return np.rint(values * 255).astype(np.uint8)


CIFAR10 = DataSet(
    name="cifar10",
    title="CIFAR-10",
    licence="none stated by its publishers; for research",
    citation="Krizhevsky 2009, Learning multiple layers of features from tiny images, University of Toronto",
    homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
    classes=CLASSES,
    shape=(SIDE, SIDE, COLOURS),
    train=50_000,
    test=10_000,
    forms=(Form((Source(
        "cifar-10-binary.tar.gz", ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",), size=170_052_171,
        sha256="c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),), read_binary),),
    folders=("cifar-10", "CIFAR10"),
    by_hand="the binary version, cifar-10-binary.tar.gz, of https://www.cs.toronto.edu/~kriz/cifar.html; the one for "
            "Python holds pickles",
)

CIFAR10_JPEG = replace(
    CIFAR10,
    name="cifar10_jpeg",
    title="CIFAR-10 as JPEG of quality 75, not the original pixels",
    forms=(Form((Source(
        "cifar10-jpeg.tar.gz", size=19_638_848,
        sha256="1f6eacae8cafbd2e54f53210888fddc9731f7d0142cbf118983cdad2f2c56bcd"),), read_jpeg),),
    folders=("cifar10",),
    by_hand="train/CLASS/NNNN.jpg and test/CLASS/NNNN.jpg in one archive",
)
