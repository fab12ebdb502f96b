"""Memory and time of one gradient against the number of steps T: online e-prop, the e-prop kernel, and BPTT.

    .venv/bin/python scripts/bench/memory_time.py

One sample of Poisson spikes through 100 inputs and 100 recurrent adaptive neurons, cross-entropy in every step. Every
number comes from a process of its own. peak_mb is the most memory it held above what it held when libraries and network
were loaded and a gradient of 20 steps had been computed. Input spikes are drawn step by step; the online form takes
them so, the others need them all, and that they hold them is part of their memory. Seconds are the least of the
repeats, memory their median. Writes docs/results/memory_time.json after every row.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parents[2] / "docs" / "results"
INPUTS, NEURONS, CLASSES, DENSITY, BETA = 100, 100, 5, 0.05, 0.07
STEPS, FIRST = (100, 1_000, 10_000), 20


def steps_of(steps: int) -> Iterator[np.ndarray]:
    """Input spikes, bool [1, INPUTS] at a time."""
    rng = np.random.default_rng(0)
    return (rng.random((1, INPUTS)) < DENSITY for _ in range(steps))


def network(rule: str, backend: str):
    from plasticity.engines.gradient.network import GradientNetwork
    from plasticity.network.builders import recurrent_network
    from plasticity.neurons.lsnn import lsnn_neuron
    from plasticity.readout.leaky import LeakyReadout

    described = recurrent_network(INPUTS, NEURONS, lsnn_neuron(tau=20e-3, tau_a=0.2, beta=BETA), seed=1)
    return GradientNetwork(described, LeakyReadout("rec", CLASSES), rule, backend=backend, seed=1)


def online() -> Callable[[int], float]:
    import torch

    from plasticity.engines.gradient.losses import cross_entropy
    from plasticity.engines.gradient.online import online_gradients

    net = network("eprop", "autograd")

    def gradient(steps: int) -> float:
        loss, _ = online_gradients(net, (torch.from_numpy(x) for x in steps_of(steps)), torch.tensor([1]),
                                   cross_entropy(), steps)
        return loss

    return gradient


def back_in_time(rule: str, backend: str) -> Callable[[int], float]:
    import torch

    from plasticity.engines.gradient.losses import cross_entropy

    net = network(rule, backend)

    def gradient(steps: int) -> float:
        net.zero_grad()
        x = torch.from_numpy(np.stack(list(steps_of(steps)), 1))
        loss = cross_entropy()(net(x).outputs, torch.tensor([1]))
        loss.backward()
        return loss.item()

    return gradient


def kernel() -> Callable[[int], float]:
    from plasticity.encoding import imposed
    from plasticity.engines.gradient import fused

    net = network("eprop", "autograd")
    weights = fused.Weights(*(net.get_parameter(name).detach().numpy() for name in
                              ("weights.in->rec", "weights.rec->rec", "readouts.rec")))
    layer = fused.Layer(tau=20e-3, threshold=0.6, tau_a=0.2, beta=BETA)  # as lsnn_neuron's default

    def gradient(steps: int) -> float:
        late = [np.zeros((1, INPUTS), bool), *steps_of(steps - 1)]  # the kernel has no step between input and membrane
        x = imposed(np.stack(late, 1))
        return float(fused.gradient(layer, weights, x, np.array([1]), threads=1).loss.mean()) / steps

    return gradient


METHODS: Mapping[str, Callable[[], Callable[[int], float]]] = {
    "eprop online": online,
    "eprop kernel": kernel,
    "eprop back in time": lambda: back_in_time("eprop", "compiled"),
    "bptt compiled": lambda: back_in_time("bptt", "compiled"),
    "bptt autograd": lambda: back_in_time("bptt", "autograd"),
}


def measure(method: str, steps: int) -> dict[str, float]:
    """In this process."""
    import torch

    from plasticity._utils import memory

    torch.set_num_threads(1)
    gradient = METHODS[method]()
    gradient(FIRST)
    memory.forget_peak()
    before, begun = memory.rss_mb("VmRSS"), time.perf_counter()
    loss = gradient(steps)
    return {"seconds": time.perf_counter() - begun, "peak_mb": memory.rss_mb("VmHWM") - before, "loss": loss}


def apart(method: str, steps: int, repeats: int) -> dict[str, object]:
    """In processes of its own, one after the other."""
    command = [sys.executable, __file__, "--one", method, "--steps", str(steps)]
    found = [json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
             for _ in range(repeats)]
    return {"method": method, "steps": steps, "seconds": min(one["seconds"] for one in found),
            "peak_mb": float(np.median([one["peak_mb"] for one in found])),
            "peak_mb_all": [one["peak_mb"] for one in found], "loss": found[0]["loss"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", choices=METHODS, help=argparse.SUPPRESS)
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS)
    parser.add_argument("--methods", nargs="+", choices=METHODS, help="these anew; the other rows stay (default: all)")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one, given.steps[0])))
        return
    stored = json.loads((RESULTS / "memory_time.json").read_text(encoding="utf-8"))["rows"] if given.methods else []
    rows = [row for row in stored if row["method"] not in given.methods]
    for method in given.methods or METHODS:
        for steps in given.steps:
            rows.append(apart(method, steps, given.repeats))
            print("{method:20s} {steps:6d} steps {seconds:8.3f} s {peak_mb:8.1f} MB".format(**rows[-1]), flush=True)
            write(rows, given.repeats)


def write(rows: list[dict], repeats: int) -> None:
    from plasticity.runs import write_json
    from plasticity.runs.machine import machine, versions

    write_json(RESULTS / "memory_time.json", {
        "rows": rows, "config": {"inputs": INPUTS, "neurons": NEURONS, "classes": CLASSES, "density": DENSITY,
                                 "beta": BETA, "batch": 1, "repeats": repeats, "first": FIRST, "threads": 1},
        "versions": versions(), "machine": machine()})


if __name__ == "__main__":
    main()
