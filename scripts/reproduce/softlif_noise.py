"""How much of a rate network's accuracy its spiking twin keeps, by the softness and the noise it was trained with.

    .venv/bin/python scripts/reproduce/softlif_noise.py

The network of `plasticity reproduce softlif-spiking`, trained for a few passes over a part of MNIST: with rates of
different softness `gamma` (towards 0 the rate of a LIF neuron, whose slope has no bound at the threshold), and with
normal noise on the currents. Each is asked about digits held out of the training part as it is, and as spiking LIF
neurons. Writes docs/results/softlif_noise.json after each run, and its picture; an interrupted call goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import _study as study
from _figures import panels, with_spread

from plasticity import Learner, plots
from plasticity.comparison.nouns import shaped
from plasticity.comparison.run import LEARNER
from plasticity.reproduction import ROWS
from plasticity.reproduction.reproduce import one

NAME = "softlif_noise"
UNIT = "softlif(gamma={gamma}, amplitude=0.0159, bias=1, current_noise={noise})"
GAMMAS, NOISES = (0.003, 0.01, 0.03, 0.1, 0.3), (0.0, 0.15, 0.3, 0.6, 1.2)
PAIRS = dict.fromkeys([*((gamma, 0.0) for gamma in GAMMAS), *((0.03, noise) for noise in NOISES)])
#: name of a run -> softness and noise it was trained with
CASES = {f"gamma={gamma:g}, noise={noise:g}": (gamma, noise) for gamma, noise in PAIRS}
SMALL = {"train_samples": 10000, "test_samples": 1000, "epochs": 6}
FIGURES = ("static_error", "spiking_error", "mean_rate")


def train(case: str, seed: int, folder: Path) -> dict:
    """One training, and the errors of its network in rates and in spikes."""
    gamma, noise = CASES[case]
    network = f"layers(500, 200, neuron='{UNIT.format(gamma=gamma, noise=noise)}', bias=True)"
    row = replace(ROWS["softlif-spiking"], quick={**SMALL, "network": network})
    settings, path = row.run(seed, quick=True, validation=True), folder / f"gamma{gamma:g}-noise{noise:g}-{seed}"
    found = one(row, settings, path, lambda line: None, verbose=False)
    task, learner = settings.load(), Learner.load(path / LEARNER)
    return {"case": case, "seed": seed, "gamma": gamma, "noise": noise,
            "static_error": 1 - float(learner.score(shaped(task, task.test_x), task.test_y)),
            "spiking_error": 1 - found["spiking"]["accuracy"], "mean_rate": found["spiking"]["mean_rate"]}


def draw(runs: Sequence[dict], path: Path) -> None:
    """Errors in rates and in spikes, over softness and over noise."""
    figure, (soft, noisy) = panels(1, 2, 8.0, 3.4)
    for name, label in (("static_error", "in rates"), ("spiking_error", "in spikes")):
        with_spread(soft, _by("gamma", name, [run for run in runs if run["noise"] == 0]), label)
        with_spread(noisy, _by("noise", name, [run for run in runs if run["gamma"] == 0.03]), label)
    soft.set_xscale("log")
    plots.finish(soft, "Softness", "gamma", "error, %")
    plots.finish(noisy, "Noise while it learned, gamma 0.03", "standard deviation of the current", "")
    soft.legend(frameon=False)
    plots.save(figure, path)


def _by(axis: str, name: str, runs: Sequence[dict]) -> dict[float, list[float]]:
    """Place on an axis -> percents of its seeds."""
    return {place: [100 * run[name] for run in runs if run[axis] == place] for place in
            sorted({run[axis] for run in runs})}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs") / NAME)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    config = {"small": SMALL, "unit": UNIT, "seeds": asked.seeds}
    runs = study.finished(NAME, config)
    for case, seed in study.to_do(runs, CASES, range(asked.seeds)):
        runs.append(train(case, seed, asked.runs))
        print(runs[-1], flush=True)
        study.write(NAME, config, runs, FIGURES)
    draw(runs, study.RESULTS / f"{NAME}.png")


if __name__ == "__main__":
    main()
