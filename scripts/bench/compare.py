"""This library, BindsNET and Brian2 on the same learning network: in turn, one at a time, several rounds.

    .venv/bin/python scripts/bench/compare.py --neurons 400

Writes the raw rounds with versions and machine to docs/results/bench_stdp.json, prints a table on stderr and the ratios
as JSON on stdout. Run it on an otherwise idle machine. BindsNET runs with one thread and with all cores (which of them
wins depends on the machine), and each ratio takes its faster one. Brian2 runs in the form of its documentation (traces
in the synapses) and in a faster one (in the neurons); both ratios are given.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from turns import ROOT, machine, measured, versions, warn_if_busy, write

HERE = Path(__file__).parent
OUTPUT_SPIKES = (10, 40)  # per image: outside, the work is another one
INPUT_TOLERANCE = 0.05


@dataclass(frozen=True)
class Contender:
    """One measurement: a group of those that do the same work, who, and the command that prints its JSON."""

    group: str
    who: str
    label: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """How many times faster than a peer the library means to be."""

    group: str
    peer: str
    times: float


TARGETS = (Target("one by one", "bindsnet", 400), Target("one by one", "brian2, traces in synapses", 16),
           Target("one by one", "brian2, traces in neurons", 16), Target("batch", "bindsnet", 20))


def contenders(neurons: int, batch: int, peers: str, blocks: int) -> list[Contender]:
    """All measurements of one round, in the sequence they run."""
    ours = str(Path(sys.executable).with_name("plasticity"))
    own = (ours, "bench", "stdp", "--neurons", str(neurons), "--json")
    bindsnet = (peers, str(HERE / "bindsnet_diehl_cook.py"), "--neurons", str(neurons), "--blocks", str(blocks))
    brian2 = (sys.executable, str(HERE / "brian2_standalone.py"), "--neurons", str(neurons), "--blocks", str(blocks))
    found = [Contender("one by one", "ours", "event", (*own, "--engine", "event"))]
    for threads in sorted({1, os.cpu_count() or 1}):
        found.append(Contender("one by one", "bindsnet", f"bindsnet, threads {threads}",
                               (*bindsnet, "--batch", "1", "--threads", str(threads))))
    for traces in ("synapses", "neurons"):
        found.append(Contender("one by one", f"brian2, traces in {traces}", f"brian2 C++, traces in {traces}",
                               (*brian2, "--traces", traces)))
    if batch > 1:
        for engine in ("event", "torch"):
            found.append(Contender("batch", "ours", f"{engine}, batch {batch}",
                                   (*own, "--engine", engine, "--batch", str(batch))))
        for threads in sorted({1, os.cpu_count() or 1}):
            found.append(Contender("batch", "bindsnet", f"bindsnet, batch {batch}, threads {threads}",
                                   (*bindsnet, "--batch", str(batch), "--threads", str(threads))))
    return found


def fastest(results: Mapping[str, dict], chosen: Sequence[Contender]) -> float:
    """Milliseconds per image of the fastest of `chosen` in one round."""
    return min(results[contender.label]["ms_per_image"] for contender in chosen)


def ratios(rounds: Sequence[Mapping[str, dict]], everyone: Sequence[Contender]) -> list[dict]:
    """For each target, the ratio peer / ours in each round, and its median."""
    found = []
    for target in TARGETS:
        own = [c for c in everyone if (c.group, c.who) == (target.group, "ours")]
        peer = [c for c in everyone if (c.group, c.who) == (target.group, target.peer)]
        if own and peer:
            each = [fastest(results, peer) / fastest(results, own) for results in rounds]
            found.append({"work": target.group, "peer": target.peer, "ratio": median(each), "rounds": each,
                          "target": target.times, "reached": median(each) >= target.times})
    return found


def doubts(rounds: Sequence[Mapping[str, dict]]) -> list[str]:
    """What makes a measurement not count: too few or many output spikes, other input than the others, no learning."""
    found = set()
    usual = median(result["input_spikes_per_image"] for results in rounds for result in results.values())
    for results in rounds:
        for label, result in results.items():
            if not OUTPUT_SPIKES[0] <= result["output_spikes_per_image"] <= OUTPUT_SPIKES[1]:
                found.add(f"{label}: {result['output_spikes_per_image']:.1f} output spikes per image, not within "
                          f"{OUTPUT_SPIKES[0]} to {OUTPUT_SPIKES[1]}")
            if abs(result["input_spikes_per_image"] / usual - 1) > INPUT_TOLERANCE:
                found.add(f"{label}: {result['input_spikes_per_image']:.0f} input spikes per image, the others "
                          f"{usual:.0f}")
            if not (result.get("weights_changed") or result.get("mean_weight_change") or 0.0) > 0.0:
                found.add(f"{label}: the weights did not change")
    return sorted(found)


def table(rounds: Sequence[Mapping[str, dict]], everyone: Sequence[Contender], found: Sequence[dict]) -> list[Table]:
    """One table of times and one of ratios."""
    times = Table("work", "engine", "ms per image (median of rounds)", "output spikes per image")
    for contender in everyone:
        results = [results[contender.label] for results in rounds]
        times.add_row(contender.group, contender.label, f"{median(r['ms_per_image'] for r in results):.3g}",
                      f"{median(r['output_spikes_per_image'] for r in results):.1f}")
    faster = Table("work", "peer", "times faster", "rounds", "target")
    for ratio in found:
        faster.add_row(ratio["work"], ratio["peer"], f"{ratio['ratio']:.0f}",
                       " ".join(f"{each:.0f}" for each in ratio["rounds"]), f"{ratio['target']:.0f}")
    return [times, faster]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--neurons", type=int, default=400)
    parser.add_argument("--batch", type=int, default=32, help="mini-batch compared as well; 1 leaves it out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--blocks", type=int, default=5, help="timed blocks per measurement of a peer")
    parser.add_argument("--peers-python", default=str(ROOT / ".venv-peers/bin/python"))
    parser.add_argument("--out", type=Path, default=ROOT / "docs/results/bench_stdp.json")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if not Path(given.peers_python).exists():
        raise SystemExit(f"--peers-python {given.peers_python} does not exist; make it with: make peers")
    console, here = Console(stderr=True), machine()
    warn_if_busy(console, here)
    everyone = contenders(given.neurons, given.batch, given.peers_python, given.blocks)
    rounds = []
    for number in range(given.rounds):
        results = {}
        for contender in everyone:
            console.print(f"round {number + 1} of {given.rounds}: {contender.label}")
            results[contender.label] = measured(contender.label, contender.command)
        rounds.append(results)
    found, doubtful = ratios(rounds, everyone), doubts(rounds)
    for each in table(rounds, everyone, found):
        console.print(each)
    config = {"neurons": given.neurons, "batch": given.batch, "rounds": given.rounds, "blocks": given.blocks}
    write(given.out, {"config": config, "machine": here, "versions": versions(), "ratios": found, "doubts": doubtful,
                      "rounds": rounds})
    print(json.dumps({"neurons": given.neurons, "ratios": found, "doubts": doubtful}))
    if doubtful:
        raise SystemExit("\n".join(["these measurements do not count:", *doubtful]))


if __name__ == "__main__":
    main()
