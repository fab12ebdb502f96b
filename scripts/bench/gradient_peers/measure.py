"""One weight update of a spiking network by backpropagation through time and Adam, in other libraries.

    .venv-gradient-peers/bin/python scripts/bench/gradient_peers/measure.py --peer norse --work csnn

The work of `plasticity bench bptt` (and `eprop`) and `plasticity bench csnn` as these libraries do it: the same sizes,
random spikes and labels. Inputs are made stronger until 5 % of the hidden neurons spike in a step. Prints one JSON
object. Run it on an otherwise idle machine, in turn with ours (scripts/bench/gradient.py).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib.metadata import version
from statistics import median

from work import LOWEST_RATE, WORKS, Work, labels, spikes

TORCH_PEERS = ("norse", "snntorch", "spikingjelly")


def starting(peer: str, work: Work, compiled: bool, threads: int) -> tuple[Callable, Callable]:
    """What answers the hidden rate, and what makes one update."""
    x, y = spikes(work), labels(work)
    if peer in TORCH_PEERS:
        from torch_updates import start

        return start(peer, work, x, y, compiled, threads)
    from spyx_networks import start

    return start(work, x, y)


def measure(peer: str, work: Work, compiled: bool, threads: int, repeats: int) -> dict:
    """Median and fastest milliseconds of forward, backward and Adam; compile_seconds are four updates before the clock.

    cpu_ms_per_step: processor time of all threads, which other programs on the machine disturb less.
    """
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    rate, update = starting(peer, work, compiled, threads)
    strength = gain(rate)
    begun = time.perf_counter()
    for _ in range(4):  # some compile again when they see what they made themselves
        update(strength)
    compiling, spent, cpu = time.perf_counter() - begun, [], time.process_time()
    for _ in range(repeats):
        begun = time.perf_counter()
        update(strength)
        spent.append(time.perf_counter() - begun)
    cpu = time.process_time() - cpu
    engine = "torch" if peer in TORCH_PEERS else "jax"
    return {"peer": peer, "version": version(peer), engine: version(engine), "compiled": compiled or engine == "jax",
            "threads": threads, **asdict(work), "work": work.name, "repeats": repeats,
            "ms_per_step": 1e3 * median(spent), "ms_per_step_fastest": 1e3 * min(spent),
            "cpu_ms_per_step": 1e3 * cpu / repeats,
            "hidden_rate": rate(strength), "input_strength": strength, "compile_seconds": compiling,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def gain(rate: Callable[[float], float]) -> float:
    """How strong an input spike must be, in steps of a factor of 1.3."""
    found = 1.0
    while found < 1e4 and rate(found) < LOWEST_RATE:
        found *= 1.3
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peer", choices=(*TORCH_PEERS, "spyx"), required=True)
    parser.add_argument("--work", choices=WORKS, default="bptt")
    parser.add_argument("--compiled", action="store_true", help="torch.compile what steps through time")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=10)
    for name in ("inputs", "hidden", "outputs", "steps", "batch", "density"):
        parser.add_argument(f"--{name}", type=float if name == "density" else int)
    given = vars(parser.parse_args())
    chosen = {name: given.pop(name) for name in ("inputs", "hidden", "outputs", "steps", "batch", "density")}
    work = replace(WORKS[given.pop("work")], **{name: value for name, value in chosen.items() if value is not None})
    print(json.dumps(measure(work=work, **given)))


if __name__ == "__main__":
    main()
