"""Sequences classified by one spiking network under several gradient rules: what the studies of this folder share.

Every rule gets the same network, first weights, data, order of samples and number of epochs; only the learning rate is
its own, chosen on the validation part of the training data by `--validate`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from _study import RESULTS, finished, to_do, write

from plasticity.datasets import Dataset, validation_split
from plasticity.learner.gradient import GradientClassifier
from plasticity.network.builders import lsnn_network
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.rules.credit import bptt, decolle, eprop, ottt
from plasticity.rules.paths import GradientRule

#: case -> rule
RULES: Mapping[str, GradientRule] = {
    "bptt": bptt(), "eprop symmetric": eprop("symmetric"), "eprop random": eprop("random"), "ottt": ottt(),
    "decolle": decolle()}
FIGURES = ("accuracy", "train_accuracy", "below_bptt", "train_seconds", "spikes_per_sample")


@dataclass(frozen=True)
class Study:
    """name: of the file. data: loads it. held_out: training samples of the validation part, the last ones.

    network, neuron, training: arguments of `lsnn_network`, `lsnn_neuron` and `GradientClassifier`. rates: case ->
    learning rate. train_samples: only so many of the first training samples (None: all).
    """

    name: str
    data: Callable[[], Dataset]
    held_out: int
    network: Mapping[str, float]
    neuron: Mapping[str, float]
    training: Mapping[str, object]
    rates: Mapping[str, float]
    train_samples: int | None = None

    @property
    def config(self) -> dict:
        return {"network": dict(self.network), "neuron": dict(self.neuron), "training": dict(self.training),
                "learning_rates": dict(self.rates), "train_samples": self.train_samples}


def learner(study: Study, case: str, rate: float, seed: int) -> GradientClassifier:
    """The classifier of a case; the seed decides first weights, feedback and the order of samples."""
    network = partial(_network, study=study, seed=seed)
    return GradientClassifier(RULES[case], network, lr=rate, seed=seed, **study.training)


def _network(n_inputs: int, study: Study, seed: int):
    return lsnn_network(n_inputs, neuron=lsnn_neuron(**study.neuron), seed=seed, **study.network)


def once(study: Study, data: Dataset, case: str, rate: float, seed: int) -> dict:
    """One run: what it reached on the held-out part."""
    started, made = time.perf_counter(), learner(study, case, rate, seed)
    made.fit(data.train_x.astype(np.float32), data.train_y)
    seconds, test = time.perf_counter() - started, data.test_x.astype(np.float32)
    some = slice(min(1000, len(data.train_x)))
    return {"case": case, "seed": seed, "learning_rate": rate, "accuracy": float(made.score(test, data.test_y)),
            "train_accuracy": float(made.score(data.train_x[some].astype(np.float32), data.train_y[some])),
            "train_samples": len(data.train_x), "train_seconds": seconds,
            "spikes_per_sample": sum(made.spikes_per_sample(test[:200]).values()),
            "backend": made.network_.why_not_compiled or "compiled"}


def compared(runs: list[dict]) -> list[dict]:
    """Runs with the distance to BPTT of the same seed, in points of accuracy."""
    exact = {run["seed"]: run["accuracy"] for run in runs if run["case"] == "bptt"}
    return [{**run, "below_bptt": 100 * (exact[run["seed"]] - run["accuracy"])} if run["seed"] in exact else run
            for run in runs]


def tune(study: Study, cases: list[str], rates: list[float], seed: int = 0) -> None:
    """Accuracy on the validation part for every learning rate, on stderr."""
    data = validation_split(study.data(), study.held_out).first(study.train_samples)
    for case in cases:
        for rate in rates:
            print(once(study, data, case, rate, seed), file=sys.stderr, flush=True)


def run(study: Study, cases: list[str], seeds: list[int]) -> None:
    """All cases and seeds that docs/results/NAME.json lacks."""
    data, runs = study.data().first(study.train_samples), finished(study.name, study.config)
    for case, seed in to_do(runs, cases, seeds):
        runs.append(once(study, data, case, study.rates[case], seed))
        print(runs[-1], file=sys.stderr, flush=True)
        runs = compared(runs)
        write(study.name, study.config, runs, FIGURES)
    print(RESULTS / f"{study.name}.json")


def main(study: Study, words: str) -> None:
    parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(study.rates)}; default: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--validate", type=float, nargs="+", metavar="RATE", help="tune: try these learning rates")
    given = parser.parse_args()
    cases = given.cases or list(study.rates)
    if given.validate:
        tune(study, cases, given.validate)
    else:
        run(study, cases, given.seeds)
