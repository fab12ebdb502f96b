"""Samples as people have them: checked, and scaled to [0, 1] where a rule needs intensities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_array

from plasticity._utils.arrays import as_array, require_unmasked
from plasticity.errors import PlasticityError, shortened


def as_samples(X, estimator: str) -> np.ndarray:
    """X as finite numbers [samples, ...], float32 unless they are float64 already.

    Raises PlasticityError for what is none: texts, missing or masked values, sparse matrices, single samples.
    """
    require_unmasked("X", X)
    try:
        x = check_array(X, dtype=None, allow_nd=True, estimator=estimator, input_name="X", ensure_min_samples=1)
        objects, x = x.dtype.kind == "O", x.astype(np.float64) if x.dtype.kind == "O" else as_array("X", x)
    except OverflowError:
        raise PlasticityError("X holds a number that is too large to be a float") from None
    except ValueError as error:  # scikit-learn wants objects that are no numbers to end in a TypeError
        raise PlasticityError(shortened(" ".join(str(error).split()), 300)) from None
    if objects and not np.isfinite(x).all():  # all others were looked at
        raise PlasticityError("X holds NaN, None or infinity")
    double = x.dtype.kind == "f" and x.dtype.itemsize >= 8
    return np.ascontiguousarray(x, np.float64 if double else np.float32)


@dataclass(frozen=True)
class Scaling:
    """How samples come into [0, 1]: (x - low) / (high - low), clipped. low, high: numbers, or one per feature."""

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, x: np.ndarray, integers: bool) -> Scaling | None:
        """What training samples ask for: nothing if they lie in [0, 1]; 0 to 255 for whole numbers up to there, as in
        pictures; else each feature's own range."""
        lowest, highest = x.min(), x.max()
        if lowest >= 0 and highest <= 1:
            return None
        if integers and lowest >= 0 and highest <= 255:
            return cls(np.float64(0), np.float64(255))
        axes = tuple(range(x.ndim - 1))
        return cls(x.min(axes).astype(np.float64), x.max(axes).astype(np.float64))

    def __call__(self, x: np.ndarray) -> np.ndarray:
        wide = self.high - self.low
        return np.clip((x - self.low) / np.where(wide > 0, wide, 1.0), 0.0, 1.0)


def require_unit(x: np.ndarray) -> None:
    """Raises PlasticityError unless all values lie in [0, 1]."""
    lowest, highest = x.min(), x.max()
    if lowest < 0 or highest > 1:
        raise PlasticityError(f"X must hold intensities in [0, 1], got {lowest:g} to {highest:g}; scale it")


def flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def of_steps(x: np.ndarray) -> np.ndarray:
    """Sequences; [samples, steps] are those of one number per step."""
    return sequences(x[..., None] if x.ndim == 2 else x)


def sequences(x: np.ndarray) -> np.ndarray:
    """Raises PlasticityError unless x is [samples, steps, inputs]."""
    if x.ndim != 3:
        raise PlasticityError(f"X must hold sequences, [samples, steps, inputs], got shape {x.shape}")
    return x
