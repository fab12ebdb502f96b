"""Chooses the learning rates that `plasticity compare` uses, on training data alone.

    .venv/bin/python scripts/reproduce/compare_tuning.py            # all rules; --rules bptt,dfa for some

For each rule, every rate is tried with seed 0 on the first 5,000 training images of MNIST for 3 epochs; the accuracy is
that on the last 10,000 training images, of which nothing is learned. The rate with the highest accuracy is the one to
write into `plasticity.comparison.settings.RATES`. Writes docs/results/compare_tuning.json; rules and rates that are not
asked for keep what stands there, so that a grid can be widened where its best rate is at the edge.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import torch
from joblib import Parallel, delayed

from plasticity.cli.comparing import split
from plasticity.comparison.job import Job
from plasticity.comparison.one import train_one
from plasticity.comparison.settings import TASKS, rate_of
from plasticity.errors import PlasticityError
from plasticity.runs import write_json
from plasticity.runs.machine import machine, versions

RESULT = Path(__file__).parents[2] / "docs" / "results" / "compare_tuning.json"
RULES = ("bptt,eprop(feedback=symmetric),eprop(feedback=random),eprop(feedback=adaptive),ottt,decolle,dfa,"
         "forward_forward,cnn,mlp,drtp,feedback_alignment,ostl,sltt")
RATES = (1e-3, 2e-3, 5e-3, 1e-2)
SETTING = Job("mnist", "", 0, epochs=3, train_samples=5000, validation=True)


def tried(rule: str, rate: float) -> dict:
    """What one rate reaches."""
    torch.set_num_threads(1)
    try:
        run = train_one(replace(SETTING, rule=rule, lr=rate))
    except PlasticityError as error:
        return {"lr": rate, "accuracy": None, "error": str(error)}
    print(f"{rule} {rate:g}: {run['accuracy']:.4f}", file=sys.stderr, flush=True)
    return {"lr": rate, **{name: run[name] for name in ("accuracy", "losses", "train_seconds", "network")},
            "machine": machine()}


def chosen(runs: list[dict]) -> float | None:
    good = [one for one in runs if one["accuracy"] is not None]
    return max(good, key=lambda one: one["accuracy"])["lr"] if good else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", default=RULES)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    stored = json.loads(RESULT.read_text(encoding="utf-8"))["rules"] if RESULT.exists() else {}
    for rule in split(arguments.rules):
        before = [one for one in stored.get(rule, {}).get("tried", ()) if one["lr"] not in arguments.rates]
        runs = before + Parallel(arguments.jobs)(delayed(tried)(rule, rate) for rate in arguments.rates)
        stored[rule] = {"chosen": chosen(runs), "tried": runs, "setting": TASKS[SETTING.task]}
        write_json(RESULT, {"config": SETTING.to_dict(), "rules": stored, "versions": versions(), "machine": machine()})
    for rule, one in stored.items():
        print(f"{rule}: chosen {one['chosen']}, in the table {rate_of(rule):g}")


if __name__ == "__main__":
    main()
