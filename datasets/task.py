"""What a task is: arrays to learn from and arrays held out; its fingerprint; and how it is written into a file."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from plasticity.errors import DataError

#: the arrays of a task, in the order in which they enter its fingerprint
ARRAYS = ("train_x", "train_y", "train_weight", "test_x", "test_y", "test_weight")


@dataclass(frozen=True)
class Task:
    """A data set, split into what is learned from and what is held out.

    name: of the data. train_x, test_x: images [samples, pixels] in [0, 1], a table [samples, features], or sequences
    [samples, steps, inputs]. train_y, test_y: indices into `classes`, int64 [samples] or [samples, steps], or float32
    vectors [samples, outputs] or [samples, steps, outputs]. image_shape: of one sample before it was flattened:
    (height, width), (height, width, 3), (features,) or (steps, inputs). classes: their names; () where targets are
    vectors. held_out: "test", or "validation" when the held-out samples were taken from the training part. form:
    "images", "table" or "sequences". targets: "labels", "labels per step", "vectors" or "vectors per step".
    train_weight, test_weight: how much each step counts, float32 [samples, steps]; None: all alike. source, options:
    what `tasks.load` was asked for, so that it can be asked again; None for data that only exist in Python. bounds:
    least and greatest value that scale="unit" learned on the training part, of all pixels together, of each feature,
    or of each input.
    """

    name: str
    train_x: np.ndarray
    train_y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray
    image_shape: tuple[int, ...]
    classes: tuple[str, ...]
    held_out: str = "test"
    form: str = "images"
    targets: str = "labels"
    train_weight: np.ndarray | None = None
    test_weight: np.ndarray | None = None
    source: str | None = None
    options: Mapping[str, object] = field(default_factory=dict)
    bounds: tuple[np.ndarray, np.ndarray] | None = None

    @property
    def outputs(self) -> int:
        """How many values an answer has: one per class, or the length of a target vector."""
        return len(self.classes) if self.targets.startswith("labels") else int(self.train_y.shape[-1])


def flat(task: Task) -> Task:
    """Images as [samples, pixels]; `image_shape` keeps their shape."""
    parts = {name: getattr(task, name) for name in ("train_x", "test_x")}
    return replace(task, **{name: x.reshape(len(x), math.prod(x.shape[1:])) for name, x in parts.items()})


def fingerprint(task: Task) -> str:
    """sha256 (64 hex digits) over all arrays of a task, their types and shapes, and what they mean."""
    shape = tuple(map(int, task.image_shape))
    digest = hashlib.sha256(repr((task.form, task.targets, shape, tuple(task.classes))).encode())
    for name in ARRAYS:
        array = getattr(task, name)
        if array is not None:
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array))
    return digest.hexdigest()


def describe(task: Task) -> dict[str, object]:
    """A task as plain values for a JSON file; `tasks.load` reads it again, and `verify` compares data with it."""
    return {"name": task.name, "source": task.source, "options": {name: _listed(value) for name, value in
                                                                 task.options.items()},
            "sha256": fingerprint(task), "form": task.form, "targets": task.targets, "held_out": task.held_out,
            "image_shape": [int(size) for size in task.image_shape], "classes": list(task.classes),
            "outputs": task.outputs, "train_samples": len(task.train_x), "test_samples": len(task.test_x),
            "bounds": None if task.bounds is None else [bound.tolist() for bound in task.bounds]}


def verify(task: Task, description: Mapping[str, object]) -> Task:
    """The task, if its data are those described. Raises DataError where they changed since."""
    if fingerprint(task) != description.get("sha256"):
        told = ("form", "targets", "held_out", "train_samples", "test_samples", "classes", "image_shape")
        now = describe(task)
        changed = [f"{name} was {description.get(name)!r}, is {now[name]!r}" for name in told
                   if description.get(name) != now[name]]
        raise DataError(f"the data of task {task.name!r} changed since they were described "
                        f"({'; '.join(changed) or 'other values in arrays of the same shape'}); put back the data of "
                        "then, or learn anew")
    return task


def _listed(value: object) -> object:
    return [_listed(item) for item in value] if isinstance(value, tuple | list) else value
