"""Which samples are learned from and which are held out: the last ones, the first so many, or some drawn by a seed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from plasticity.datasets.task import Task
from plasticity.errors import DataError, PlasticityError

HELD_OUT = 10_000  # training samples that validation holds out at most,
SHARE = 6  # or one of so many
_ARRAYS = ("x", "y", "weight")


@dataclass(frozen=True)
class Cut:
    """How much of a task is used, and how: the arguments of `tasks.load`."""

    train_samples: int | None = None
    test_samples: int | None = None
    validation: bool = False
    seed: int = 0

    @property
    def options(self) -> dict[str, object]:
        """Those that are not as they are unless told otherwise."""
        plain = Cut()
        return {name: value for name, value in vars(self).items() if value != getattr(plain, name)}


def cut(task: Task, how: Cut, drawn_by_seed: bool) -> Task:
    """The part of a task that is asked for: first validation, then the first samples of each part.

    drawn_by_seed: what validation holds out is drawn, classes in proportion; else it is the last training samples.
    Raises PlasticityError for more samples than there are.
    """
    if how.validation:
        task = _validation(task, how.seed if drawn_by_seed else None)
    _within("train_samples", how.train_samples, len(task.train_x), task.name)
    _within("test_samples", how.test_samples, len(task.test_x), task.name)
    return with_parts(task, rows(task, "train", slice(how.train_samples)), rows(task, "test", slice(how.test_samples)))


def draw(n: int, share: float, seed: int, labels: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Indices of what is learned from and what is held out, both in random order.

    share: of each class that is held out: one sample or more, but never all. labels: [n]; None: of all samples alike.
    """
    generator = np.random.default_rng(seed)
    test = np.zeros(n, bool)
    for label in [None] if labels is None else np.unique(labels):
        members = np.arange(n) if label is None else np.flatnonzero(labels == label)
        most = min(max(1, round(share * len(members))), len(members) - 1)
        test[generator.permutation(members)[:most]] = True
    return generator.permutation(np.flatnonzero(~test)), generator.permutation(np.flatnonzero(test))


def hold_out(task: Task, share: float, seed: int, where: str) -> Task:
    """A task whose test part is drawn from its training part. Raises DataError where a class has a single sample."""
    if not 0 < share < 1:
        raise PlasticityError(f"test must be the share of the samples that is held out, between 0 and 1, got {share!r}")
    labels = _labels(task)
    counts = np.array([len(task.train_x)]) if labels is None else np.bincount(labels)
    if counts.min() < 2:
        which = "there" if labels is None else f"of class {task.classes[counts.argmin()]!r} there"
        raise DataError(f"{where}: {which} is a single sample, so none can be held out; add samples, or give x_test "
                        "and y_test (real numbers are floats [samples, outputs], not labels)")
    learned, held = draw(len(task.train_x), share, seed, labels)
    return with_parts(task, rows(task, "train", learned), rows(task, "train", held))


def shuffled(task: Task, seed: int) -> Task:
    """Both parts in an order drawn by the seed."""
    generator = np.random.default_rng(seed)
    train, test = generator.permutation(len(task.train_x)), generator.permutation(len(task.test_x))
    return with_parts(task, rows(task, "train", train), rows(task, "test", test))


def rows(task: Task, part: str, chosen: np.ndarray | slice) -> dict[str, np.ndarray | None]:
    """x, y and weight of chosen samples of "train" or "test"."""
    arrays = {name: getattr(task, f"{part}_{name}") for name in _ARRAYS}
    return {name: None if array is None else array[chosen] for name, array in arrays.items()}


def with_parts(task: Task, train: dict, test: dict, **changes) -> Task:
    """A task with other samples."""
    return replace(task, **{f"train_{name}": array for name, array in train.items()},
                   **{f"test_{name}": array for name, array in test.items()}, **changes)


def _validation(task: Task, seed: int | None) -> Task:
    """The last training samples as the test part, or some that a seed draws; the real test part is out of sight."""
    n = len(task.train_x)
    last = min(HELD_OUT, n // SHARE)
    if not last:
        raise PlasticityError(f"validation holds out one of {SHARE} training samples, and {task.name} has {n}")
    if seed is None:
        learned, held = slice(None, -last), slice(-last, None)
    else:
        learned, held = draw(n, last / n, seed, _labels(task))
    return with_parts(task, rows(task, "train", learned), rows(task, "train", held), held_out="validation")


def _labels(task: Task) -> np.ndarray | None:
    return task.train_y if task.targets == "labels" else None


def _within(argument: str, count: int | None, most: int, name: str) -> None:
    whole = isinstance(count, int | np.integer) and not isinstance(count, bool)
    if count is not None and not (whole and 1 <= count <= most):
        raise PlasticityError(f"{argument} must be between 1 and {most} for {name}, got {count!r}")
