"""Files that are either there whole or not at all, and that say when they were altered."""

from __future__ import annotations

import hashlib
import json
import math
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from plasticity.errors import DataError, cannot_write


def write_bytes(path: Path, content: bytes) -> None:
    """Writes next to `path`, then renames. Raises PlasticityError, naming the file, where it cannot be written; what
    was there before is there still."""
    try:
        _replace(path, content)
    except OSError as error:
        raise cannot_write(path, error) from None


def _replace(path: Path, content: bytes) -> None:
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


def read_bytes(path: Path) -> bytes:
    """What a regular file holds. Raises DataError for anything else: a pipe or a device may never end."""
    try:
        if path.exists() and not path.is_file():
            raise DataError(f"{path} is no file; remove or replace it")
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error})") from None


def altered(path: Path) -> DataError:
    """The error of a file that is not what was written."""
    return DataError(f"{path} was altered (its checksum does not fit; put back what was written)")


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, content: object) -> None:
    write_text(path, json_text(content))


def json_text(content: object) -> str:
    return json.dumps(plain(content), indent=2) + "\n"


def read_json(path: Path) -> dict:
    """A JSON object. Raises DataError for a file that is missing, cut off, or holds anything else."""
    try:
        content = parsed(read_bytes(path))
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} cannot be read ({error})") from None
    if not isinstance(content, dict):
        raise DataError(f"{path} cannot be read (it holds a {type(content).__name__}, not an object)")
    return content


def parsed(text: bytes) -> object:
    """What JSON in UTF-8 says. Raises ValueError for all else: names given twice, numbers that are not finite, and
    nesting that is too deep included."""
    try:
        return json.loads(text.decode("utf-8"), object_pairs_hook=_named_once, parse_float=_finite,
                          parse_constant=_finite)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("it holds a name twice")
    return content


def _finite(number: str) -> float:
    if not math.isfinite(float(number)):
        raise ValueError(f"it holds {number[:20]}, which is no number")
    return float(number)


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


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray], about: Mapping[str, str] | None = None) -> str:
    """Named arrays as safetensors (no pickle), with a checksum of what they hold; answers the sha256 of the file.

    Raises PlasticityError where it cannot be written.
    """
    from safetensors.numpy import save

    whole = {name: np.asarray(values, order="C") for name, values in arrays.items()}
    content = save(whole, metadata={**(about or {}), _SUM: _sum(whole)})
    write_bytes(path, content)
    return sha256(content)


def load_arrays(path: Path, expected: str | None = None) -> dict[str, np.ndarray]:
    """The arrays of `save_arrays`. expected: what it answered then.

    Raises DataError for a missing, damaged or altered file.
    """
    content = read_bytes(path)
    if expected is not None and sha256(content) != expected:
        raise altered(path)
    try:
        arrays, stored = _arrays(content)
    except Exception as error:  # a reader of safetensors meets any bytes
        raise DataError(f"{path} cannot be read ({error})") from None
    if stored != _sum(arrays):
        raise altered(path) if stored else DataError(f"{path} was written by another version: it has no checksum")
    return arrays


_SUM = "sha256"  # in the metadata of an arrays file


def _arrays(content: bytes) -> tuple[dict[str, np.ndarray], str | None]:
    """The arrays in a file, and the checksum in its metadata."""
    from safetensors.numpy import load

    about = parsed(content[8:8 + int.from_bytes(content[:8], "little")])
    return load(content), about.get("__metadata__", {}).get(_SUM)


def _sum(arrays: Mapping[str, np.ndarray]) -> str:
    """A checksum of names, types, shapes and values."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name!r} {arrays[name].dtype.str} {arrays[name].shape} ".encode("utf-8", "backslashreplace"))
        digest.update(np.ascontiguousarray(arrays[name]).reshape(-1).view(np.uint8))
    return digest.hexdigest()
