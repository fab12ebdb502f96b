"""A person's data, small: arrays, .npz files, folders of images."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def table(n: int = 20, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """n samples of 3 features, within [0, 1]; half of them of class 1."""
    return np.random.default_rng(seed).random((n, 3)), np.arange(n) % 2


def sequences(n: int = 10, steps: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of 4 inputs, and a label of three per step."""
    rng = np.random.default_rng(1)
    return rng.random((n, steps, 4)) < 0.5, rng.integers(0, 3, (n, steps))


def save(path: Path, **arrays) -> Path:
    np.savez(path, **arrays)
    return path


def zipped(path: Path, members: Mapping[str, bytes], **options) -> Path:
    """A zip file with these bytes in it."""
    with zipfile.ZipFile(path, "w", **options) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def header(shape: object, descr: str = "<f4") -> bytes:
    """The bytes of an array that announces this shape, and holds nothing."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue()


def picture(path: Path, values: np.ndarray, **options) -> Path:
    """Writes uint8 or uint16 values as an image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path, **options)
    return path


def grey(value: int, height: int = 4, width: int = 3) -> np.ndarray:
    return np.full((height, width), value, np.uint8)


def faces(root: Path, counts: Mapping[str, int] | None = None) -> Path:
    """A folder of grey images, one folder per class; image k of a class has the intensity k."""
    for name, count in (counts or {"anna": 6, "ben": 4}).items():
        for k in range(count):
            picture(root / name / f"{k}.png", grey(k + 1))
    return root
