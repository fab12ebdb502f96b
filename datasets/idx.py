"""The IDX format of MNIST: a header of big-endian numbers, then the values (LeCun, Cortes & Burges 1998).

bytes 0, 1: zero. byte 2: type (0x08 is uint8). byte 3: number of dimensions. Then a uint32 per dimension, then values.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np

from plasticity.datasets.unpacking import unpacked
from plasticity.errors import DataError

_UINT8 = 0x08
_MOST = 2**30  # bytes; MNIST has 47 million


def read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The uint8 array of a gzipped IDX file; DataError when header, length or compression is wrong."""
    with unpacked(path, "a complete gzip file", ["gzip"]) as file:
        shape = _shape(file.read(4 + 4 * dimensions), dimensions, path)
        expected = math.prod(shape)
        values = file.read(expected + 1)
    if len(values) != expected:
        length = "fewer" if len(values) < expected else "more"
        raise DataError(f"{path} holds {length} values than the {expected} its header announces")
    return np.frombuffer(values, np.uint8).reshape(shape)


def _shape(header: bytes, dimensions: int, path: Path) -> tuple[int, ...]:
    if len(header) < 4 + 4 * dimensions or header[:2] != b"\0\0":
        raise DataError(f"{path} is not an IDX file (it starts with {header[:4].hex(' ')})")
    if header[2] != _UINT8 or header[3] != dimensions:
        raise DataError(f"{path} holds type 0x{header[2]:02x} in {header[3]} dimensions, expected type 0x08 (uint8) in "
                        f"{dimensions}")
    shape = struct.unpack(f">{dimensions}I", header[4:])
    if math.prod(shape) > _MOST:
        raise DataError(f"{path} announces {math.prod(shape)} values, more than the {_MOST} that are read")
    return shape
