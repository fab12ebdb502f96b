"""New samples, to be asked of what was learned from a task: in the form that the samples of the task have."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plasticity.datasets.forms import values_of
from plasticity.datasets.image_folder import pictures_in, read_pictures
from plasticity.datasets.npz import read_npz
from plasticity.datasets.own import ARRAYS, TEXTS
from plasticity.datasets.pictures import ENDINGS, is_picture
from plasticity.datasets.scaling import within
from plasticity.datasets.task import Task
from plasticity.errors import DataError


@dataclass(frozen=True)
class Samples:
    """x as the task has it, and the name of each sample: that of its file, or its number."""

    x: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Like:
    """What samples must be like; see `Task`."""

    form: str
    image_shape: tuple[int, ...]
    bounds: tuple[np.ndarray, np.ndarray] | None


def samples(data: object, like: Task | Mapping[str, object] | None = None, limit_mb: float | None = None) -> Samples:
    """Samples without targets, as those of a task.

    data: an array x [samples, ...]; or the path of an .npz file with x, of an image, or of a folder of images, sorted
    by name. like: the task that was learned, or what `describe` said of it: image files are resized to its size, and
    values are scaled as those of its training part were; None where nobody knows it: x as it is, of arrays or a file.
    limit_mb: see `plasticity.datasets.limits`.
    Raises DataError, naming the file, for what cannot be read or does not fit the task.
    """
    wanted = _like(like)
    if isinstance(data, str | os.PathLike):
        x, names, where = _read(Path(data).expanduser(), wanted, limit_mb)
    else:
        x, names, where = np.asarray(data), None, "the arrays"
    x = x if like is None else _fitted(x, wanted, where)
    return Samples(x, names or tuple(map(str, range(len(x)))))


def _like(like: Task | Mapping[str, object] | None) -> _Like:
    if like is None:
        return _Like("a form that is not known", (), None)
    about = like if isinstance(like, Mapping) else vars(like)
    bounds = about["bounds"]
    return _Like(about["form"], tuple(about["image_shape"]),
                 None if bounds is None else tuple(np.asarray(bound, np.float32) for bound in bounds))


def _read(path: Path, wanted: _Like, limit_mb: float | None) -> tuple[np.ndarray, tuple[str, ...] | None, str]:
    if path.suffix == ".npz" and path.is_file():
        return read_npz(path, (*ARRAYS, *TEXTS), ("x",), ("x",), limit_mb)["x"], None, str(path)
    files = pictures_in(path, path.resolve())[0] if path.is_dir() else (path,) * (path.is_file() and is_picture(path))
    if not files:
        raise DataError(f"{path} is neither an .npz file with x, nor an image or a folder of images "
                        f"({', '.join(ENDINGS)}); correct the path")
    if wanted.form != "images":
        raise DataError(f"{path} holds images, and the task is one of {wanted.form}; give an .npz file with x")
    shape = wanted.image_shape
    return read_pictures(files, shape[:2], len(shape) == 3, limit_mb), tuple(file.name for file in files), str(path)


def _fitted(x: np.ndarray, wanted: _Like, where: str) -> np.ndarray:
    """Checked, in the task's shape, and scaled."""
    shape, bounds = wanted.image_shape, wanted.bounds
    flat = (math.prod(shape),)
    if x.shape[1:] not in {shape, *([flat, (*shape, 1)] if wanted.form == "images" else [])}:
        raise DataError(f"{where}: x has shape {x.shape}; samples of the task have shape {shape}, so give "
                        f"[samples, {', '.join(map(str, shape))}]")
    x = values_of(x, wanted.form, where, "x", bounds is None, whole_bytes=True)
    x = x.reshape(len(x), *(flat if wanted.form == "images" else shape))
    return x if bounds is None else within(x, *bounds)
