"""Digits learned without labels: the figures of README and docs, over seeds, beside the same network untrained.

    .venv/bin/python scripts/reproduce/unsupervised.py mnist_400

Runs every seed in turn (no other work should run beside it) and writes docs/results/NAME.json: settings, seeds, mean
and spread, every run's own result, versions, machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from plasticity.comparison.run import Settings, run_task
from plasticity.readout.metrics import summarise
from plasticity.runs import Run
from plasticity.runs.machine import machine, versions

RESULTS = Path(__file__).parents[2] / "docs" / "results"
SEEDS = (0, 1, 2)
FIGURES = ("accuracy", "accuracy_untrained", "train_seconds", "spikes_per_image")
STUDIES = {
    "digits_400": {"task": "digits", "network": "diehl-cook(neurons=400)"},
    "mnist_400": {"task": "mnist", "network": "diehl-cook(neurons=400)", "epochs": 1},
    "mnist_1600": {"task": "mnist", "network": "diehl-cook(neurons=1600)", "epochs": 2},
    "mnist_400_batch32": {"task": "mnist", "network": "diehl-cook(neurons=400)", "epochs": 1, "batch": 32},
    "mnist_400_bindsnet_network": {"task": "mnist", "network": "diehl-cook-bindsnet(neurons=400)", "epochs": 1},
    "mnist_400_published_inert": {"task": "mnist", "network": "diehl-cook-published(neurons=400, gate=inert)",
                                  "epochs": 1, "train_samples": 10_000},
    "mnist_400_published_50ms": {"task": "mnist", "network": "diehl-cook-published(neurons=400, gate='50ms')",
                                 "epochs": 1, "train_samples": 10_000},
    "fashion_mnist_400": {"task": "fashion_mnist", "network": "diehl-cook(neurons=400)", "epochs": 1},
    "usps_400": {"task": "usps", "network": "diehl-cook(neurons=400)"},
}


def study(name: str, seeds: tuple[int, ...], say) -> dict:
    """All runs of a study and their summary."""
    results = []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(**STUDIES[name], seed=seed, control=True)
            result = run_task(settings, Run(Path(folder) / "run", asdict(settings)), say)
        result.pop("run")
        results.append(result)
        say(f"{name} seed {seed}: accuracy {result['accuracy']:.4f}, {result['train_seconds']:.1f} s")
    return {"study": name, "settings": STUDIES[name], "summary": _summary(results), "runs": results,
            "versions": versions(), "machine": machine()}


def _summary(results: list[dict]) -> dict:
    """Mean, standard deviation and values over seeds, of every figure and readout."""
    columns = {figure: {r["seed"]: r[figure] for r in results} for figure in FIGURES}
    for readout in results[0]["accuracy_by_readout"]:
        columns[f"accuracy by {readout}"] = {r["seed"]: r["accuracy_by_readout"][readout] for r in results}
    return {column: asdict(summarise(values)) for column, values in columns.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+", choices=STUDIES)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    given = parser.parse_args()
    for name in given.studies:
        found = study(name, tuple(given.seeds), lambda line: print(line, file=sys.stderr, flush=True))
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(json.dumps({"study": name, "summary": found["summary"]}))


if __name__ == "__main__":
    main()
