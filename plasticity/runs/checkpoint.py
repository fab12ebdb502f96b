"""Checkpoints: a folder each, complete before it gets its name, so that a kill at any moment leaves a whole one."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from plasticity.errors import PlasticityError
from plasticity.runs.files import load_arrays, read_json, save_arrays, write_json


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands.

    shown: presentations made. identity: what must be the same to go on (network, data, seed, ...), name -> text.
    arrays: state of the simulation and of whatever else goes on. extra: small numbers.
    """

    shown: int
    identity: Mapping[str, str]
    arrays: Mapping[str, np.ndarray]
    extra: Mapping[str, float] = field(default_factory=dict)

    def save(self, folder: Path) -> None:
        """Writes into `folder`/at-N and removes older ones."""
        final = folder / f"at-{self.shown:012d}"
        if final.exists():
            return
        growing = folder / f".{final.name}.growing"
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir(parents=True)
        save_arrays(growing / "state.safetensors", self.arrays)
        write_json(growing / "checkpoint.json",
                   {"shown": self.shown, "identity": dict(self.identity), "extra": dict(self.extra)})
        growing.rename(final)
        for older in saved(folder)[:-1]:
            shutil.rmtree(older, ignore_errors=True)

    @classmethod
    def latest(cls, folder: Path) -> Checkpoint | None:
        """The last complete checkpoint, or None."""
        found = saved(folder)
        if not found:
            return None
        about = read_json(found[-1] / "checkpoint.json")
        return cls(about["shown"], about["identity"], load_arrays(found[-1] / "state.safetensors"), about["extra"])

    def require(self, identity: Mapping[str, str]) -> None:
        """Raises PlasticityError unless the checkpoint was made under the same identity."""
        for name, value in identity.items():
            if self.identity.get(name) != value:
                raise PlasticityError(f"this checkpoint belongs to another {name} ({_short(self.identity.get(name))}, "
                                      f"not {_short(value)}); resume with the settings the run was started with")


def saved(folder: Path) -> list[Path]:
    """Complete checkpoints, oldest first."""
    return sorted(folder.glob("at-*")) if folder.is_dir() else []


def fingerprint(*arrays: np.ndarray) -> str:
    """A hash of arrays' shapes and values."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(memoryview(np.ascontiguousarray(array)).cast("B"))
    return digest.hexdigest()


def _short(value: object) -> str:
    return str(value)[:12]
