"""Tasks by name: images, sequences, and tasks in time that seeded functions make."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from plasticity._utils.catalogue import called
from plasticity.datasets import sequences
from plasticity.datasets.description import Dataset
from plasticity.datasets.loading import catalogue as of_images
from plasticity.datasets.loading import load
from plasticity.datasets.parted import catalogue as of_parts
from plasticity.datasets.parts import as_task
from plasticity.datasets.sequenced import catalogue as of_sequences
from plasticity.datasets.sequenced import load_sequences
from plasticity.datasets.splits import Cut, cut
from plasticity.datasets.task import Task, flat

GENERATED: Mapping[str, Callable[..., sequences.Task]] = MappingProxyType({
    make.__name__: make for make in (sequences.pattern_generation, sequences.evidence_accumulation,
                                     sequences.store_recall)})
#: what data sets of events and sounds are called as tasks -> how they are presented in time
OTHER_NAMES: Mapping[str, str] = MappingProxyType({"nmnist": "nmnist_frames", "fsdd": "fsdd_spikes"})
#: between the seeds of the two parts of a task that is made
_APART = 2**32


def names() -> tuple[str, ...]:
    """Every name that `tasks.load` knows."""
    return tuple(sorted({*of_images, *of_sequences, *of_parts, *GENERATED, *OTHER_NAMES}))


def known(name: str) -> str | None:
    """A name as the catalogues write it ("fashion-mnist" is "fashion_mnist"); None for one that they do not have."""
    plain = name.strip().replace("-", "_")
    plain = OTHER_NAMES.get(plain, plain)
    return plain if plain in names() else None


def from_name(name: str, how: Cut, **options: object) -> Task:
    """The task of a name in a catalogue; options: as `load_sequences` or the function that makes it has them.

    Raises PlasticityError for options that it does not have, DataError for missing or altered files.
    """
    make = next(make for catalogue, make in _MAKERS if name in catalogue)
    return called("task", name, make, (name, how), options)


def _images(name: str, how: Cut) -> Task:
    return cut(flat(_task(load(name), of_images[name].classes, "images")), how, drawn_by_seed=False)


def _sequences(name: str, how: Cut, **options: object) -> Task:
    data = load_sequences(name, **options)
    return cut(_task(data, tuple(map(str, range(data.n_classes))), "sequences"), how, drawn_by_seed=False)


def _parted(name: str, how: Cut, **options: object) -> Task:
    return as_task(name, called("task", name, of_parts[name].make, (), options), how)


def _task(data: Dataset, classes: tuple[str, ...], form: str) -> Task:
    return Task(data.name, data.train_x, data.train_y, data.test_x, data.test_y, data.train_x.shape[1:], classes,
                form=form)


def _generated(name: str, how: Cut, **options: object) -> Task:
    """Both parts are made by the function, with seeds of their own; a pattern that is frozen is asked for again."""
    make = GENERATED[name]
    train = make(seed=how.seed, **options)
    frozen = "samples" not in inspect.signature(make).parameters
    test = train if frozen else make(seed=how.seed + _APART, **options)
    labels = train.targets.ndim == 2
    classes = tuple(map(str, range(int(train.targets.max()) + 1))) if labels else ()
    task = Task(name, train.spikes, _targets(train), test.spikes, _targets(test), train.spikes.shape[1:], classes,
                form="sequences", targets="labels per step" if labels else "vectors per step",
                train_weight=train.counts.astype(np.float32), test_weight=test.counts.astype(np.float32))
    return cut(task, how, drawn_by_seed=False)


def _targets(made: sequences.Task) -> np.ndarray:
    return made.targets if made.targets.ndim == 2 else made.targets.astype(np.float32)


_MAKERS: tuple[tuple[Mapping, Callable[..., Task]], ...] = (
    (of_images, _images), (of_sequences, _sequences), (of_parts, _parted), (GENERATED, _generated))
