"""What the scripts of this folder share: how the runs of a study become one file in docs/results/."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from plasticity.readout.metrics import summarise
from plasticity.runs.machine import machine, versions

RESULTS = Path(__file__).parents[2] / "docs" / "results"


def write(name: str, config: Mapping, runs: Sequence[Mapping], figures: Sequence[str], folder: Path = RESULTS) -> Path:
    """docs/results/NAME.json: config, every run, and mean and spread over seeds per case; rewritten after each run.

    runs: each with "case", "seed" and the figures (None where a run has no such figure).
    """
    cases = list(dict.fromkeys(run["case"] for run in runs))
    found = {"study": name, "kind": "gradient", "config": dict(config),
             "summary": {case: summary([run for run in runs if run["case"] == case], figures) for case in cases},
             "runs": list(runs), "versions": versions(), "machine": machine()}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return path


def finished(name: str, config: Mapping, folder: Path = RESULTS) -> list[dict]:
    """The runs that docs/results/NAME.json holds already; none if it was made with another configuration."""
    path = folder / f"{name}.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found["runs"] if found.get("config") == json.loads(json.dumps(dict(config))) else []


def to_do(runs: Sequence[Mapping], cases: Iterable[str], seeds: Iterable[int]) -> list[tuple[str, int]]:
    """Cases and seeds that no run covers."""
    done = {(run["case"], run["seed"]) for run in runs}
    return [wanted for wanted in itertools.product(cases, seeds) if wanted not in done]


def summary(runs: Sequence[Mapping], figures: Sequence[str]) -> dict[str, dict]:
    """Mean and spread of each figure over the runs that have it."""
    known = {figure: {run["seed"]: run[figure] for run in runs if run.get(figure) is not None} for figure in figures}
    return {figure: asdict(summarise(values)) for figure, values in known.items() if values}
