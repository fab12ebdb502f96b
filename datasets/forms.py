"""What the samples x of a person's data are - images, a table, sequences - and their values, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from plasticity.errors import DataError, choice

#: form -> its shapes
SHAPES: Mapping[str, str] = MappingProxyType({
    "images": "[samples, height, width] or [samples, height, width, colours]", "table": "[samples, features]",
    "sequences": "[samples, steps, inputs]"})
_DIMENSIONS = {"images": (3, 4), "table": (2,), "sequences": (3,)}
_COLOURS = (1, 3)
_BYTE = 255


def form_of(x: np.ndarray, per_step: bool, where: str, form: str | None = None) -> str:
    """The form of samples.

    form: what it is said to be; None: two dimensions are a table, three are sequences where anything is told per step,
    else images.

    Raises DataError where the shape is none of that form, and for bool in three dimensions, which may be either.
    """
    if form is None and x.ndim == 3 and x.dtype.kind == "b" and not per_step:
        raise DataError(f"{where}: x is bool {x.shape}, which may be spikes or black and white images; say "
                        'form="sequences" or form="images"')
    if form is None:
        form = "table" if x.ndim == 2 else "sequences" if x.ndim == 3 and per_step else "images"
    choice(f"form of {where}", form, SHAPES)
    if x.ndim not in _DIMENSIONS[form] or (x.ndim == 4 and x.shape[-1] not in _COLOURS):
        raise DataError(f"{where}: x has shape {x.shape}; {form} have {SHAPES[form]} (colours: 1 or 3): reshape x, "
                        "or say what it is with form=")
    return form


def values_of(x: np.ndarray, form: str, where: str, argument: str = "x", bounded: bool = True,
              whole_bytes: bool = False) -> np.ndarray:
    """Samples as numbers: images float32 in [0, 1], tables float32, sequences float32 or bool (spikes).

    bounded: images outside of [0, 1] are refused. whole_bytes: whole numbers of images are known to be 0..255; without
    it those that hold nothing above 1 are refused, since they may be 0 and 1 instead.
    Raises DataError for what is empty, not numbers, or not finite.
    """
    if x.dtype.kind not in "buif":
        raise DataError(f"{where}: {argument} must hold numbers, got {x.dtype}; convert it, or pad sequences of "
                        "unequal length and give weight")
    if not x.size:
        raise DataError(f"{where}: {argument} has shape {x.shape} and holds nothing; leave it out or fill it")
    grey = x[..., 0] if x.ndim == 4 and x.shape[-1] == 1 else x
    return _VALUES[form](grey, f"{where}: {argument}", bounded, whole_bytes)


def finite(x: np.ndarray, what: str) -> np.ndarray:
    """float32. Raises DataError for NaN, infinity, and numbers beyond float32."""
    with np.errstate(over="ignore"):
        numbers = x.astype(np.float32, copy=False)
    if not np.isfinite(np.array([numbers.min(), numbers.max()])).all():
        raise DataError(f"{what} holds NaN, infinity or numbers beyond float32; remove or replace them")
    return numbers


def _intensities(x: np.ndarray, what: str, bounded: bool, whole_bytes: bool) -> np.ndarray:
    numbers = finite(x, what)
    low, high = numbers.min(), numbers.max()
    if not bounded:
        return numbers
    if x.dtype.kind in "ui" and low >= 0 and high <= _BYTE:
        if high == 1 and not whole_bytes:
            raise DataError(f"{what} holds whole numbers 0 and 1, and images of whole numbers go from 0 to 255; save "
                            "intensities as floats")
        return numbers / np.float32(_BYTE)
    if low < 0 or high > 1:
        raise DataError(f"{what} goes from {low:g} to {high:g} ({x.dtype}); images lie in [0, 1], or 0..255 as whole "
                        'numbers: scale them, give scale="unit", or say form="sequences" if that is what they are')
    return numbers


def _numbers(x: np.ndarray, what: str, bounded: bool, whole_bytes: bool) -> np.ndarray:
    return finite(x, what)


def _signals(x: np.ndarray, what: str, bounded: bool, whole_bytes: bool) -> np.ndarray:
    return x if x.dtype.kind == "b" else finite(x, what)


_VALUES: Mapping[str, Callable[[np.ndarray, str, bool, bool], np.ndarray]] = MappingProxyType({
    "images": _intensities, "table": _numbers, "sequences": _signals})
