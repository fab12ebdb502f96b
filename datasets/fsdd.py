"""Free Spoken Digit Dataset: 3,000 recordings of the digits 0 to 9 by six speakers, 8 kHz."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plasticity.datasets.archives import Archive, files_of
from plasticity.datasets.waves import wave_of
from plasticity.errors import DataError

RATE = 8000  # Hz
#: recordings of each digit and speaker with a number below this are the test part
HELD_OUT = 5
_NAME = re.compile(r"(\d)_([a-z]+)_(\d+)\.wav", re.ASCII)

FSDD = Archive(
    name="fsdd",
    title="Free Spoken Digit Dataset",
    filename="fsdd-recordings.tar.gz",
    unpacked="recordings",
    endings=(".wav",),
    members=3000,
    content="dbd573d7cafe79c4b49f65718115e1304e24e067fa39eff18a660dc6cb9c360f",
    licence="CC BY-SA 4.0",
    citation="Jackson et al. 2018, Jakobovski/free-spoken-digit-dataset, doi:10.5281/zenodo.1342401",
    homepage="https://github.com/Jakobovski/free-spoken-digit-dataset",
    classes=tuple("0123456789"),
    folders=("free-spoken-digit-dataset",),
)


@dataclass(frozen=True)
class Sounds:
    """Recordings: float32 arrays of their own lengths, within -1 and 1; digits, int64; speakers by name; rate in Hz."""

    train_x: tuple[np.ndarray, ...]
    train_y: np.ndarray
    train_speakers: tuple[str, ...]
    test_x: tuple[np.ndarray, ...]
    test_y: np.ndarray
    test_speakers: tuple[str, ...]
    rate: int = RATE


def load_fsdd() -> Sounds:
    """The recordings, from $PLASTICITY_DATA or the cache. Numbers 0 to 4 of each digit and speaker are the test part.

    Raises DataError when files are missing, altered, or not what they should be.
    """
    return sounds(files_of(FSDD))


def sounds(files: Mapping[str, bytes]) -> Sounds:
    """From name -> content, sorted by digit, speaker and number."""
    parts: dict[bool, list[tuple[int, str, int, np.ndarray]]] = {False: [], True: []}
    for name, content in files.items():
        digit, speaker, number = _parsed(name)
        parts[number < HELD_OUT].append((digit, speaker, number, wave_of(name, content, RATE)))
    columns = []
    for test in (False, True):
        rows = sorted(parts[test], key=lambda row: row[:3])
        columns += [tuple(row[3] for row in rows), np.array([row[0] for row in rows], np.int64),
                    tuple(row[1] for row in rows)]
    return Sounds(*columns)


def _parsed(name: str) -> tuple[int, str, int]:
    found = _NAME.fullmatch(name)
    if not found:
        raise DataError(f"{name!r} is not a recording of fsdd: names are DIGIT_SPEAKER_NUMBER.wav")
    return int(found[1]), found[2], int(found[3])


def turns(digits: np.ndarray, speakers: Sequence[str]) -> np.ndarray:
    """How many recordings of the same digit and speaker come before each: sorted by it, all of them take turns."""
    seen: Counter = Counter()
    found = np.empty(len(digits), np.int64)
    for k, who in enumerate(zip(digits.tolist(), speakers, strict=True)):
        found[k] = seen[who]
        seen[who] += 1
    return found
