"""USPS: 7,291 + 2,007 handwritten digits from envelopes, 16x16.

The same images circulate in two forms: usps.h5 (Kaggle, which asks for a login, so it has no address a program can
read), with intensities 0..1 and labels 0..9; and LIBSVM's text files, with intensities -1..1 and labels 1..10.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plasticity.datasets.description import MEGABYTE, Arrays, DataSet, Form, Source
from plasticity.datasets.unpacking import readable, regular, unpacked
from plasticity.errors import DataError

_LIBSVM = "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/"
_KAGGLE = "https://www.kaggle.com/datasets/bistaumanga/usps-dataset"
_SIDE = 16
_MOST_TEXT, _MOST_IMAGES, _CLASSES = 64 * MEGABYTE, 100_000, 10

H5 = Source("usps.h5", size=2913522, sha256="734f88c541104a956d88be2c95d03b4a463ffd74ccc2ba9c80841fb98e3fcb36")
# The checksums that PyTorch's torchvision publishes for these files.
TEXT = (
    Source("usps.bz2", (_LIBSVM + "usps.bz2",), md5="ec16c51db3855ca6c91edd34d0e9b197", limit=16 * MEGABYTE),
    Source("usps.t.bz2", (_LIBSVM + "usps.t.bz2",), md5="8ea070ee2aca1ac39742fdd1ef5ed118", limit=16 * MEGABYTE),
)


def read_h5(paths: Sequence[Path]) -> Arrays:
    """usps.h5: groups train and test, each with data [n, 256] and target [n]."""
    import h5py

    with readable(paths[0], "the HDF5 file of USPS"), h5py.File(regular(paths[0]), "r") as file:
        arrays = [_array(file, part, name) for part in ("train", "test") for name in ("data", "target")]
    train_x, train_y, test_x, test_y = arrays
    return _images(train_x, paths[0]), train_y, _images(test_x, paths[0]), test_y


def _array(file, part: str, name: str) -> np.ndarray:
    """An array that lies in the file itself, once its shape and type are those that are expected."""
    import h5py

    group = file.get(part) if isinstance(file.get(part, getlink=True), h5py.HardLink) else None
    here = isinstance(group, h5py.Group) and isinstance(group.get(name, getlink=True), h5py.HardLink)
    array = group.get(name) if here else None
    if not isinstance(array, h5py.Dataset) or array.is_virtual or array.external:
        raise ValueError(f"it holds no array {part}/{name} of its own")
    shape, kinds = ((_SIDE**2,), "f") if name == "data" else ((), "iu")
    if array.shape is None or array.shape[1:] != shape or not 0 < array.shape[:1][0] <= _MOST_IMAGES \
            or array.dtype.kind not in kinds:
        raise ValueError(f"{part}/{name} has {array.dtype} of shape {array.shape}, expected {_SIDE**2} values each")
    return array[...]


def read_text(paths: Sequence[Path]) -> Arrays:
    """LIBSVM's two files: per line a label 1..10 and index:value pairs, values -1..1."""
    train_x, train_y = _text(paths[0])
    test_x, test_y = _text(paths[1])
    return train_x, train_y, test_x, test_y


def _text(path: Path) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_svmlight_file

    with unpacked(path, "a complete bzip2 file", ["bzip2"]) as file:
        text = file.read(_MOST_TEXT + 1)
    if len(text) > _MOST_TEXT:
        raise DataError(f"{path} unpacks to more than {_MOST_TEXT} bytes")
    with readable(path, f"a LIBSVM file of {_SIDE}x{_SIDE} images"):
        values, labels = load_svmlight_file(io.BytesIO(text), n_features=_SIDE**2, zero_based=False)
        if not np.isin(labels, np.arange(1, _CLASSES + 1)).all():
            raise ValueError(f"its labels are not 1 to {_CLASSES}")
    return _images((values.toarray() + 1) / 2, path), labels.astype(np.int64) - 1


def _images(flat: np.ndarray, path: Path) -> np.ndarray:
    if flat.ndim != 2 or flat.shape[1] != _SIDE**2:
        raise DataError(f"{path} holds images of shape {flat.shape[1:]}, expected {_SIDE**2} values each")
    return flat.astype(np.float32).reshape(-1, _SIDE, _SIDE)


USPS = DataSet(
    name="usps",
    title="USPS handwritten digits",
    licence="none stated by its publishers; for research",
    citation="Hull 1994, A database for handwritten text recognition research, IEEE Trans. PAMI 16(5)",
    homepage="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass.html#usps",
    classes=tuple("0123456789"),
    shape=(_SIDE, _SIDE),
    train=7291,
    test=2007,
    forms=(Form((H5,), read_h5), Form(TEXT, read_text)),
    by_hand=f"usps.h5 from {_KAGGLE}, or usps.bz2 and usps.t.bz2 from {_LIBSVM}",
)
