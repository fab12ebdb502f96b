"""Checkpoints: a folder each, complete before it gets its name, so that a kill at any moment leaves a whole one."""

from __future__ import annotations

import hashlib
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from plasticity.errors import DataError, DataWarning, PlasticityError, cannot_write
from plasticity.runs.files import load_arrays, save_arrays
from plasticity.runs.sealed import as_written, read_sealed, write_sealed

KEPT = 2  # checkpoints: one more than is needed, should the last one be damaged
_ABOUT, _STATE = "checkpoint.json", "state.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands.

    shown: presentations made. identity: what must be the same to go on (network, data, seed, ...), name -> text.
    arrays: state of the simulation and of whatever else goes on. extra: small numbers. metrics: length and sha256 of
    the metrics so far.
    """

    shown: int
    identity: Mapping[str, str]
    arrays: Mapping[str, np.ndarray]
    extra: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, object] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Writes into `folder`/at-N and removes all older ones but the last."""
        final = folder / _name(self.shown)
        if final.exists():
            return
        growing = folder / f".{final.name}.growing"
        shutil.rmtree(growing, ignore_errors=True)
        state = save_arrays(growing / _STATE, self.arrays)
        write_sealed(growing / _ABOUT, {"shown": self.shown, "identity": dict(self.identity), "extra": dict(self.extra),
                                        "metrics": dict(self.metrics), "files": {_STATE: state}})
        try:
            growing.rename(final)
        except OSError as error:
            raise cannot_write(final, error) from None
        for older in saved(folder)[:-KEPT]:
            shutil.rmtree(older, ignore_errors=True)

    @classmethod
    def latest(cls, folder: Path) -> Checkpoint | None:
        """The last checkpoint that is whole; None where there is none at all.

        One that is damaged is put aside, and a DataWarning says so. Raises DataError where all of them are.
        """
        places = saved(folder)
        for place in reversed(places):
            try:
                return cls.read(place)
            except DataError as error:
                _put_aside(place, error)
        if places:
            raise DataError(f"no checkpoint in {folder} can be read; remove that folder to start from the beginning")
        return None

    @classmethod
    def read(cls, place: Path) -> Checkpoint:
        """The checkpoint in its own folder. Raises DataError unless it is whole."""
        about = read_sealed(place / _ABOUT, "shown", "identity", "extra", "metrics", "files")
        with as_written(place / _ABOUT):
            if place.name != _name(about["shown"]):
                raise DataError(f"{place} is the checkpoint of another moment ({about['shown']})")
            arrays = load_arrays(place / _STATE, about["files"][_STATE])
            return cls(about["shown"], about["identity"], arrays, about["extra"], about["metrics"])

    def require(self, identity: Mapping[str, str]) -> None:
        """Raises PlasticityError unless the checkpoint was made under the same identity."""
        for name, value in identity.items():
            if self.identity.get(name) != value:
                raise PlasticityError(f"this checkpoint belongs to another {name} ({_short(self.identity.get(name))}, "
                                      f"not {_short(value)}); resume with the settings the run was started with")


def saved(folder: Path) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(folder.glob("at-*")) if folder.is_dir() else []


def _name(shown: int) -> str:
    return f"at-{shown:012d}"


def fingerprint(*arrays: np.ndarray) -> str:
    """A hash of arrays' shapes and values."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(memoryview(np.ascontiguousarray(array)).cast("B"))
    return digest.hexdigest()


def _put_aside(place: Path, reason: DataError) -> None:
    """Under another name, so that the run can write a whole one in its place."""
    aside = place.with_name(f"damaged-{place.name}")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        place.rename(aside)
    except OSError as error:
        raise cannot_write(place, error) from None
    warnings.warn(f"{reason}; it is kept as {aside.name}, and the checkpoint before it is used", DataWarning,
                  stacklevel=4)


def _short(value: object) -> str:
    return str(value)[:12]
