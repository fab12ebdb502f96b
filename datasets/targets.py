"""What the targets y of a person's data are - labels or vectors, per sample or per step - and their values, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from plasticity.datasets.forms import finite
from plasticity.errors import DataError, choice

#: kind of targets -> what y holds
SHAPES: Mapping[str, str] = MappingProxyType({
    "labels": "whole numbers, bools or texts [samples]", "labels per step": "the same [samples, steps]",
    "vectors": "floats [samples, outputs]", "vectors per step": "numbers [samples, steps, outputs]"})
_LABELS = "buiUS"


@dataclass(frozen=True)
class Classes:
    """Labels in their order (numbers rise, texts go by the alphabet), and what errors call them."""

    labels: np.ndarray
    where: str

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(map(str, self.labels.tolist()))

    def index(self, y: np.ndarray, counted: np.ndarray | None, argument: str) -> np.ndarray:
        """int64: which class each label is; 0 where it does not count. Raises DataError for other labels."""
        position = np.searchsorted(self.labels, y).clip(max=len(self.labels) - 1)
        strange = self.labels[position] != y
        wrong = strange if counted is None else strange & counted
        if wrong.any():
            raise DataError(f"{self.where}: {argument} holds the label {y[wrong][0].item()!r}, which y does not hold; "
                            "what is never shown cannot be learned")
        return np.where(strange, 0, position).astype(np.int64)


@dataclass(frozen=True)
class Meaning:
    """kind: of targets, one of `SHAPES`. classes: of labels; None for vectors. where: what errors call the data."""

    kind: str
    classes: Classes | None
    where: str

    @property
    def names(self) -> tuple[str, ...]:
        return () if self.classes is None else self.classes.names

    def read(self, y: np.ndarray, weight: np.ndarray | None, argument: str) -> np.ndarray:
        """Labels as indices into the classes, int64; vectors as float32; 0 in steps that do not count.

        Raises DataError for labels that are no class, and for NaN and infinity.
        """
        counted = _counted(self.kind, weight)
        if self.classes is not None:
            return self.classes.index(y, counted, argument)
        y = y[..., None] if self.kind == "vectors per step" and y.ndim == 2 else y
        return finite(y if counted is None else np.where(counted[..., None], y, 0), f"{self.where}: {argument}")


def targets_of(y: np.ndarray, steps: int | None, where: str, targets: str | None = None) -> str:
    """The kind of targets. steps: of the samples where they are sequences. targets: what y is said to be.

    Raises DataError for shapes and types that are none, and where y may be either of two and nothing is said.
    """
    kinds = _kinds(y, steps)
    if not kinds:
        raise DataError(f"{where}: y has shape {y.shape} and type {y.dtype}, which is neither of: "
                        f"{'; '.join(f'{kind}: {shape}' for kind, shape in SHAPES.items())}; for labels of one hot "
                        "vectors give y.argmax(1), for real numbers floats with one column or more")
    if targets is None and len(kinds) > 1:
        raise DataError(f"{where}: y has shape {y.shape}, which may be {' or '.join(kinds)}; say targets={kinds[0]!r} "
                        f"or targets={kinds[1]!r}")
    if targets is not None and choice(f"targets of {where}", targets, SHAPES) not in kinds:
        raise DataError(f"{where}: y with shape {y.shape} and type {y.dtype} is {kinds[0]}, not {targets}; these are "
                        f"{SHAPES[targets]}")
    return targets or kinds[0]


def _kinds(y: np.ndarray, steps: int | None) -> tuple[str, ...]:
    """What y can be."""
    label, number, in_time = y.dtype.kind in _LABELS, y.dtype.kind in "buif", y.ndim > 1 and y.shape[1] == steps
    if y.ndim == 1:
        return ("labels",) * label
    if y.ndim == 2:
        return ("labels per step",) * (label and in_time) or ("vectors", "vectors per step")[:1 + in_time] * (not label)
    return ("vectors per step",) * (y.ndim == 3 and in_time and number)


def readable(y: np.ndarray, steps: int | None, where: str, argument: str = "y") -> np.ndarray:
    """Targets with texts as texts, and a single column of labels as labels. Raises DataError for other objects."""
    if not y.size:
        raise DataError(f"{where}: {argument} has shape {y.shape} and holds nothing; leave it out or fill it")
    if y.dtype.kind == "O" and all(isinstance(each, str) for each in y.flat):
        y = y.astype(str)
    if y.dtype.kind == "S":
        try:
            y = np.char.decode(y, "utf-8")
        except UnicodeDecodeError:
            raise DataError(f"{where}: {argument} holds bytes that are no text; save labels as texts") from None
    if y.dtype.kind not in "buifU":
        raise DataError(f"{where}: {argument} must hold numbers or texts, got {y.dtype}; save texts as y.astype(str)")
    single = y.ndim == 2 and y.shape[1] == 1 and steps != 1 and y.dtype.kind in _LABELS
    return y[:, 0] if single else y


def meaning_of(y: np.ndarray, weight: np.ndarray | None, steps: int | None, where: str,
               targets: str | None = None) -> Meaning:
    """What targets mean, learned from those of the training part. Arguments as `targets_of` has them.

    Raises DataError for what `targets_of` refuses, and for fewer than two classes.
    """
    kind = targets_of(y, steps, where, targets)
    return Meaning(kind, _classes(y, _counted(kind, weight), where) if kind.startswith("labels") else None, where)


def _classes(y: np.ndarray, counted: np.ndarray | None, where: str) -> Classes:
    labels = np.unique(y if counted is None else y[counted])
    if len(labels) < 2:
        raise DataError(f"{where}: y holds the one label {labels[0].item()!r}; there is nothing to tell apart, so add "
                        "samples of another class")
    return Classes(labels, where)


def _counted(kind: str, weight: np.ndarray | None) -> np.ndarray | None:
    """Steps whose targets are looked at: what stands in the others is padding. None: all."""
    return None if weight is None or not kind.endswith("per step") else weight > 0


def weight_of(weight: np.ndarray | None, x: np.ndarray, form: str, where: str, argument: str) -> np.ndarray | None:
    """float32 [samples, steps]. Raises DataError for other shapes, negative weights, and where none is above 0."""
    if weight is None:
        return None
    if form != "sequences" or weight.shape != x.shape[:2] or weight.dtype.kind not in "buif":
        raise DataError(f"{where}: {argument} must hold numbers [samples, steps] of sequences, here {x.shape[:2]}; got "
                        f"{weight.dtype} {weight.shape} for {form}")
    numbers = finite(weight, f"{where}: {argument}")
    if numbers.min() < 0 or not numbers.any():
        raise DataError(f"{where}: {argument} must not be negative, and above 0 somewhere; correct it")
    return numbers
