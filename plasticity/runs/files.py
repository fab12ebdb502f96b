"""Files that are either there whole or not at all."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from plasticity.errors import DataError


def write_bytes(path: Path, content: bytes) -> None:
    """Writes next to `path`, then renames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, content: object) -> None:
    write_text(path, json.dumps(plain(content), indent=2) + "\n")


def read_json(path: Path) -> dict:
    """A JSON object. Raises DataError when the file is missing or cut off."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def plain(value: object) -> object:
    """What JSON knows: numpy values as numbers and lists, paths as text, numbers that are not finite as None."""
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, str | int) else str(value)


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, str] | None = None) -> None:
    """Named arrays as safetensors (no pickle)."""
    from safetensors.numpy import save

    whole = {name: np.asarray(values, order="C") for name, values in arrays.items()}
    write_bytes(path, save(whole, metadata=dict(about or {})))


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of `save_arrays`. Raises DataError for a missing or damaged file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
