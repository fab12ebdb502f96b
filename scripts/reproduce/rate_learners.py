"""Learning without backpropagation, and two baselines, on MNIST: networks of rates with one or two hidden layers.

    .venv/bin/python scripts/reproduce/rate_learners.py                 # all, seeds 0-2, one process
    .venv/bin/python scripts/reproduce/rate_learners.py mlp cnn --seeds 0 1 --jobs 2

Every learner is a method of `plasticity.methods` with the settings below, trained by Adam on all 60,000 training images
(intensities in [0, 1]); the step size falls linearly to zero. Settings were chosen with `--validate`, which trains on
the first 50,000 training images and asks for the last 10,000. The number of epochs keeps a run near a minute on one
core, far below what the papers trained for. Writes docs/results/rate_learners.json.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from _study import RESULTS, summary, write
from joblib import Parallel, delayed

from plasticity import Learner
from plasticity.datasets import load, validation_split

PUBLISHED = {"equilibrium_propagation": "97-98 %", "predictive_coding": "about 98 %", "forward_forward": "about 98.6 %",
             "cnn": "98.39 %"}
FIGURES = ("accuracy", "train_accuracy", "seconds")


@dataclass(frozen=True)
class Settings:
    """The rule, and arguments of `Learner`."""

    method: str
    epochs: int
    batch: int
    lr: float


LEARNERS: Mapping[str, Settings] = {
    "equilibrium_propagation": Settings("equilibrium_propagation(hidden=(500,))", 3, 32, 1e-3),
    "predictive_coding": Settings("predictive_coding(hidden=(500,))", 3, 64, 1e-3),
    "forward_forward": Settings("forward_forward(hidden=(500, 500))", 3, 64, 3e-3),
    "mlp": Settings("mlp(hidden=(500,))", 3, 64, 1e-3),
    "cnn": Settings("cnn", 3, 64, 3e-3),
}


def once(name: str, settings: Settings, seed: int, validate: bool, samples: int | None, device: str) -> dict:
    """One training."""
    torch.set_num_threads(1)
    data = load("mnist")
    data = (validation_split(data) if validate else data).first(samples)
    data = replace(data, train_x=data.train_x.astype(np.float32), test_x=data.test_x.astype(np.float32))
    learner = Learner(rule=settings.method, epochs=settings.epochs, batch=settings.batch, lr=settings.lr, seed=seed,
                      schedule="linear", device=device)
    begun = time.process_time()
    learner.fit(data.train_x, data.train_y)
    run = {"case": name, "seed": seed, "accuracy": learner.score(data.test_x, data.test_y),
           "train_accuracy": learner.score(data.train_x[:10_000], data.train_y[:10_000]),
           "seconds": learner.training_.seconds, "processor_seconds": time.process_time() - begun,
           "losses": learner.losses_, "parameters": sum(p.numel() for p in learner.network_.parameters())}
    print(json.dumps(run), file=sys.stderr, flush=True)
    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("learners", nargs="*", help=f"of {', '.join(LEARNERS)} (default: all)")
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    parser.add_argument("--validate", action="store_true", help="tune: ask the last 10,000 training images")
    parser.add_argument("--samples", type=int, help="only so many training images")
    parser.add_argument("--method", help="with one learner and --validate: its method with other options")
    parser.add_argument("--lr", type=float, help="likewise")
    parser.add_argument("--epochs", type=int, help="likewise")
    parser.add_argument("--jobs", type=int, default=1, help="processes, one thread each")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    chosen = {name: LEARNERS[name] for name in arguments.learners or LEARNERS}
    changes = {name: value for name, value in vars(arguments).items()
               if name in ("method", "lr", "epochs") and value is not None}
    if changes and not arguments.validate:
        parser.error("--method, --lr and --epochs are for --validate; results are made with the settings in this file")
    chosen = {name: replace(settings, **changes) for name, settings in chosen.items()}
    work = [(name, settings, seed) for seed in arguments.seeds for name, settings in chosen.items()]
    config = {"learners": {name: vars(settings) for name, settings in chosen.items()}, "schedule": "linear",
              "optimiser": "adam", "published": PUBLISHED, "train_images": arguments.samples or 60_000,
              "threads_per_run": 1, "jobs": arguments.jobs, "device": arguments.device}
    runs = []
    for run in Parallel(arguments.jobs, return_as="generator")(
            delayed(once)(*item, arguments.validate, arguments.samples, arguments.device) for item in work):
        runs.append(run)
        if not arguments.validate:
            write("rate_learners", config, runs, FIGURES, RESULTS)
    for name in chosen:
        print(name, json.dumps(summary([run for run in runs if run["case"] == name], FIGURES)))


if __name__ == "__main__":
    main()
