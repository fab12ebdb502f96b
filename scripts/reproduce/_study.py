"""What the scripts of this folder share: how the runs of a study become one file in docs/results/."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from plasticity.metrics import summarise
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


def summary(runs: Sequence[Mapping], figures: Sequence[str]) -> dict[str, dict]:
    """Mean and spread of each figure over the runs that have it."""
    known = {figure: {run["seed"]: run[figure] for run in runs if run.get(figure) is not None} for figure in figures}
    return {figure: asdict(summarise(values)) for figure, values in known.items() if values}
