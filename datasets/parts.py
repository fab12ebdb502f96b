"""Data sets that are published in three parts: to learn from, to choose by, and to test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from plasticity.datasets.archives import Archive
from plasticity.datasets.description import SingleFile
from plasticity.datasets.speech_commands import SpeechCommands
from plasticity.datasets.splits import Cut, cut
from plasticity.datasets.task import Task


@dataclass(frozen=True)
class Part:
    """Sequences x [samples, steps, inputs], targets y and weight [samples, steps] as `Task` has them. Parts need not
    have the same number of steps."""

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None


@dataclass(frozen=True)
class Parts:
    """The official parts. part("train"), "validation" or "test": one of them. targets: as `Task` has them; classes:
    their names, () where targets are vectors."""

    part: Callable[[str], Part]
    targets: str
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parted:
    """A task of such a data set. make: its options are keyword arguments with defaults. about: whose data."""

    name: str
    title: str
    about: SingleFile | Archive | SpeechCommands
    make: Callable[..., Parts]


def as_task(name: str, parts: Parts, how: Cut) -> Task:
    """The training part to learn from; held out is the official validation part where validation is asked for, else the
    test part. The one that is not held out is left alone: nothing is ever learned from it."""
    held_out = "validation" if how.validation else "test"
    train, held = parts.part("train"), parts.part(held_out)
    task = Task(name, train.x, train.y, held.x, held.y, train.x.shape[1:], parts.classes, held_out, "sequences",
                parts.targets, train.weight, held.weight)
    return cut(task, replace(how, validation=False), drawn_by_seed=False)
