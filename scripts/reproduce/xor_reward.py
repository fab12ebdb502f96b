"""XOR learned from reward alone by mstdp and mstdpet, beside reward by chance: docs/results/xor_reward.json.

    .venv/bin/python scripts/reproduce/xor_reward.py

The task, network and numbers of Florian 2007, section 4.2; the discrete form of the rules, as there. Every output spike
is rewarded or punished, 200 times each of four patterns of half a second. Solved, as there: after learning the output
neuron spikes less for (1, 1) than for (0, 1) and for (1, 0). The controls are rewarded in each presentation by chance.
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
from plasticity.metrics import summarise  # noqa: E402
from plasticity.runs.machine import machine, versions  # noqa: E402

RULES = {"mstdp": rules.mstdp, "mstdpet": rules.mstdpet}


def once(name: str, chance: bool, seed: int, epochs: int) -> list[float]:
    """Rates of the output neuron after learning, Hz."""
    simulation, rng = xor.build(RULES[name], seed, form="discrete"), np.random.default_rng(seed)
    by_chance = np.random.default_rng([seed, 1])
    pays = {"rewarded": lambda _: by_chance.choice((-1, 1))} if chance else {}
    xor.learn(simulation, epochs, rng, **pays)
    return xor.rates(simulation, rng).tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seeds", type=int, nargs="+", default=range(20))
    given = parser.parse_args()
    cases = [(name, chance) for name in RULES for chance in (False, True)]
    found: dict[str, dict[int, list[float]]] = {}
    for seed in given.seeds:
        for name, chance in cases:
            case = name + ", reward by chance" * chance
            found.setdefault(case, {})[seed] = once(name, chance, seed, given.epochs)
            print(case, seed, found[case][seed], file=sys.stderr, flush=True)
        write(found, given.epochs)


def write(found: dict[str, dict[int, list[float]]], epochs: int) -> None:
    """After each seed, so that what is known is kept."""
    results = {case: {"solved": sum(xor.solved(np.array(rates)) for rates in by_seed.values()), "of": len(by_seed),
                      **{f"hz_{a}{b}": asdict(summarise({seed: rates[k] for seed, rates in by_seed.items()}))
                         for k, (a, b) in enumerate(xor.PATTERNS)}}
               for case, by_seed in found.items()}
    result = {"study": "xor_reward", "settings": {"epochs": epochs, "form": "discrete"}, "results": results,
              "versions": versions(), "machine": machine()}
    (ROOT / "docs" / "results" / "xor_reward.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
