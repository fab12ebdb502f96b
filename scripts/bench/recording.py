"""What recording costs on the event engine: Brunel's network with STDP, with and without, in turns.

    .venv/bin/python scripts/bench/recording.py --neurons 1000 --seconds 10 --rounds 7

One process, one thread, float32; times are of the processor, and each is compared with the run without recording right
before it. Writes docs/results/bench_recording.json.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import turns
from recurrent import described
from recurrent_workload import DT, Brunel
from rich.console import Console

from plasticity import Network, Record, build

RESULT = turns.ROOT / "docs" / "results" / "bench_recording.json"
TARGET = 1.3  # times the run without recording, for all spikes
WARM = 0.2  # s


def records(network: Network) -> dict[str, list]:
    """What is recorded -> how it is asked for."""
    pairs = network.projection("E->E").pairs
    chosen = [(int(pairs.pre[k]), int(pairs.post[k])) for k in range(0, pairs.size, pairs.size // 100)][:100]
    return {
        "all spikes": ["E.spikes", "I.spikes"],
        "spikes of 10 neurons": [Record("E.spikes", neurons=slice(10))],
        "v of 10 neurons, every 1 ms": [Record("E.v", neurons=slice(10), every=round(1e-3 / DT))],
        "v of 10 neurons, every step": [Record("E.v", neurons=slice(10))],
        "v of all neurons, every step of 0.1 s": [Record("E.v", start=1.0, stop=1.1)],
        "100 weights, every 10 ms": [Record("E->E.w", pairs=chosen, every=round(10e-3 / DT))],
        "all weights, every 1 s": [Record("E->E.w", every=round(1.0 / DT))],
    }


def seconds(simulation, steps: int, record: list) -> tuple[float, float]:
    """(processor's seconds of a run, spikes per second of an excitatory neuron)."""
    began = time.process_time()
    ran = simulation.run(steps=steps, reset=False, record=record)
    return time.process_time() - began, float(ran.counts["E"].mean() / (steps * DT))


def measured(simulation, steps: int, asked: Mapping[str, list]) -> list[dict]:
    """A round: each record after a run without."""
    found = []
    for name, record in asked.items():
        (alone, _), (recording, rate) = (seconds(simulation, steps, each) for each in ([], record))
        found.append({"name": name, "without_s": alone, "with_s": recording, "ratio": recording / alone, "hz": rate})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    console, here = Console(stderr=True), turns.machine()
    turns.warn_if_busy(console, here)
    network = described(Brunel(asked.neurons))
    simulation, rounds = build(network, "event", dtype="float32"), []
    simulation.run(steps=round(WARM / DT), reset=False)
    for number in range(asked.rounds):
        rounds.append(measured(simulation, round(asked.seconds / DT), records(network)))
        console.print(f"round {number + 1}: " + ", ".join(f"{each['name']} {each['ratio']:.2f}" for each in rounds[-1]))
    summary = {each["name"]: {figure: float(np.median([one[k][figure] for one in rounds]))
                              for figure in ("without_s", "with_s", "ratio", "hz")} for k, each in enumerate(rounds[0])}
    turns.write(asked.out, {"what": "recording on the event engine", "neurons": asked.neurons,
                            "seconds": asked.seconds, "target": TARGET, "rounds": rounds, "summary": summary,
                            "versions": turns.versions(), "machine": here})


if __name__ == "__main__":
    main()
