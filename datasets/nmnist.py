"""N-MNIST: MNIST as seen by an event camera that moves in front of it; here the part of 1,000 + 100 samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plasticity.datasets.archives import Archive, files_of
from plasticity.encoding.spikes import Spikes
from plasticity.errors import DataError, PlasticityError

SIDE, POLARITIES = 34, 2
DIGITS = tuple("0123456789")
#: list of samples -> part
LISTS = {"train1K.txt": "train", "test100.txt": "test"}

NMNIST_SMALL = Archive(
    name="nmnist_small",
    title="N-MNIST, 1,000 training and 100 test recordings",
    filename="nmnist-small.tar.gz",
    unpacked="NMNISTsmall",
    endings=(".bs2", ".txt"),
    members=1102,
    content="60afeb2bc22514efdb84dd8a1f469f1059c621f06a1361765dc477b55bc21208",
    licence="CC BY-SA 4.0",
    citation="Orchard, Jayawant, Cohen & Thakor 2015, Frontiers in Neuroscience 9:437; this part: Shrestha & Orchard "
             "2018, NeurIPS (SLAYER)",
    homepage="https://www.garrickorchard.com/datasets/n-mnist",
    classes=DIGITS,
    folders=("nmnist",),
)


@dataclass(frozen=True)
class Events:
    """One recording: times in microseconds (rising), x, y and polarity (1: brighter) of its events, int64."""

    time: np.ndarray
    x: np.ndarray
    y: np.ndarray
    polarity: np.ndarray


@dataclass(frozen=True)
class Recordings:
    """Events of each sample, and its digit, int64."""

    train_x: tuple[Events, ...]
    train_y: np.ndarray
    test_x: tuple[Events, ...]
    test_y: np.ndarray


def load_nmnist_small() -> Recordings:
    """The recordings, from $PLASTICITY_DATA or the cache, in the order of their lists.

    Raises DataError when files are missing, altered, or not what they should be.
    """
    return recordings(files_of(NMNIST_SMALL))


def recordings(files: Mapping[str, bytes]) -> Recordings:
    """From name -> content."""
    parts = {}
    for name, part in LISTS.items():
        listed = [line.split() for line in files.get(name, b"").decode("ascii", "replace").splitlines()
                  if line.strip() and not line.startswith("#")]
        if not listed or not all(len(row) == 2 and row[0].isdigit() and row[1] in DIGITS for row in listed):
            raise DataError(f"{name} of N-MNIST must list a number and a digit per line")
        missing = [row[0] for row in listed if f"{row[0]}.bs2" not in files]
        if missing:
            raise DataError(f"{name} lists recording {missing[0]}, but there is no {missing[0]}.bs2")
        parts[f"{part}_x"] = tuple(events_of(f"{row[0]}.bs2", files[f"{row[0]}.bs2"]) for row in listed)
        parts[f"{part}_y"] = np.array([int(row[1]) for row in listed], np.int64)
    return Recordings(**parts)


def events_of(name: str, content: bytes) -> Events:
    """Five bytes per event: x, y, then one bit of polarity and 23 bits of time in microseconds, highest first."""
    if not content or len(content) % 5:
        raise DataError(f"{name} has {len(content)} bytes, not 5 per event; it is truncated")
    raw = np.frombuffer(content, np.uint8).reshape(-1, 5).astype(np.int64)
    x, y = raw[:, 0], raw[:, 1]
    if max(x.max(), y.max()) >= SIDE:
        raise DataError(f"{name} holds events outside of {SIDE}x{SIDE} pixels")
    time = ((raw[:, 2] & 127) << 16) | (raw[:, 3] << 8) | raw[:, 4]
    order = np.argsort(time, kind="stable")
    return Events(time[order], x[order], y[order], (raw[:, 2] >> 7)[order])


def as_spikes(samples: Sequence[Events], dt: float = 1e-3, steps: int = 300) -> Spikes:
    """Events as spikes of 34 * 34 * 2 neurons, numbered (y * 34 + x) * 2 + polarity.

    Several events of one neuron in a step are one spike; events after the last step are left out.
    """
    if not dt > 0 or not steps >= 1:
        raise PlasticityError(f"dt must be positive and steps at least 1, got {dt!r} and {steps!r}")
    n, parts, ends = SIDE * SIDE * POLARITIES, [], [np.zeros(1, np.int64)]
    for sample in samples:
        step = (sample.time * 1e-6 / dt + 1e-9).astype(np.int64)
        neuron = (sample.y * SIDE + sample.x) * POLARITIES + sample.polarity
        both = np.unique((step * n + neuron)[step < steps])
        parts.append(both % n)
        ends.append(np.bincount(both // n, minlength=steps))
    total = np.cumsum(np.concatenate(ends)).astype(np.int64)
    ptr = total[np.arange(len(parts))[:, None] * steps + np.arange(steps + 1)]
    index = np.concatenate(parts).astype(np.int32) if parts else np.zeros(0, np.int32)
    return Spikes(ptr, index, n)
