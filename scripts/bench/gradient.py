"""Gradient rules of this library and BPTT in norse, snntorch, spikingjelly and spyx: in turn, several rounds.

    .venv/bin/python scripts/bench/gradient.py

Two pieces of work (scripts/bench/gradient_peers/work.py): an update of a recurrent layer, for which ours are e-prop and
backpropagation through time, and one of a convolutional network. Writes the raw rounds with versions and machine to
docs/results/bench_gradient.json, prints tables on stderr and the ratios as JSON on stdout. Run it on an otherwise idle
machine. The libraries on torch run as they are and with torch.compile, and each round takes the faster one. All
processes have the same threads, and their C library keeps freed memory, as ours do.
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

MEASURE = Path(__file__).parent / "gradient_peers/measure.py"
KEEP_FREED = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str((1 << 31) - 1)}
RATES = (0.04, 0.14)  # hidden spikes per step: outside, the work is another one
QUICK = {"batch": 16, "steps": 10, "repeats": 2}


@dataclass(frozen=True)
class Contender:
    """One measurement: what work, who ("ours: RULE" or a peer), and the command that prints its JSON."""

    work: str
    who: str
    label: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """Ours may take at most `most` of the time of the fastest of `peers`."""

    work: str
    ours: str
    peers: tuple[str, ...]
    most: float


PEERS = ("norse", "snntorch", "spikingjelly", "spyx")
TARGETS = (Target("bptt", "ours: eprop", PEERS, 0.14), Target("bptt", "ours: bptt", PEERS, 0.4),
           Target("csnn", "ours: csnn", PEERS, 0.5))


def contenders(peers_python: str, threads: int, quick: bool) -> list[Contender]:
    """All measurements of one round, in the sequence they run."""
    sizes = [text for name, value in (QUICK if quick else {}).items() for text in (f"--{name}", str(value))]
    sizes += ["--threads", str(threads)]
    ours, found = str(Path(sys.executable).with_name("plasticity")), []
    for work, rules in (("bptt", ("eprop", "bptt")), ("csnn", ("csnn",))):
        found += [Contender(work, f"ours: {rule}", f"ours: {rule}", (ours, "bench", rule, "--json", *sizes))
                  for rule in rules]
        for peer in PEERS:
            command = (peers_python, str(MEASURE), "--peer", peer, "--work", work, *sizes)
            found.append(Contender(work, peer, f"{peer}, {work}", command))
            if not (quick or peer == "spyx"):  # which always compiles
                found.append(Contender(work, peer, f"{peer} compiled, {work}", (*command, "--compiled")))
    return found


def fastest(results: Mapping[str, dict], everyone: Sequence[Contender], work: str, who: Sequence[str]) -> float:
    """Milliseconds per update of the fastest of `who` in one round."""
    return min(results[each.label]["ms_per_step"] for each in everyone if each.work == work and each.who in who)


def ratios(rounds: Sequence[Mapping[str, dict]], everyone: Sequence[Contender]) -> list[dict]:
    """For each target, the ratio ours / fastest peer in each round, and its median."""
    found = []
    for target in TARGETS:
        each = [fastest(results, everyone, target.work, (target.ours,))
                / fastest(results, everyone, target.work, target.peers) for results in rounds]
        found.append({"work": target.work, "ours": target.ours, "peers": target.peers, "ratio": median(each),
                      "rounds": each, "target": target.most, "reached": median(each) <= target.most})
    return found


def doubts(rounds: Sequence[Mapping[str, dict]]) -> list[str]:
    """What makes a measurement not count: too few or many hidden spikes."""
    return sorted({f"{label}: {result['hidden_rate']:.3f} hidden spikes per step, not within {RATES[0]} to {RATES[1]}"
                   for results in rounds for label, result in results.items()
                   if not RATES[0] <= result["hidden_rate"] <= RATES[1]})


def tables(rounds: Sequence[Mapping[str, dict]], everyone: Sequence[Contender], found: Sequence[dict]) -> list[Table]:
    """One table of times and one of ratios."""
    times = Table("work", "who", "ms per update (median of rounds)", "peak MB", "hidden rate")
    for each in everyone:
        results = [results[each.label] for results in rounds]
        times.add_row(each.work, each.label, *(f"{median(result[name] for result in results):.3g}"
                                               for name in ("ms_per_step", "peak_mb", "hidden_rate")))
    shares = Table("work", "ours", "share of the fastest peer's time", "rounds", "target")
    for ratio in found:
        shares.add_row(ratio["work"], ratio["ours"], f"{ratio['ratio']:.3f}",
                       " ".join(f"{each:.3f}" for each in ratio["rounds"]), f"{ratio['target']:.3f}")
    return [times, shares]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--quick", action="store_true",
                        help="small sizes, nothing compiled by torch: only to see that it runs; no file")
    parser.add_argument("--peers-python", default=str(ROOT / ".venv-gradient-peers/bin/python"))
    parser.add_argument("--out", type=Path, default=ROOT / "docs/results/bench_gradient.json")
    return parser.parse_args()


def main() -> None:
    given = arguments()
    if not Path(given.peers_python).exists():
        raise SystemExit(f"--peers-python {given.peers_python} does not exist; make it with: make gradient-peers")
    console, here = Console(stderr=True), machine()
    warn_if_busy(console, here)
    everyone, rounds = contenders(given.peers_python, given.threads, given.quick), []
    for number in range(given.rounds):
        results = {}
        for each in everyone:
            console.print(f"round {number + 1} of {given.rounds}: {each.label}")
            results[each.label] = measured(each.label, each.command, KEEP_FREED)
        rounds.append(results)
    found, doubtful = ratios(rounds, everyone), doubts(rounds)
    for each in tables(rounds, everyone, found):
        console.print(each)
    if not given.quick:
        write(given.out, {"config": {"rounds": given.rounds, "threads": given.threads}, "machine": here,
                          "versions": versions(), "ratios": found, "doubts": doubtful, "rounds": rounds})
    print(json.dumps({"ratios": found, "doubts": doubtful}))
    if doubtful and not given.quick:
        raise SystemExit("\n".join(["these measurements do not count:", *doubtful]))


if __name__ == "__main__":
    main()
