"""A run's folder: config.json, metrics.jsonl, checkpoint/ on the way; weights, result, figures, report at the end."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from plasticity.errors import PlasticityError, cannot_write
from plasticity.runs import metrics
from plasticity.runs.checkpoint import Checkpoint
from plasticity.runs.files import (
    altered,
    json_text,
    load_arrays,
    plain,
    read_bytes,
    read_json,
    save_arrays,
    sha256,
    write_text,
)
from plasticity.runs.lock import one_writer, require_empty
from plasticity.runs.machine import machine, versions
from plasticity.runs.sealed import as_written, read_sealed, write_sealed

CHECKPOINT_SECONDS = 20.0
CONFIG, METRICS, WEIGHTS, RESULT = "config.json", "metrics.jsonl", "weights.safetensors", "result.json"


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
    _locked: bool = False
    _writing: list[ExitStack] = field(default_factory=list, repr=False)

    def __post_init__(self):
        self.path = Path(self.path)
        if not self.resumed:
            require_empty(self.path, CONFIG)

    @classmethod
    def resume(cls, path: Path, **options) -> Run:
        """The run in `path`, to be continued. Raises PlasticityError when there is none, or it is finished."""
        path = find(path)
        if (path / RESULT).exists():
            raise PlasticityError(f"the run in {path} is finished; its result is in {path / RESULT}")
        return cls(path, config(path)["settings"], resumed=True, **options)

    @contextmanager
    def written(self) -> Iterator[None]:
        """From `begin` to its end nobody else writes into the folder. One within another is part of it."""
        with ExitStack() as stack:
            self._writing.append(stack)
            try:
                yield
            finally:
                self._writing.remove(stack)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with one_writer(self.path):
            self._locked = True
            try:
                yield
            finally:
                self._locked = False

    def begin(self, identity: Mapping[str, str]) -> Checkpoint | None:
        """Creates the folder, or finds where to go on; within `written`, it is locked.

        Raises PlasticityError for a checkpoint of something else, and where another process writes into the folder.
        """
        if self._writing and not self._locked:
            self._writing[0].enter_context(self._lock())
        self._saved_at = time.monotonic()
        if self.resumed:
            return self._continued(identity)
        require_empty(self.path, CONFIG)
        write_sealed(self.path / CONFIG, {"settings": dict(self.settings), "identity": dict(identity),
                                          "versions": versions(), "machine": machine(),
                                          "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")})
        return None

    def _continued(self, identity: Mapping[str, str]) -> Checkpoint | None:
        checkpoint = Checkpoint.latest(self.path / "checkpoint")
        if checkpoint:
            checkpoint.require(identity)
        shown, sealed = (checkpoint.shown, checkpoint.metrics) if checkpoint else (0, {})
        metrics.cut(self.path / METRICS, shown, sealed)
        return checkpoint

    def config(self) -> dict:
        """What config.json says."""
        return config(self.path)

    def log(self, **values: object) -> None:
        """One line of metrics.jsonl."""
        try:
            with (self.path / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps(plain(values)) + "\n")
        except OSError as error:
            raise cannot_write(self.path / METRICS, error) from None

    def metrics(self) -> list[dict]:
        """The lines of metrics.jsonl; a last line that a kill cut off is left out, and with a DataWarning all that
        cannot be read."""
        return metrics.lines(self.path / METRICS)

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.monotonic() - self._saved_at >= self.every

    def save(self, checkpoint: Checkpoint) -> None:
        replace(checkpoint, metrics=metrics.seal(self.path / METRICS)).save(self.path / "checkpoint")
        self._saved_at = time.monotonic()

    def finish(self, result: Mapping[str, object], weights: Mapping[str, np.ndarray]) -> None:
        """Writes weights and result, and their checksums into config.json; the checkpoint is no longer needed."""
        text = json_text(result)
        files = {WEIGHTS: save_arrays(self.path / WEIGHTS, weights), RESULT: sha256(text.encode())}
        write_sealed(self.path / CONFIG, {**self.config(), "files": files})
        write_text(self.path / RESULT, text)
        shutil.rmtree(self.path / "checkpoint", ignore_errors=True)


def config(path: Path) -> dict:
    """What the config.json of a run says. Raises DataError where it is damaged, altered or of another version."""
    return read_sealed(path / CONFIG, "settings", "identity", "versions", "machine")


def result(path: Path) -> dict:
    """What a finished run in `path` measured. Raises DataError where that, or its weights, were altered."""
    with as_written(path / CONFIG):
        files = config(path)["files"]
        load_arrays(path / WEIGHTS, files[WEIGHTS])
        if sha256(read_bytes(path / RESULT)) != files[RESULT]:
            raise altered(path / RESULT)
    return read_json(path / RESULT)


def find(path: Path) -> Path:
    """The run folder that `path` names: itself, or the only unfinished run in it."""
    path = Path(path)
    if (path / CONFIG).is_file():
        return path
    inside = [file.parent for file in sorted(path.glob(f"*/{CONFIG}")) if not (file.parent / RESULT).exists()]
    if len(inside) == 1:
        return inside[0]
    if inside:
        names = ", ".join(run.name for run in inside)
        raise PlasticityError(f"{path} holds several unfinished runs: {names}; name one")
    raise PlasticityError(f"there is no run to resume in {path} (no config.json)")
