"""Files that are either there whole or not at all."""

from __future__ import annotations

import json
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
    write_text(path, json.dumps(content, indent=2, default=plain) + "\n")


def read_json(path: Path) -> dict:
    """A JSON object. Raises DataError when the file is missing or cut off."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def plain(value: object) -> object:
    """numpy values and paths as what JSON knows."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, str] | None = None) -> None:
    """Named arrays as safetensors (no pickle)."""
    from safetensors.numpy import save

    whole = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    write_bytes(path, save(whole, metadata=dict(about or {})))


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of `save_arrays`. Raises DataError for a missing or damaged file."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
