"""Digits of scikit-learn learned from reward alone by r_stdp, beside reward by chance: docs/results/reward_digits.json.

    .venv/bin/python scripts/reproduce/reward_digits.py

One layer of 100 neurons on latency-coded pixels; the neuron that spikes first answers for its class. Threshold, rates
and coding were chosen on the last 401 training images; accuracy is that on the held-out third.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the task lives with the tests

from support.first_spikes import PER_CLASS, STEPS, UNITS, accuracy_by_reward, by_chance, by_label  # noqa: E402

from plasticity.readout.metrics import summarise  # noqa: E402
from plasticity.runs.machine import machine, versions  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    given = parser.parse_args()
    found = {name: {seed: float(accuracy_by_reward(rewarded, given.epochs, seed)) for seed in given.seeds}
             for name, rewarded in (("accuracy", by_label), ("accuracy_reward_by_chance", by_chance))}
    result = {"study": "reward_digits", "rule": "r_stdp", "settings": {"epochs": given.epochs, "units": UNITS,
              "per_class": PER_CLASS, "steps": STEPS},
              "results": {name: asdict(summarise(by_seed)) for name, by_seed in found.items()},
              "versions": versions(), "machine": machine()}
    (ROOT / "docs" / "results" / "reward_digits.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result["results"]))


if __name__ == "__main__":
    main()
