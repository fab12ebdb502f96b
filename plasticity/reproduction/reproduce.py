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
from plasticity.readout.metrics import summarise
from plasticity.reproduction.row import Row
from plasticity.reproduction.spikes import in_spikes
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
    results = [one(row, row.run(seed, quick, validation), out / f"seed{seed}", say, verbose) for seed in range(seeds)]
    found = summary(row, dict(enumerate(results)), quick)
    write_json(out / RESULT, found)
    return found


def one(row: Row, settings: Settings, path: Path, say: Callable[[str], None], verbose: bool) -> dict[str, object]:
    """The result of one run; in spikes where the row is about these."""
    result = _run(settings, path, say, verbose)
    if not row.spiking:
        return result
    spikes = in_spikes(settings, path, row.spiking, say)
    return result | {"score": {**result["score"], "value": spikes["accuracy"]}, "spiking": spikes}


def _run(settings: Settings, path: Path, say: Callable[[str], None], verbose: bool) -> dict[str, object]:
    """What the folder holds where its run is finished; else the run is begun or goes on."""
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


def summary(row: Row, results: Mapping[int, dict], quick: bool = False) -> dict[str, object]:
    """Mean, spread and seeds of a row's runs, seed -> result; whether the published number is reached, which a quick
    look and the validation part do not tell."""
    figures, first = summarise({seed: _figure(row, result) for seed, result in results.items()}), results[0]
    whole = not quick and first["held_out"] == "test"
    return {"name": row.name, "published": row.published, "score": row.score, "ours": figures.mean, "sd": figures.sd,
            "seeds": len(figures.seeds), "figures": list(figures.values), "data": row.data,
            "date": time.strftime("%Y-%m-%d"), "reached": row.reached(figures.mean) if whole else None,
            "command": row.command,
            "train_seconds": float(np.mean([result["train_seconds"] for result in results.values()])),
            "warnings": sorted({line for result in results.values() for line in result["warnings"]}),
            **({"spiking": [result["spiking"] for result in results.values()]} if row.spiking else {}),
            "settings": first["settings"], "versions": versions(), "machine": machine(), "quick": quick,
            "held_out": first["held_out"]}


def _figure(row: Row, result: dict) -> float:
    """A run's figure in the row's score."""
    score = result["score"]
    if score["name"] != row.score:
        raise RefusedError(f"{row.name} is told by {row.score}, but its run was scored by {score['name']}")
    return float(score["value"])
