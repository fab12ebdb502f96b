"""One hidden layer that learns MNIST without labels, and a linear readout: SoftHebb and Krotov-Hopfield.

    .venv/bin/python scripts/reproduce/hebbian_mnist.py soft_hebb krotov_hopfield

2,000 units; the readout is ridge regression on the units' features, fitted on all training images. Beside each stands
the same layer with its first weights (random features). Settings were chosen with `--validate`, which trains on the
first 50,000 training images and asks for the last 10,000. Writes docs/results/hebbian_mnist_RULE.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve

from plasticity.datasets import load, validation_split
from plasticity.learner import HebbianLayer
from plasticity.metrics import accuracy, summarise
from plasticity.named import rule_of
from plasticity.runs.machine import machine, versions

RESULTS = Path(__file__).parents[2] / "docs" / "results"
STUDIES = {
    "soft_hebb": {"rule": "soft_hebb(sharpness=12)", "epochs": 1, "batch_size": 32, "largest_step": 0.045,
                  "decay": "linear", "radius": 35.0, "features": "relu", "power": 2.0},
    "krotov_hopfield": {"rule": "krotov_hopfield(delta=0.4, k=2)", "epochs": 10, "batch_size": 100,
                        "largest_step": 0.02, "decay": "linear", "radius": 28.0, "features": "relu", "power": 3.0},
}
UNITS, RIDGE = 2000, 1e-3


def readout(features: np.ndarray, labels: np.ndarray, n_classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ridge regression on classes as +1 and -1: (mean of features, weights, bias)."""
    middle = features.mean(0)
    x = features - middle
    targets = np.where(labels[:, None] == np.arange(n_classes), 1.0, -1.0).astype(x.dtype)
    gram = (x.T @ x).astype(np.float64)
    gram[np.diag_indices_from(gram)] += RIDGE * np.trace(gram) / len(gram)
    bias = targets.mean(0)
    return middle, cho_solve(cho_factor(gram), (x.T @ (targets - bias)).astype(np.float64)), bias


def score(layer: HebbianLayer, data) -> float:
    """Accuracy of the readout on the test part."""
    x, test_x = (part.reshape(len(part), -1) for part in (data.train_x, data.test_x))
    middle, weights, bias = readout(layer.transform(x), data.train_y, data.n_classes)
    return accuracy(data.test_y, ((layer.transform(test_x) - middle) @ weights + bias).argmax(1))


def once(settings: dict, data, seed: int) -> dict:
    """One seed: the layer trained, and with its first weights."""
    x = data.train_x.reshape(len(data.train_x), -1)
    layer = HebbianLayer(units=UNITS, seed=seed, **settings)
    started = time.perf_counter()
    layer.fit(x)
    seconds = time.perf_counter() - started
    still = rule_of(settings["rule"]).with_(params={"eta": 0.0})
    untrained = HebbianLayer(units=UNITS, seed=seed, **{**settings, "rule": still, "epochs": 1}).fit(x[:1])
    lengths = np.linalg.norm(layer.weights_, axis=0)
    return {"seed": seed, "accuracy": score(layer, data), "accuracy_untrained": score(untrained, data),
            "train_seconds": seconds, "share_of_units_at_length_1": float(np.mean(np.abs(lengths - 1) < 0.05))}


def study(name: str, seeds: tuple[int, ...], validate: bool) -> dict:
    data = load("mnist")
    data = validation_split(data) if validate else data
    runs = []
    for seed in seeds:
        runs.append(once(STUDIES[name], data, seed))
        print(f"{name} seed {seed}: {runs[-1]}", file=sys.stderr, flush=True)
    columns = [column for column in runs[0] if column != "seed"]
    return {"study": f"hebbian_mnist_{name}", "settings": {**STUDIES[name], "units": UNITS, "ridge": RIDGE},
            "validation": validate, "threads": torch.get_num_threads(),
            "summary": {column: asdict(summarise({run["seed"]: run[column] for run in runs})) for column in columns},
            "runs": runs, "versions": versions(), "machine": machine()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="+", choices=STUDIES)
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    parser.add_argument("--validate", action="store_true", help="tune: ask the last 10,000 training images")
    parser.add_argument("--threads", type=int, help="of torch; default: all cores")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    for name in given.studies:
        found = study(name, tuple(given.seeds), given.validate)
        if not given.validate:
            RESULTS.mkdir(parents=True, exist_ok=True)
            (RESULTS / f"{found['study']}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        print(json.dumps({"study": found["study"], "validation": given.validate, "summary": found["summary"]}))


if __name__ == "__main__":
    main()
