"""XOR learned from reward alone by mstdp and mstdpet, beside reward by chance: docs/results/xor_reward.json.

    .venv/bin/python scripts/reproduce/xor_reward.py
    .venv/bin/python scripts/reproduce/xor_reward.py --rules mstdp --chance 0 --rounds 1000

The task, network and numbers of Florian 2007, section 4.2; the discrete form of the rules, as there. Every output spike
is rewarded or punished, in 200 rounds (or more) of four patterns of half a second. Solved, as there: after learning the
output neuron spikes less for (1, 1) than for (0, 1) and for (1, 0). The controls are rewarded in each presentation by
chance. Runs that the file has already are kept.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the task lives with the tests

from support import xor  # noqa: E402

from plasticity import rules  # noqa: E402
from plasticity.readout.metrics import summarise  # noqa: E402
from plasticity.runs.machine import machine, versions  # noqa: E402

OUT = ROOT / "docs" / "results" / "xor_reward.json"
RULES = {"mstdp": rules.mstdp, "mstdpet": rules.mstdpet}


def once(name: str, chance: bool, seed: int, rounds: int) -> list[float]:
    """Rates of the output neuron after learning, Hz."""
    simulation, rng = xor.build(RULES[name], seed, form="discrete"), np.random.default_rng(seed)
    by_chance = np.random.default_rng([seed, 1])
    pays = {"rewarded": lambda _: by_chance.choice((-1, 1))} if chance else {}
    xor.learn(simulation, rounds, rng, **pays)
    return xor.rates(simulation, rng).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES))
    parser.add_argument("--chance", type=int, nargs="+", choices=(0, 1), default=(0, 1), help="1: the controls")
    parser.add_argument("--seeds", type=int, nargs="+", default=range(20))
    given = parser.parse_args()
    runs = json.loads(OUT.read_text(encoding="utf-8"))["runs"] if OUT.exists() else {}
    for seed in given.seeds:
        for name in given.rules:
            for chance in given.chance:
                case = f"{name}{', reward by chance' * chance}, {given.rounds:,} rounds"
                if str(seed) not in runs.setdefault(case, {}):  # what is there goes on
                    runs[case][str(seed)] = once(name, bool(chance), seed, given.rounds)
                    print(case, seed, runs[case][str(seed)], file=sys.stderr, flush=True)
                    write(runs)


def write(runs: dict[str, dict[str, list[float]]]) -> None:
    """After each run, so that what is known is kept. runs: case -> seed -> rates."""
    results = {case: {"solved": sum(xor.solved(np.array(rates)) for rates in by_seed.values()), "of": len(by_seed),
                      **{f"hz_{a}{b}": asdict(summarise({int(seed): rates[k] for seed, rates in by_seed.items()}))
                         for k, (a, b) in enumerate(xor.PATTERNS)}}
               for case, by_seed in runs.items()}
    result = {"study": "xor_reward", "settings": {"form": "discrete"}, "results": results, "runs": runs,
              "versions": versions(), "machine": machine()}
    OUT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
