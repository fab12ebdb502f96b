"""Trains a published system from scratch, once per seed, and holds the mean beside the published number."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np

from plasticity._utils.validation import require_positive
from plasticity.comparison.run import Settings, run_task
from plasticity.errors import PlasticityError, RefusedError
from plasticity.reproduction.row import Row
from plasticity.runs import Run, folder
from plasticity.runs.files import plain, write_json
from plasticity.runs.machine import machine, versions

RESULT = "reproduction.json"


def reproduce(row: Row, out: Path, seeds: int = 3, quick: bool = False, validation: bool = False,
              say: Callable[[str], None] = lambda line: None, verbose: bool = False) -> dict[str, object]:
    """What `seeds` trainings from scratch reach, with the published number; also written to `out`/reproduction.json.

    out: each seed has a run's folder below it. Those that are finished are read, those that were stopped go on.
    quick: the row's short form, which says nothing of the number. validation: the held-out part is taken from the
    training samples, for choosing settings.
    Raises RefusedError for a row that cannot be run, saying what is missing; PlasticityError where a folder holds runs
    of other settings; `comparison.run.Interrupted` after Ctrl-C.
    """
    require_positive(seeds=seeds)
    if not row.settings:
        raise RefusedError(f"{row.name} cannot be run here: {row.missing}")
    results = [one(row.run(seed, quick, validation), out / f"seed{seed}", say, verbose) for seed in range(seeds)]
    found = summary(row, results) | {"quick": quick, "held_out": results[0]["held_out"]}
    write_json(out / RESULT, found)
    return found


def one(settings: Settings, path: Path, say: Callable[[str], None], verbose: bool) -> dict[str, object]:
    """The result of one run: of the folder's where it is finished, else the run is begun or goes on."""
    if (path / folder.CONFIG).exists():
        _require_same(path, plain(asdict(settings)))
        if (path / folder.RESULT).exists():
            say(f"{path} is finished")
            return folder.result(path)
        return run_task(settings, Run.resume(path), say, verbose)
    return run_task(settings, Run(path, asdict(settings)), say, verbose)


def _require_same(path: Path, asked: Mapping[str, object]) -> None:
    stored = folder.config(path)["settings"]
    other = next((name for name in asked if stored.get(name) != asked[name]), None)
    if other is not None:
        raise PlasticityError(f"the run in {path} has {other}={stored.get(other)!r}, not {asked[other]!r}: give "
                              "another --out, or remove that folder")


def summary(row: Row, results: list[dict]) -> dict[str, object]:
    """Mean, spread and seeds of a row's runs."""
    figures = [_figure(row, result) for result in results]
    ours = float(np.mean(figures))
    return {"name": row.name, "published": row.published, "score": row.score, "ours": ours,
            "sd": float(np.std(figures, ddof=1)) if len(figures) > 1 else None, "seeds": len(figures),
            "figures": figures, "data": row.data, "date": time.strftime("%Y-%m-%d"), "reached": row.reached(ours),
            "command": row.command, "train_seconds": float(np.mean([result["train_seconds"] for result in results])),
            "warnings": sorted({line for result in results for line in result["warnings"]}),
            "settings": results[0]["settings"], "versions": versions(), "machine": machine()}


def _figure(row: Row, result: dict) -> float:
    """A run's figure in the row's score."""
    score = result["score"]
    if score["name"] != row.score:
        raise RefusedError(f"{row.name} is told by {row.score}, but its run was scored by {score['name']}")
    return float(score["value"])
