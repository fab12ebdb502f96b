"""One network learned by STDP, by e-prop, and by e-prop from STDP's weights, with few labels and with all of them.

    .venv/bin/python scripts/reproduce/stdp_then_eprop.py

The network of Diehl & Cook with 100 neurons and 100 steps an image: a winner in every step, adaptive thresholds,
weights normalised. STDP sees all 60,000 training images of MNIST once, without labels. Then 1 %, 10 % or all of the
labels are known (the same part for all three, classes in proportion):

    stdp            neurons are named by their responses to the images with labels
    eprop_random    e-prop learns from the images with labels, from first weights; winners, thresholds and the sum of
                    weights stay as they are (`with_rule(..., freeze=True)`)
    eprop_stdp      the same from STDP's weights and thresholds

e-prop makes the same number of updates whatever the number of labels. Its step size was chosen by --tune: seed 0, the
first 5,000 images, 200 updates, accuracy on 2,000 of the last training images, none of which was learned from: 0.03 was
best from first weights (0.692; 0.1: 0.646) and from STDP's (0.826; 0.1: 0.824). Accuracy is that on the whole test
set. Writes docs/results/stdp_then_eprop.json; combinations that the file has already are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from plasticity import Learner
from plasticity.datasets import tasks
from plasticity.errors import NetworkWarning
from plasticity.readout.metrics import summarise
from plasticity.runs.files import write_json
from plasticity.runs.machine import machine, versions

OUT = Path(__file__).parents[2] / "docs" / "results" / "stdp_then_eprop.json"
NETWORK, RULE = "diehl-cook(neurons=100, steps=100)", "eprop(feedback=symmetric)"
FRACTIONS, SEEDS, BATCH, UPDATES = (0.01, 0.1, 1.0), (0, 1, 2), 100, 600
LR = 3e-2
TRIED = (3e-2, 1e-1)


def labelled(y: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Which samples have labels: classes in proportion, drawn by the seed."""
    if fraction == 1:
        return np.arange(len(y))
    return np.sort(train_test_split(np.arange(len(y)), train_size=fraction, stratify=y, random_state=seed)[0])


def unsupervised(task: tasks.Task, seed: int) -> tuple[Learner, Learner]:
    """(learned by STDP from all images, the same network untouched)."""
    learner = Learner(NETWORK, "pair_stdp", seed=seed)
    return learner.fit(task.train_x, task.train_y), Learner(NETWORK, "pair_stdp", seed=seed).untrained(
        task.train_x[:1000], task.train_y[:1000])


def by_eprop(network, x: np.ndarray, y: np.ndarray, seed: int, lr: float = LR, updates: int = UPDATES) -> Learner:
    """e-prop for so many updates, whatever the number of samples."""
    epochs = max(1, round(updates * BATCH / len(x)))
    return Learner(network.with_rule(RULE, freeze=True), epochs=epochs, batch=min(BATCH, len(x)), lr=lr,
                   schedule="linear", seed=seed).fit(x, y)


def accuracies(task: tasks.Task, seed: int, fractions: tuple[float, ...], say) -> dict[str, dict[str, float]]:
    """fraction -> condition -> accuracy on the held-out images."""
    learned, first = unsupervised(task, seed)
    starts = {"eprop_random": first.network_, "eprop_stdp": learned.network_}
    rows = {}
    for fraction in fractions:
        part = labelled(task.train_y, fraction, seed)
        x, y = task.train_x[part], task.train_y[part]
        learned.trainer_.reading.forget()
        learned.trainer_.finish(learned.taken(x), learned._targets(x, y, None))
        row = {"stdp": learned.score(task.test_x, task.test_y)}
        for name, network in starts.items():
            row[name] = by_eprop(network, x, y, seed).score(task.test_x, task.test_y)
        rows[str(fraction)] = row
        say(f"seed {seed}, {100 * fraction:g} % of the labels: {row}")
    return rows


def tune(task: tasks.Task) -> dict[str, dict[str, float]]:
    """condition -> step size -> accuracy on held-out training images."""
    learned, first = unsupervised(task, 0)
    starts = {"eprop_random": first.network_, "eprop_stdp": learned.network_}
    x, y = task.train_x[:5000], task.train_y[:5000]
    return {name: {str(lr): by_eprop(network, x, y, 0, lr, 200).score(task.test_x, task.test_y) for lr in TRIED}
            for name, network in starts.items()}


def summary(runs: dict[str, dict]) -> dict[str, dict]:
    """fraction -> condition -> mean, spread and values over seeds."""
    return {str(fraction): {name: asdict(summarise({int(seed): run[str(fraction)][name] for seed, run in runs.items()}))
                            for name in ("stdp", "eprop_random", "eprop_stdp")} for fraction in FRACTIONS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tune", action="store_true", help="print accuracies of the step sizes; writes nothing")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    warnings.simplefilter("ignore", NetworkWarning)
    if arguments.tune:
        print(json.dumps(tune(tasks.load("mnist", test_samples=2000, validation=True))))
        return
    task = tasks.load("mnist")
    runs = json.loads(OUT.read_text(encoding="utf-8"))["runs"] if OUT.exists() else {}
    for seed in (seed for seed in arguments.seeds if str(seed) not in runs):
        runs[str(seed)] = accuracies(task, seed, FRACTIONS, lambda line: print(line, file=sys.stderr, flush=True))
        settings = {"network": NETWORK, "rule": RULE, "batch": BATCH, "updates": UPDATES, "lr": LR, "tried": TRIED,
                    "schedule": "linear", "train_samples": len(task.train_x), "test_samples": len(task.test_x)}
        write_json(OUT, {"study": "stdp_then_eprop", "settings": settings,
                         "summary": summary(runs) if set(map(str, SEEDS)) <= set(runs) else None, "runs": runs,
                         "versions": versions(), "machine": machine()})


if __name__ == "__main__":
    main()
