"""How the updates of gradient rules stand to backpropagation through time while a network learns.

    .venv/bin/python scripts/reproduce/alignment.py            # layers: two hidden layers; --study recurrent

Each rule trains a network of its own, with the settings of `plasticity compare` but one learning rate for all, on the
first 5,000 training images; accuracy is that on the first 2,000 of the last 10,000. Every so many updates its update is
held against that of BPTT with the same weights and samples: the cosine between them, and its length relative to
BPTT's, for every layer. Writes docs/results/alignment_STUDY.json and the figure docs/results/alignment_STUDY.png.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from plasticity import plots
from plasticity.comparison.candidates import candidate
from plasticity.comparison.job import Job
from plasticity.comparison.operations import AlignmentRecorder
from plasticity.plots.alignment import alignment
from plasticity.runs import write_json
from plasticity.runs.machine import machine, versions

RESULTS = Path(__file__).parents[2] / "docs" / "results"
RULES = ("eprop(feedback=symmetric)", "eprop(feedback=random)", "eprop(feedback=adaptive)", "ottt", "decolle", "dfa",
         "feedback_alignment", "sltt")
COMMON = {"lr": 5e-3, "test_samples": 2000, "validation": True}
STUDIES = {
    "layers": Job("mnist", "", epochs=2, train_samples=5000, **COMMON),
    "recurrent": Job("mnist", "", network="recurrent(200)", epochs=2, train_samples=5000, **COMMON),
}
EVERY = 10


def followed(job: Job) -> dict:
    """One rule and seed: lines of a recorder, and the accuracy reached."""
    task = job.load()
    compared = candidate(job, task)
    learner, recorder = compared.learner, AlignmentRecorder(compared.learner, EVERY)
    learner.fit(compared.shaped(task.train_x), task.train_y, callback=recorder)
    accuracy = learner.score(compared.shaped(task.test_x), task.test_y)
    print(f"{job.rule}, seed {job.seed}: {100 * accuracy:.2f} %, {recorder.mean()}", file=sys.stderr, flush=True)
    return {"rule": job.rule, "seed": job.seed, "lr": learner.lr, "accuracy": accuracy, "lines": recorder.lines}


def curves(runs: list[dict]) -> dict[str, dict[str, np.ndarray]]:
    """parameter -> rule -> [points, 3]: update, mean over seeds of cosine and of norm."""
    by_name: dict[str, dict[str, np.ndarray]] = {}
    for rule in dict.fromkeys(run["rule"] for run in runs):
        lines = [line for run in runs if run["rule"] == rule for line in run["lines"]]
        for name in dict.fromkeys(line["parameter"] for line in lines):
            updates = sorted({line["update"] for line in lines if line["parameter"] == name})
            by_name.setdefault(name, {})[rule] = np.array([[update, *np.mean(
                [(line["cosine"], line["norm"]) for line in lines
                 if line["parameter"] == name and line["update"] == update], 0)] for update in updates])
    return by_name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", choices=STUDIES, default="layers")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    shared = STUDIES[arguments.study]
    runs = [followed(replace(shared, rule=rule, seed=seed)) for rule in RULES for seed in range(arguments.seeds)]
    shown = {name: one for name, one in curves(runs).items() if name.startswith("weights.")}
    figure = plots.save(alignment(shown), RESULTS / f"alignment_{arguments.study}.png")
    summary = {rule: {name.removeprefix("weights."): {
        "cosine": float(points[rule][:, 1].mean()), "norm": float(points[rule][:, 2].mean())}
        for name, points in shown.items() if rule in points} for rule in RULES}
    write_json(RESULTS / f"alignment_{arguments.study}.json", {
        "study": f"alignment_{arguments.study}", "summary": summary, "curves": curves(runs),
        "accuracy": {rule: [run["accuracy"] for run in runs if run["rule"] == rule] for rule in RULES},
        "config": {**shared.to_dict(), "every": EVERY, "seeds": list(range(arguments.seeds)), "reference": "bptt",
                   "lr": {run["rule"]: run["lr"] for run in runs}},
        "versions": versions(), "machine": machine()})
    print(figure)


if __name__ == "__main__":
    main()
