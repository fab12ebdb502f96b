"""Times Brunel's network with STDP, a simulated second: the event engine beside Brian2's C++, in turns.

    .venv/bin/python scripts/bench/recurrent.py --neurons 1000 4000 --rounds 5

Every contender builds the network of recurrent_workload.py in a process of its own, with one thread, and runs it for
0.2 s to warm up before the second that is timed (of Brian2 the loop over both is known, of which the second is a
share). They draw connections and spikes from outside by their own generators, so rates are told beside times. Brian2
keeps the traces of STDP in the neurons, or in the synapses as its documentation has it.
Writes docs/results/bench_recurrent.json.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import turns
from recurrent_workload import (
    A_MINUS,
    A_PLUS,
    DELAY,
    DT,
    INHIBITION,
    REFRACTORY,
    RESET,
    TAU,
    TAU_STDP,
    THRESHOLD,
    W_MAX,
    Brunel,
)
from rich.console import Console

if TYPE_CHECKING:
    from plasticity import Network

RESULT = turns.ROOT / "docs" / "results" / "bench_recurrent.json"
ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
WARM, TIMED = 0.2, 1.0  # s


def described(size: Brunel) -> Network:
    """Brunel's network in the library's words."""
    from plasticity import Network, Population, Projection, neurons

    cell = neurons.lif("delta", TAU, 0.0, RESET, THRESHOLD, REFRACTORY)
    (rate, strength), (excitatory, inhibitory) = size.outside, size.in_degree
    stdp = f"pair_stdp(a_plus={A_PLUS}, a_minus={A_MINUS}, tau_plus={TAU_STDP}, tau_minus={TAU_STDP}, w_max={W_MAX})"
    sizes = {"E": size.excitatory, "I": size.inhibitory}

    def onto(pre: str, post: str, k: int, weight: float, rule: str | None = None) -> Projection:
        return Projection(pre, post, weight, f"fixed_in_degree(k={k})", onto="v", scale=size.coupling,
                          axonal_delay=DELAY, rule=rule)

    return Network(
        populations=tuple(part for name, n in sizes.items() for part in (
            Population(name, n, cell), Population(f"outside {name}", n, neurons.poisson(rate)))),
        projections=(onto("E", "E", excitatory, 1.0, stdp), onto("E", "I", excitatory, 1.0),
                     onto("I", "E", inhibitory, -INHIBITION), onto("I", "I", inhibitory, -INHIBITION),
                     *(Projection(f"outside {name}", name, strength, "one_to_one", onto="v") for name in sizes)), dt=DT)


def event(size: Brunel) -> dict:
    """The library's event engine, in float32."""
    from plasticity import build

    began = time.perf_counter()
    network = described(size)
    simulation = build(network, "event", dtype="float32")
    built = time.perf_counter() - began
    simulation.run(steps=round(WARM / DT), reset=False)
    began = time.perf_counter()
    ran = simulation.run(steps=round(TIMED / DT), reset=False)
    seconds = time.perf_counter() - began
    w = simulation.get("E->E.w")
    return {"seconds": seconds, "build": built, "rate": float(ran.counts["E"].mean() / TIMED),
            "weight": float(w.mean()), "synapses": sum(each.pairs.size for each in network.projections if each.pairs)}


