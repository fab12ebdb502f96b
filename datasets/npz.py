"""Arrays of an .npz file, trusted only as far as it proves itself.

No pickle is read. What an array announces is compared with what its member of the zip file holds, and with the limit,
before memory is asked for; a member ends where the zip file says, so nothing in it can unpack to more.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy

from plasticity.datasets.limits import bytes_of, limit_bytes, require_room
from plasticity.datasets.unpacking import regular
from plasticity.errors import DataError, PlasticityError, unknown

#: more dimensions than any data of a task have
MOST_DIMENSIONS = 4
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack a whole block at once
_ENCRYPTED = 0x1
_LAST_LETTER, _SURROGATES = 0x10FFFF, (0xD800, 0xDFFF)  # of Unicode; halves of letters are none
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def read_npz(path: Path, known: Collection[str], required: Iterable[str], wanted: Collection[str] | None = None,
             limit_mb: float | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name.

    known: all names that may stand in it. required: those that must. wanted: only these are read (None: all).
    limit_mb: see `limit_bytes`; it bounds the arrays together.
    Raises DataError, naming the file, for anything that is not whole, not known, too large, or needs pickle.
    """
    limit = limit_bytes(limit_mb)
    try:
        with zipfile.ZipFile(regular(path)) as packed:
            members = _members(path, packed, known, required)
            chosen = {name: info for name, info in members.items() if wanted is None or name in wanted}
            require_room(path, sum(info.file_size for info in chosen.values()), limit)
            return {name: _array(path, name, packed, info) for name, info in chosen.items()}
    except PlasticityError:
        raise
    except Exception as error:  # readers of zip files and headers meet any bytes, and raise anything
        raise DataError(f"{path} is not a whole .npz file ({type(error).__name__}: {error}); write it again with "
                        "numpy.savez(path, x=x, y=y)") from None


def _members(path: Path, packed: zipfile.ZipFile, known: Collection[str],
             required: Iterable[str]) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in packed.infolist():
        name = info.filename.removesuffix(".npy")
        if name not in known:
            raise DataError(f"{path}: {unknown('array', name[:100], known)}; leave it out or rename it")
        if name in members:
            raise DataError(f"{path} holds two arrays called {name!r}; write it again with numpy.savez")
        if info.compress_type not in _PACKED or info.flag_bits & _ENCRYPTED:
            raise DataError(f"{path}: array {name!r} is encrypted or packed in a way that numpy does not write; write "
                            "it again with numpy.savez or numpy.savez_compressed")
        members[name] = info
    missing = [name for name in required if name not in members]
    if missing:
        raise DataError(f"{path} holds no array called {missing[0]!r} (it holds: {', '.join(members) or 'nothing'}); "
                        "write it with numpy.savez(path, x=x, y=y)")
    return members


def _array(path: Path, name: str, packed: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with packed.open(info) as file:
        shape, dtype = _header(path, name, file)
        announced = file.tell() + bytes_of(shape, dtype.itemsize)
        if announced != info.file_size:
            raise DataError(f"{path}: array {name!r} announces {announced} bytes and has {info.file_size}; it is "
                            "altered, write it again")
    with packed.open(info) as file:
        array = npy.read_array(file, allow_pickle=False)
    if not _sound(array):
        raise DataError(f"{path}: array {name!r} holds bytes that are no {array.dtype.name}; it is altered, write it "
                        "again")
    return array


def _sound(array: np.ndarray) -> bool:
    """Whether bools are 0 or 1 and letters exist: numpy takes others as they come, and fails on them later."""
    if array.dtype.kind == "b":
        return bool(array.view(np.uint8).max() <= 1)
    if array.dtype.kind == "U":
        letters = np.frombuffer(array.tobytes(), np.dtype(np.uint32).newbyteorder(array.dtype.byteorder))
        return bool((letters <= _LAST_LETTER).all() and ((letters < _SURROGATES[0]) | (letters > _SURROGATES[1])).all())
    return True


def _header(path: Path, name: str, file: BinaryIO) -> tuple[tuple[int, ...], np.dtype]:
    version = npy.read_magic(file)
    if version not in _HEADERS:
        raise DataError(f"{path}: array {name!r} has fields or a format {version} that is not read; save plain numbers")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise DataError(f"{path}: array {name!r} holds Python objects (dtype object), which only pickle could read; "
                        f"save texts as {name}.astype(str), and sequences of unequal length padded, with weight "
                        "[samples, steps]")
    if dtype.kind not in "biufcSU" or not dtype.itemsize:
        raise DataError(f"{path}: array {name!r} must hold numbers or texts, got {dtype}")
    if len(shape) > MOST_DIMENSIONS or min(shape, default=1) < 1 or math.prod(shape) < 1:
        raise DataError(f"{path}: array {name!r} has shape {_short(shape)}; it must have 1 to {MOST_DIMENSIONS} "
                        "dimensions, none of them empty")
    return shape, dtype


def _short(shape: tuple[int, ...]) -> str:
    text = str(shape)
    return text if len(text) <= 60 else f"{text[:60]}..."
