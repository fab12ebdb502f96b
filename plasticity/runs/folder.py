"""A run's folder: config.json, metrics.jsonl, checkpoint/ on the way; weights, result, figures, report at the end."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plasticity.errors import PlasticityError
from plasticity.runs.checkpoint import Checkpoint
from plasticity.runs.files import plain, read_json, save_arrays, write_json, write_text
from plasticity.runs.machine import machine, versions

CHECKPOINT_SECONDS = 20.0


@dataclass
class Run:
    """A folder for one run. Nothing is created before `begin`.

    path: the folder. settings: what was asked, written to config.json. every: seconds between checkpoints.
    """

    path: Path
    settings: Mapping[str, object]
    every: float = CHECKPOINT_SECONDS
    resumed: bool = False
    _saved_at: float = 0.0

    def __post_init__(self):
        self.path = Path(self.path)
        if not self.resumed and self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            has_run = (self.path / "config.json").exists()
            raise PlasticityError(f"{self.path} is not an empty folder; choose another --out"
                                  + (f", or go on with --resume {self.path}" if has_run else ""))

    @classmethod
    def resume(cls, path: Path, **options) -> Run:
        """The run in `path`, to be continued. Raises PlasticityError when there is none, or it is finished."""
        path = find(path)
        if (path / "result.json").exists():
            raise PlasticityError(f"the run in {path} is finished; its result is in {path / 'result.json'}")
        return cls(path, read_json(path / "config.json")["settings"], resumed=True, **options)

    def begin(self, identity: Mapping[str, str]) -> Checkpoint | None:
        """Creates the folder, or finds where to go on. Raises PlasticityError for a checkpoint of something else."""
        self._saved_at = time.monotonic()
        if self.resumed:
            found = Checkpoint.latest(self.path / "checkpoint")
            if found:
                found.require(identity)
            self._cut_metrics(found.shown if found else 0)
            return found
        self.path.mkdir(parents=True, exist_ok=True)
        write_json(self.path / "config.json", {"settings": dict(self.settings), "identity": dict(identity),
                                               "versions": versions(), "machine": machine(),
                                               "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")})
        return None

    def config(self) -> dict:
        """What config.json says."""
        return read_json(self.path / "config.json")

    def log(self, **values: object) -> None:
        """One line of metrics.jsonl."""
        with (self.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(plain(values)) + "\n")

    def metrics(self) -> list[dict]:
        """The lines of metrics.jsonl; a last line that a kill cut off is left out."""
        path = self.path / "metrics.jsonl"
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        return [json.loads(line) for line in lines]

    def _cut_metrics(self, shown: int) -> None:
        """Drops lines from after the checkpoint: they will be written again."""
        kept = [line for line in self.metrics() if line.get("images", 0) <= shown]
        write_text(self.path / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in kept))

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() - self._saved_at >= self.every

    def save(self, checkpoint: Checkpoint) -> None:
        checkpoint.save(self.path / "checkpoint")
        self._saved_at = time.monotonic()

    def finish(self, result: Mapping[str, object], weights: Mapping[str, np.ndarray]) -> None:
        """Writes weights and result; the checkpoint is no longer needed."""
        save_arrays(self.path / "weights.safetensors", weights)
        write_json(self.path / "result.json", dict(result))
        shutil.rmtree(self.path / "checkpoint", ignore_errors=True)


def find(path: Path) -> Path:
    """The run folder that `path` names: itself, or the only unfinished run in it."""
    path = Path(path)
    if (path / "config.json").is_file():
        return path
    inside = [file.parent for file in sorted(path.glob("*/config.json")) if not (file.parent / "result.json").exists()]
    if len(inside) == 1:
        return inside[0]
    if inside:
        names = ", ".join(run.name for run in inside)
        raise PlasticityError(f"{path} holds several unfinished runs: {names}; name one")
    raise PlasticityError(f"there is no run to resume in {path} (no config.json)")
