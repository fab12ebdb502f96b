"""A converted network that learns on in spikes, by e-prop or OTTT: what that mends where conversion loses.

    .venv/bin/python scripts/reproduce/softlif_tuned.py

A network of soft LIF units, 784-500-200-10, learns a part of MNIST in rates, becomes spiking LIF neurons in coarse
steps and with little time to answer, and then sees some of the same digits again and learns on in spikes: its last
layer by e-prop, or all layers by OTTT. Asked about digits held out of the training part: in rates, as spikes, and
after learning on; beside it the same spiking neurons that learn by OTTT alone, from first weights. Writes
docs/results/softlif_tuned.json after each run; an interrupted call goes on.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import _study as study

from plasticity import Learner, convert, networks
from plasticity.comparison.nouns import shaped
from plasticity.datasets import tasks
from plasticity.network.network import Network

NAME = "softlif_tuned"
UNIT = "softlif(gamma=0.03, amplitude=0.0159, bias=1)"
CONFIG = {"network": f"layers(500, 200, 10, neuron='{UNIT}', bias=True)", "train_samples": 10000, "test_samples": 1000,
          "static": {"rule": "bptt", "encoder": "current(steps=4)", "readout": "counts(layer3, last=1)",
                     "loss": "cumulative_cross_entropy(last=1)", "epochs": 6, "batch": 100, "lr": 1e-3,
                     "schedule": "cosine"},
          "spiking": {"encoder": "current(steps=60)", "readout": "counts(layer3, last=40)",
                      "loss": "cumulative_cross_entropy(last=40)", "batch": 100, "lr": 2e-4, "schedule": "cosine"},
          "dt": 1e-3, "seconds": 0.06, "last": 0.04, "tuned": {"samples": 4000, "epochs": 2}}
FIGURES = ("static", "converted", "eprop", "ottt", "ottt_alone")


def learned(network: Network | str, settings: dict, task: tasks.Task, samples: int, epochs: int, seed: int) -> Learner:
    """A learner that has seen so many samples."""
    asked = {**settings, "epochs": epochs, "seed": seed}
    return Learner(network, **asked).fit(shaped(task, task.train_x[:samples]), task.train_y[:samples])


def below_frozen(network: Network) -> Network:
    """The same network, of which only the last population learns: e-prop passes no credit from layer to layer."""
    last = network.populations[-1].name
    return network.with_(projections=tuple(replace(each, frozen=each.post != last) for each in network.projections))


def score(learner: Learner, task: tasks.Task) -> float:
    return float(learner.score(shaped(task, task.test_x), task.test_y))


def run(seed: int) -> dict:
    """One network in its four forms."""
    task = tasks.load("mnist", CONFIG["train_samples"], CONFIG["test_samples"], True, seed)
    static, spiking, tuned = CONFIG["static"], CONFIG["spiking"], CONFIG["tuned"]
    rates = learned(CONFIG["network"], static, task, CONFIG["train_samples"], static["epochs"], seed)
    first = networks.make(CONFIG["network"]).build(task.train_x.shape[1:], seed=seed)
    converted, x = convert(rates, CONFIG["dt"]), shaped(task, task.test_x)
    answered = converted.run(x, CONFIG["seconds"], CONFIG["last"]).outputs.argmax(1)
    found = {"static": score(rates, task), "converted": float((rates.classes_[answered] == task.test_y).mean())}
    alone = convert(first, CONFIG["dt"]).hearing
    for name, network, rule in (("eprop", below_frozen(converted.hearing), "eprop"),
                                ("ottt", converted.hearing, "ottt"), ("ottt_alone", alone, "ottt")):
        learner = learned(network, {**spiking, "rule": rule}, task, tuned["samples"], tuned["epochs"], seed)
        found[name] = score(learner, task)
    return {"case": "mnist", "seed": seed, **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    runs = study.finished(NAME, CONFIG)
    for _, seed in study.to_do(runs, ("mnist",), range(parser.parse_args().seeds)):
        runs.append(run(seed))
        print(runs[-1], flush=True)
        study.write(NAME, CONFIG, runs, FIGURES)


if __name__ == "__main__":
    main()
