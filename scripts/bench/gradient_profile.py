"""Where the time of one update by gradients goes, for the three pieces of work of `gradient.py`.

    .venv/bin/python scripts/bench/gradient_profile.py

On one thread: each part's share of an update, as torch's profiler sees it (BPTT, the convolutional network), or as the
clock does between the calls (e-prop, which is one kernel). Beside it what the machine can do at most: numbers copied
and multiplied per second. Writes docs/results/profile_gradient.json.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from torch.profiler import ProfilerActivity, profile
from turns import ROOT, machine, versions, write

from plasticity._utils.memory import keep_freed
from plasticity.bench import bptt
from plasticity.bench.eprop import bench_eprop

#: what torch's profiler calls it -> the part of an update
PARTS: Mapping[str, str] = {
    "_Population": "populations with their pools and own convolutions, forwards",
    "_PopulationBackward": "populations with their pools and own convolutions, backwards",
    "_Sparse": "spikes times weights, forwards", "_SparseBackward": "gradients of weights at spikes",
    "aten::convolution_backward": "torch's convolutions, backwards",
    "aten::mkldnn_convolution": "torch's convolutions, forwards",
    "aten::mm": "matrix products", "_Leaky": "leaky readout, forwards", "_LeakyBackward": "leaky readout, backwards"}
UPDATES = 5


def shares(update: Callable[[], object]) -> dict[str, float]:
    """The share of each part in the time of updates, the largest first."""
    update()
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        for _ in range(UPDATES):
            update()
    spent: dict[str, float] = {}
    for event in seen.key_averages():
        part = PARTS.get(event.key, "everything else")
        spent[part] = spent.get(part, 0.0) + event.self_cpu_time_total
    total = sum(spent.values())
    return dict(sorted(((part, time / total) for part, time in spent.items()), key=lambda each: -each[1]))


def eprop() -> dict[str, float]:
    """The shares of the fused kernel: forwards alone, what the gradient adds, Adam."""
    found = bench_eprop(threads=1)
    parts = {"forwards": found["ms_forward"], "adjoint and gradients at spikes": found["ms_gradient"],
             "Adam": found["ms_adam"]}
    total = sum(parts.values())
    return {part: spent / total for part, spent in parts.items()}


def rates() -> dict[str, float]:
    """What one thread reaches: GB copied (read and written) and billions of float32 operations per second."""
    a, square = np.ones(1 << 25, np.float32), torch.rand(1024, 1024)
    b = np.empty_like(a)
    return {"copied_gb": 2 * a.nbytes / _fastest(lambda: np.copyto(b, a)) / 1e9,
            "multiplied_gflop": 2 * 1024**3 / _fastest(lambda: square @ square) / 1e9}


def _fastest(work: Callable[[], object], repeats: int = 7) -> float:
    spent = []
    for _ in range(repeats):
        begun = time.process_time()
        work()
        spent.append(time.process_time() - begun)
    return min(spent)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs/results/profile_gradient.json")
    out = parser.parse_args().out
    torch.set_num_threads(1)
    keep_freed()
    works = {"eprop": eprop(), "bptt": shares(bptt.layer().ready()), "csnn": shares(bptt.maps().ready())}
    write(out, {"machine": machine(), "versions": versions(), "rates": rates(), "works": works})
    print(out.read_text(encoding="utf-8"), file=sys.stderr)


if __name__ == "__main__":
    main()
