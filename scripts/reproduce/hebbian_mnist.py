"""One hidden layer that learns MNIST without labels, and a linear readout: SoftHebb and Krotov-Hopfield.

    .venv/bin/python scripts/reproduce/hebbian_mnist.py soft_hebb krotov_hopfield

Images are scaled to length 1; 2,000 units begin as images drawn from the training part; the readout is ridge
regression on the units' features, fitted on all training images. Beside each stand two layers that learned nothing: the
same first weights, and normal random ones. Settings were chosen with `--validate`, which trains on the first 50,000
training images and asks for the last 10,000. Writes docs/results/hebbian_mnist_RULE.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch
from scipy.linalg import cho_factor, cho_solve

from plasticity.datasets import load, validation_split
from plasticity.learner import HebbianLayer
from plasticity.readout.metrics import accuracy, summarise
from plasticity.rules import of_kind
from plasticity.runs.machine import machine, versions

RESULTS = Path(__file__).parents[2] / "docs" / "results"
STUDIES = {
    "soft_hebb": {"rule": "soft_hebb(sharpness=100)", "epochs": 1, "batch_size": 32, "largest_step": 0.03,
                  "decay": "linear", "first": "samples", "features": "relu", "power": 6.0},
    "krotov_hopfield": {"rule": "krotov_hopfield(delta=0.2, k=2)", "epochs": 2, "batch_size": 100,
                        "largest_step": 0.02, "decay": "linear", "first": "samples", "features": "relu", "power": 6.0},
}
RANDOM = {"first": "normal", "features": "relu", "power": 1.0}
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
    middle, weights, bias = readout(layer.transform(data.train_x), data.train_y, data.n_classes)
    return accuracy(data.test_y, ((layer.transform(data.test_x) - middle) @ weights + bias).argmax(1))


def unit_length(images: np.ndarray) -> np.ndarray:
    """Images as vectors of length 1."""
    flat = images.reshape(len(images), -1)
    return (flat / np.linalg.norm(flat, axis=1, keepdims=True)).astype(np.float32)


def once(settings: dict, data, seed: int) -> dict:
    """One seed: the layer trained, with its first weights, and with random weights."""
    layer = HebbianLayer(units=UNITS, seed=seed, **settings)
    started = time.perf_counter()
    layer.fit(data.train_x)
    seconds = time.perf_counter() - started
    without = of_kind("synapse", settings["rule"]).with_(params={"eta": 0.0})
    still = {**settings, "rule": without, "epochs": 1, "batch_size": 1000}
    controls = {"accuracy_first_weights": still, "accuracy_random_weights": {**still, **RANDOM}}
    return {"seed": seed, "accuracy": score(layer, data),
            **{what: score(HebbianLayer(units=UNITS, seed=seed, **options).fit(data.train_x), data)
               for what, options in controls.items()},
            "train_seconds": seconds,
            "change_of_weights": float(np.linalg.norm(layer.weights_ - first_weights(still, data, seed))
                                       / np.linalg.norm(layer.weights_))}


def first_weights(still: dict, data, seed: int) -> np.ndarray:
    return HebbianLayer(units=UNITS, seed=seed, **still).fit(data.train_x).weights_


def study(name: str, seeds: tuple[int, ...], validate: bool) -> dict:
    data = load("mnist")
    data = validation_split(data) if validate else data
    data = replace(data, train_x=unit_length(data.train_x), test_x=unit_length(data.test_x))
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
