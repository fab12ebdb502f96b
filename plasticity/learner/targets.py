"""What samples are learned towards: labels or values, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity.errors import PlasticityError, RefusedError


@dataclass(frozen=True)
class Targets:
    """values: labels from 0 on, [samples] or [samples, steps]; or numbers [samples, n] or [samples, steps, n].
    weight: how much each sample counts, [samples], or each of its steps, [samples, steps]; None: all alike."""

    values: np.ndarray
    weight: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, samples) -> Targets:
        return Targets(self.values[samples], None if self.weight is None else self.weight[samples])

    @property
    def by_step(self) -> bool:
        """Whether steps have targets of their own: labels [samples, steps], or numbers [samples, steps, n]."""
        return self.values.ndim == 3 or (self.values.ndim == 2 and self.values.dtype.kind in "iu")

    @property
    def in_time(self) -> bool:
        """Whether steps are told apart, by targets or by weights of their own."""
        return self.by_step or (self.weight is not None and self.weight.ndim == 2)

    @property
    def of_samples(self) -> np.ndarray | None:
        """How much each sample counts as a whole, [samples]: as its heaviest step; None: all alike."""
        return self.weight if self.weight is None or self.weight.ndim == 1 else self.weight.max(1)

    @property
    def labels(self) -> np.ndarray:
        """The labels of samples; for rules and readouts that know nothing else."""
        return self.values


def require_whole_samples(targets: Targets, rule: str) -> None:
    """Raises RefusedError for weights by step, where a rule has one target per sample."""
    if targets.weight is not None and targets.weight.ndim == 2:
        raise RefusedError(f"{rule} knows no steps that could count differently; sample_weight must have shape "
                           f"[samples], got {targets.weight.shape}")


def sample_weights(weight, targets: np.ndarray, class_weight=None, names=None) -> np.ndarray | None:
    """Weights of samples times those of their classes; None where all are alike.

    weight: [samples] or [samples, steps], not negative. class_weight: None, "balanced" (n / (classes * n of the class),
    as scikit-learn), or {class: weight}. names: the classes, in the order of their numbers.

    Raises PlasticityError for other shapes, negative or not finite numbers, and weights that are all 0; class_weight
    itself was looked at when the learner was made (`arguments`).
    """
    found = None if weight is None else _checked(weight, targets)
    if class_weight is None:
        return found
    by_class = _by_class(class_weight, targets, names)[targets]
    if found is None:
        return by_class
    return found * (by_class if found.ndim == by_class.ndim else by_class[:, None])


def _checked(weight, targets: np.ndarray) -> np.ndarray | None:
    array = as_array("sample_weight", weight).astype(np.float64)
    if array.ndim == 0:
        array = np.full(len(targets), float(array))
    if array.ndim not in (1, 2) or len(array) != len(targets):
        raise PlasticityError(f"sample_weight must have shape [samples] or [samples, steps] with {len(targets)} "
                              f"samples, got {array.shape}")
    if not (array >= 0).all() or not np.isfinite(array.sum()):
        raise PlasticityError("sample_weight must be finite numbers that are not negative, with a finite sum")
    if not array.any():
        raise PlasticityError("sample_weight is zero for all samples, so there is nothing to learn from")
    return None if array.ndim == 1 and (array == 1).all() else array


def _by_class(class_weight, labels: np.ndarray, names) -> np.ndarray:
    if labels.dtype.kind not in "iu":
        raise PlasticityError("class_weight weighs classes; these targets are values, so use sample_weight")
    n = len(names)
    if isinstance(class_weight, str):
        return labels.size / (n * np.maximum(np.bincount(labels.ravel(), minlength=n), 1))
    strange = [name for name in class_weight if name not in names]
    if strange:
        raise PlasticityError(f"class_weight names {strange[0]!r}, which is not one of the classes {names.tolist()}")
    return np.array([float(class_weight.get(name, 1.0)) for name in names.tolist()])
