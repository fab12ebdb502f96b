"""Memory and open files stay what they are: docs/results/reliability_soak.json.

    .venv/bin/python scripts/reliability/soak.py
    .venv/bin/python scripts/reliability/soak.py --share 0.02

50,000 presentations on the event and torch engines, 5,000 updates by gradients, 200 fits of learners of each way. What
the process holds (resident memory, open files) is read ten times on the way; of a line through the later readings, the
slope over the whole length must stay below 5 % of what was held, or 4 MB.
"""

from __future__ import annotations

import gc
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import _command
import numpy as np
import torch
from _children import say
from _summary import write

from plasticity import Learner, build, networks
from plasticity._utils import memory
from plasticity.credit import GradientNetwork, LeakyReadout, cross_entropy

READINGS, SETTLED = 10, 4  # of which the first few are before everything is warm
TRAINS = np.random.default_rng(0).random((50, 50, 64)) < 0.05
X, Y = np.random.default_rng(1).random((40, 16)), np.arange(40) % 2


def presentations(engine: str) -> Callable[[], None]:
    """50 more presentations, that learn."""
    simulation = build(networks.build("diehl-cook", 64, 20).network, engine, batch=10 if engine == "torch" else 1)
    return lambda: simulation.run({"pixels": TRAINS}, record=["excitatory.spikes"])


def updates(backend: str) -> Callable[[], None]:
    """One more update of a small network."""
    network = networks.make("layers(20)").build((64,), seed=0)
    net = GradientNetwork(network, LeakyReadout(network.populations[-1].name, 3), "bptt", backend=backend)
    optimizer, x, labels = torch.optim.Adam(net.parameters()), torch.tensor(TRAINS[:8]), torch.arange(8) % 3

    def update() -> None:
        optimizer.zero_grad()
        cross_entropy()(net(x).outputs, labels).backward()
        optimizer.step()

    return update


def fits(**nouns: object) -> Callable[[], None]:
    return lambda: Learner(**nouns, epochs=1).fit(X, Y).score(X, Y)


#: what is done -> (what makes the function that is called, how often, calls that count as one)
WORK: Mapping[str, tuple[Callable[[], Callable[[], None]], int, int]] = {
    "presentations, event": (lambda: presentations("event"), 50_000, 50),
    "presentations, torch": (lambda: presentations("torch"), 50_000, 50),
    "updates, compiled": (lambda: updates("compiled"), 5_000, 1), "updates, autograd": (
        lambda: updates("autograd"), 5_000, 1),
    "fits, pair_stdp": (lambda: fits(network="diehl-cook(neurons=5, steps=10)"), 200, 1),
    "fits, soft_hebb": (lambda: fits(network="rates(5)", rule="soft_hebb"), 200, 1),
    "fits, eprop": (lambda: fits(network="layers(5)", rule="eprop", encoder="latency(steps=5)"), 200, 1),
    "fits, mlp": (lambda: fits(rule="mlp(hidden=(5,))"), 200, 1)}


def held() -> tuple[float, int]:
    """(resident MB, open files) after a collection."""
    gc.collect()
    return memory.rss_mb("VmRSS"), len([*Path("/proc/self/fd").iterdir()])


def soaked(make: Callable[[], Callable[[], None]], calls: int) -> dict:
    """Readings on the way through so many calls, and whether they stay flat."""
    do = make()
    do()
    readings = []
    for number in range(1, calls + 1):
        do()
        if number * READINGS % calls < READINGS:
            readings.append(held())
    mb, files = (np.array(each, float) for each in zip(*readings, strict=True))
    growth = {"mb": _growth(mb), "files": _growth(files)}
    return {"mb": mb.tolist(), "files": files.tolist(), "growth": growth,
            "flat": growth["mb"] < max(4.0, 0.05 * mb[-1]) and growth["files"] < 1}


def _growth(values: np.ndarray) -> float:
    """How much a line through the later readings rises over all of them."""
    settled = values[SETTLED:] if len(values) > SETTLED + 1 else values
    return float(np.polyfit(np.arange(len(settled)), settled, 1)[0] * len(values)) if len(settled) > 1 else 0.0


def main() -> None:
    asked, told = _command.asked(__doc__, share=(1.0, "of the whole length")), {}
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    for name, (make, length, each) in WORK.items():
        calls = max(READINGS, round(asked.share * length / each))
        found = told[name] = {"calls": calls * each, **soaked(make, calls)}
        say(f"{name}: {found['calls']:,}, grew by {found['growth']['mb']:.1f} MB of {found['mb'][-1]:.0f}")
        write("soak", {"share": asked.share}, {"work": told}, asked.out)
    sys.exit(not all(each["flat"] for each in told.values()))


if __name__ == "__main__":
    main()