def brian2(size: Brunel, traces: str, folder: str) -> dict:
    """Brian2 as a C++ program of one thread; what it reports is the time of the simulation loop alone."""
    import brian2 as b2
    from brian2 import NeuronGroup, PoissonInput, Synapses, second, volt

    began = time.perf_counter()
    b2.set_device("cpp_standalone", build_on_run=False, directory=folder)
    b2.defaultclock.dt = DT * second
    own = {"tau": TAU * second, "ts": TAU_STDP * second, "th": THRESHOLD * volt, "reset_to": RESET * volt,
           "step": size.coupling * volt, "a_plus": A_PLUS, "a_minus": A_MINUS, "w_max": W_MAX, "g": INHIBITION}
    in_neurons = traces == "neurons"
    trace = "\ndx/dt = -x/ts : 1\ndy/dt = -y/ts : 1" if in_neurons else ""
    cells = NeuronGroup(size.neurons, f"dv/dt = -v/tau : volt (unless refractory){trace}", threshold="v > th",
                        reset="v = reset_to" + ("; x += 1; y += 1" if in_neurons else ""),
                        refractory=REFRACTORY * second, method="exact", namespace=own)
    rate, strength = size.outside
    outside = PoissonInput(cells, "v", 1, rate * b2.Hz, strength * volt)
    parts, (excitatory, inhibitory) = [cells, outside], size.in_degree
    e, i = cells[:size.excitatory], cells[size.excitatory:]
    rng = np.random.default_rng(0)
    equations = "" if in_neurons else ("\ndx/dt = -x/ts : 1 (event-driven)\ndy/dt = -y/ts : 1 (event-driven)")
    on_pre = "v_post += w*step; w = clip(w - a_minus*y_post, 0, w_max)" if in_neurons else \
        "v_post += w*step; x += 1; w = clip(w - a_minus*y, 0, w_max)"
    on_post = "w = clip(w + a_plus*x_pre, 0, w_max)" if in_neurons else "y += 1; w = clip(w + a_plus*x, 0, w_max)"
    plastic = None
    for pre, post, k, text in ((e, e, excitatory, None), (e, i, excitatory, "v_post += step"),
                               (i, e, inhibitory, "v_post -= g*step"), (i, i, inhibitory, "v_post -= g*step")):
        synapses = Synapses(pre, post, f"w : 1{equations}" if text is None else "", on_pre=on_pre if text is None else
                            text, on_post=on_post if text is None else None, namespace=own, delay=DELAY * second)
        n_pre, n_post = len(pre), len(post)
        chosen = np.concatenate([rng.choice(n_pre, k, replace=False, shuffle=False) for _ in range(n_post)])
        synapses.connect(i=chosen, j=np.repeat(np.arange(n_post), k))
        if text is None:
            synapses.w, plastic = 1.0, synapses
        parts.append(synapses)
    counter = b2.SpikeMonitor(e, record=False)
    network = b2.Network(*parts, counter)
    network.run(WARM * second)
    network.run(TIMED * second, profile=False)
    device = b2.get_device()
    device.build(directory=folder, compile=True, run=True, with_output=False)
    ran = device._last_run_time
    return {"seconds": ran * TIMED / (TIMED + WARM), "build": time.perf_counter() - began - ran,
            "rate": counter.num_spikes / size.excitatory / (TIMED + WARM), "weight": float(np.mean(plastic.w[:])),
            "synapses": sum(map(len, parts[2:]))}


def compiled(size: Brunel, traces: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        return brian2(size, traces, folder)


CONTENDERS = {"event": event, "brian2, traces in neurons": lambda size: compiled(size, "neurons"),
              "brian2, traces in synapses": lambda size: compiled(size, "synapses")}


def child(name: str, neurons: int) -> None:
    """One contender in this process: its figures as JSON on the last line."""
    import json

    found = CONTENDERS[name](Brunel(neurons))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(json.dumps({**found, "peak_mb": peak}))


def summary(rounds: list[Mapping]) -> dict:
    """Medians of each contender, and of each round's ratio to the event engine."""
    names = {run["name"]: None for run in rounds[0]}
    of = {name: [next(run for run in each if run["name"] == name) for each in rounds] for name in names}
    return {name: {figure: float(np.median([run[figure] for run in runs])) for figure in
                   ("seconds", "build", "rate", "peak_mb", "synapses")} |
            {"times_event": float(np.median([run["seconds"] / own["seconds"]
                                             for run, own in zip(runs, of["event"], strict=True)]))}
            for name, runs in of.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--neurons", type=int, nargs="+", default=[1000, 4000, 10000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=[*CONTENDERS])
    parser.add_argument("--child", nargs=2, metavar=("NAME", "NEURONS"), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child[0], int(asked.child[1]))
        return
    console, here = Console(stderr=True), turns.machine()
    turns.warn_if_busy(console, here)
    found = {}
    for neurons in asked.neurons:
        rounds = []
        for number in range(asked.rounds):
            rounds.append([{"name": name, **turns.measured(
                name, [sys.executable, __file__, "--child", name, str(neurons)], {**os.environ, **ONE_THREAD})}
                for name in asked.only])
            console.print(f"{neurons} neurons, round {number + 1}: "
                          + ", ".join(f"{run['name']} {run['seconds']:.2f} s at {run['rate']:.1f} Hz"
                                      for run in rounds[-1]))
        found[neurons] = {"rounds": rounds, "summary": summary(rounds)}
        turns.write(asked.out, {"what": "Brunel's network with STDP, one simulated second", "sizes": found,
                                "versions": turns.versions(), "machine": here})


if __name__ == "__main__":
    main()
