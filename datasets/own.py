"""A person's data as a task: arrays from Python, an .npz file, a folder of images by class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from plasticity.datasets.forms import form_of, values_of
from plasticity.datasets.image_folder import read_folder
from plasticity.datasets.npz import read_npz
from plasticity.datasets.raw import Raw
from plasticity.datasets.scaling import scaling_of
from plasticity.datasets.splits import Cut, cut, hold_out, shuffled
from plasticity.datasets.targets import Meaning, meaning_of, readable, weight_of
from plasticity.datasets.task import Task, flat
from plasticity.errors import DataError, PlasticityError

SHARE = 0.2  # of the samples that is held out where the data have no test part
ARRAYS = ("x", "y", "x_test", "y_test", "weight", "weight_test")
TEXTS = ("form", "targets")


def from_folder(path: Path, how: Cut, *, size: object = None, colour: bool | None = None, scale: str | None = None,
                test: float = SHARE, limit_mb: float | None = None) -> Task:
    """A folder of images by class; options as `read_folder` has them, and scale and test as `from_arrays`."""
    return _task(path.name, read_folder(path, size, colour, limit_mb), how, scale, test)


def from_npz(path: Path, how: Cut, *, form: str | None = None, targets: str | None = None, scale: str | None = None,
             test: float = SHARE, limit_mb: float | None = None) -> Task:
    """An .npz file with x and y, and x_test, y_test, weight, weight_test, form, targets where wished; options as
    `from_arrays` has them. limit_mb: see `plasticity.datasets.limits`."""
    arrays = read_npz(path, (*ARRAYS, *TEXTS), ("x", "y"), limit_mb=limit_mb)
    texts = {name: str(arrays.pop(name)) for name in TEXTS if name in arrays}
    raw = Raw(str(path), **arrays, **texts)
    return _task(path.stem, _said(raw, form, targets), how, scale, test)


def from_arrays(data: tuple, how: Cut, *, form: str | None = None, targets: str | None = None,
                scale: str | None = None, test: float = SHARE, weight: object = None,
                weight_test: object = None) -> Task:
    """(x, y) or (x, y, x_test, y_test) from Python.

    form, targets: what x and y are, where their shapes leave it open (see `Task`). scale: "unit" scales x to [0, 1] by
    the least and greatest value of the training part. test: share of the samples that is held out, drawn by the seed,
    where there is no test part. weight, weight_test: how much each step of a sequence counts, [samples, steps].
    """
    if len(data) not in (2, 4):
        raise PlasticityError(f"arrays of a task are (x, y) or (x, y, x_test, y_test), got {len(data)} of them")
    arrays = dict(zip(ARRAYS, (*data, *[None] * (4 - len(data)), weight, weight_test), strict=True))
    raw = Raw("the arrays", **{name: None if each is None else _array(each, name) for name, each in arrays.items()})
    return _task("arrays", _said(raw, form, targets), how, scale, test)


def _said(raw: Raw, form: str | None, targets: str | None) -> Raw:
    """What the call says of the data goes before what they say themselves."""
    return replace(raw, form=form or raw.form, targets=targets or raw.targets)


def _array(values: object, argument: str) -> np.ndarray:
    try:
        return np.asarray(values)
    except (ValueError, TypeError, RuntimeError) as error:
        raise DataError(f"{argument} is no array ({error}); pad sequences of unequal length and give weight") from None


def _task(name: str, raw: Raw, how: Cut, scale: str | None, share: float) -> Task:
    scaled = scaling_of(scale)
    whole = checked(name, raw, bounded=scale is None)
    if raw.x_test is None:
        whole = hold_out(whole, share, how.seed, raw.where)
    elif not raw.ordered:
        whole = shuffled(whole, how.seed)
    return scaled(cut(whole, how, drawn_by_seed=True))


def checked(name: str, raw: Raw, bounded: bool = True) -> Task:
    """Data in the form in which everything else expects them; the test part is empty where they have none.

    bounded: images outside of [0, 1] are refused. Raises DataError, naming where the data come from and what to do,
    for whatever does not fit.
    """
    _require_pairs(raw)
    form = form_of(raw.x, _told_per_step(raw), raw.where, raw.form)
    x = values_of(raw.x, form, raw.where, "x", bounded)
    steps = x.shape[1] if form == "sequences" else None
    y, weight = readable(raw.y, steps, raw.where), weight_of(raw.weight, x, form, raw.where, "weight")
    meaning = meaning_of(y, weight, steps, raw.where, raw.targets)
    train = {"x": x, "y": meaning.read(y, weight, "y"), "weight": weight}
    test = _nothing(train) if raw.x_test is None else _test(raw, form, x, y, meaning, bounded)
    task = Task(name, train["x"], train["y"], test["x"], test["y"], x.shape[1:], meaning.names, form=form,
                targets=meaning.kind, train_weight=train["weight"], test_weight=test["weight"])
    return flat(task) if form == "images" else task


def _test(raw: Raw, form: str, x: np.ndarray, y: np.ndarray, meaning: Meaning,
          bounded: bool) -> dict[str, np.ndarray | None]:
    x_test = values_of(raw.x_test, form, raw.where, "x_test", bounded, whole_bytes=True)
    _require_alike(raw.where, "x", x, x_test)
    y_test = readable(raw.y_test, x.shape[1] if form == "sequences" else None, raw.where, "y_test")
    _require_alike(raw.where, "y", y, y_test)
    if (y.dtype.kind == "U") != (y_test.dtype.kind == "U"):
        raise DataError(f"{raw.where}: y_test holds {y_test.dtype} and y {y.dtype}; give both as numbers or both as "
                        "texts")
    weight = weight_of(raw.weight_test, x_test, form, raw.where, "weight_test")
    return {"x": x_test, "y": meaning.read(y_test, weight, "y_test"), "weight": weight}


def _nothing(part: dict[str, np.ndarray | None]) -> dict[str, np.ndarray | None]:
    return {name: None if array is None else array[:0] for name, array in part.items()}


def _told_per_step(raw: Raw) -> bool:
    """Whether anything about the samples is told per step, so that they must be sequences."""
    said = str(raw.targets).endswith("per step")
    return said or raw.weight is not None or raw.y.ndim == 3 or (
        raw.y.ndim == 2 and raw.y.dtype.kind != "f" and raw.y.shape == raw.x.shape[:2])


def _require_pairs(raw: Raw) -> None:
    """Each x has its y, of as many samples."""
    if (raw.x_test is None) != (raw.y_test is None):
        missing, there = ("x_test", "y_test") if raw.x_test is None else ("y_test", "x_test")
        raise DataError(f"{raw.where}: there is {there} but no {missing}; give both, or neither")
    if raw.weight_test is not None and raw.x_test is None:
        raise DataError(f"{raw.where}: there is weight_test but no x_test; leave it out")
    for x, y, of in ((raw.x, raw.y, ""), (raw.x_test, raw.y_test, "_test")):
        if x is not None and (not x.ndim or not y.ndim or len(x) != len(y)):
            raise DataError(f"{raw.where}: x{of} has shape {x.shape} and y{of} {y.shape}; give one target for each "
                            "sample")


def _require_alike(where: str, name: str, train: np.ndarray, test: np.ndarray) -> None:
    if train.shape[1:] != test.shape[1:]:
        raise DataError(f"{where}: samples of {name} have shape {train.shape[1:]} and those of {name}_test "
                        f"{test.shape[1:]}; give them one shape")
