"""Pattern generation by e-prop (Bellec et al. 2020): one frozen input pattern, and a sum of four sines to follow.

    .venv/bin/python scripts/reproduce/pattern_generation.py

The published cases have the settings of the authors' tutorial program: 100 inputs at 50 Hz, 100 LIF neurons without
self-connections, one second, plain gradient descent at 1e-4 on the summed half squared error, a regulariser towards
10 Hz, 2,000 iterations; feedback random (their default) or symmetric. The other cases differ in what their names say.
The normalised error is the mean squared error over the variance of the target. There is one pattern and nothing to
generalise to, so nothing is held out. Writes docs/results/pattern_generation.json after every
run, and goes on with what that file lacks.
"""

from __future__ import annotations

import argparse
import sys
import time

import numpy as np
from _study import RESULTS, finished, to_do, write

from plasticity.datasets.sequences import Task, pattern_generation
from plasticity.engines.gradient.fused import Adam, Layer, Rate, Weights, gradient, run

CONFIG = {"neurons": 100, "iterations": 2000, "rate_hz": 10.0, "rate_strength": 300.0, "descent": 1e-4,
          "tau_m_s": 30e-3, "tau_out_s": 30e-3, "threshold": 0.03, "target_error": 0.05}
#: name -> (feedback, how weights change, step size, times the published iterations)
CASES = {"published, random": ("random", "descent", 1e-4, 1),
         "published, symmetric": ("symmetric", "descent", 1e-4, 1),
         "five times the iterations, random": ("random", "descent", 1e-4, 5),
         "Adam, random": ("random", "adam", 3e-3, 1), "Adam, symmetric": ("symmetric", "adam", 3e-3, 1)}
FIGURES = ("normalised_error", "best_normalised_error", "iterations_to_target", "rate_hz", "seconds_per_iteration")


def layer() -> Layer:
    tau = CONFIG["tau_m_s"]
    return Layer(tau=tau, threshold=CONFIG["threshold"], tau_out=CONFIG["tau_out_s"],
                 input_scale=1 - np.exp(-1e-3 / tau))


def first_weights(rng: np.random.Generator, n_in: int, n_out: int) -> Weights:
    """Normal with variance 1/n of the presynaptic side."""
    n = CONFIG["neurons"]
    shapes = ((n_in, n), (n, n), (n, n_out))
    weights = Weights(*(rng.normal(size=shape) / np.sqrt(shape[0]) for shape in shapes))
    np.fill_diagonal(weights.w_rec, 0)
    return weights


def normalised(task: Task, outputs: np.ndarray) -> float:
    """Mean squared error over the variance of the target."""
    return float(np.mean((outputs - task.targets) ** 2) / np.var(task.targets))


def train(case: str, seed: int, iterations: int) -> dict:
    """One run: all iterations, and how near it came."""
    feedback, how, size, times = CASES[case]
    iterations *= times
    task, rng, cells = pattern_generation(seed=seed), np.random.default_rng([seed, 1]), layer()
    weights = first_weights(rng, task.spikes.shape[2], task.targets.shape[2])
    back = rng.normal(size=weights.w_out.shape) / np.sqrt(len(weights.w_out)) if feedback == "random" else None
    adam = Adam(size)
    moments, errors, started = adam.start(weights), [], time.perf_counter()
    for k in range(iterations):
        found = gradient(cells, weights, task.spikes, task.targets, loss="mse", feedback=back, threads=1,
                         rate=Rate(CONFIG["rate_strength"], CONFIG["rate_hz"]))
        errors.append(normalised(task, found.readout))
        if how == "adam":
            adam.step(k + 1, weights, found.gradient, moments)
        else:
            for w, g in zip(weights, found.gradient, strict=True):
                w -= size * g
    seconds = (time.perf_counter() - started) / iterations
    last = run(cells, weights, task.spikes, threads=1)
    errors.append(normalised(task, last.readout))
    met = np.flatnonzero(np.array(errors) < CONFIG["target_error"])
    return {"case": case, "seed": seed, "normalised_error": errors[-1], "best_normalised_error": min(errors),
            "iterations": iterations,
            "iterations_to_target": int(met[0]) if len(met) else None, "step_size": size,
            "rate_hz": float(last.counts.mean()), "seconds_per_iteration": seconds, "errors_every_20": errors[::20]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(CASES)}; default: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    parser.add_argument("--iterations", type=int, default=CONFIG["iterations"])
    parser.add_argument("--name", default="pattern_generation")
    given = parser.parse_args()
    config = {**CONFIG, "iterations": given.iterations}
    runs = finished(given.name, config)
    for case, seed in to_do(runs, given.cases or CASES, given.seeds):
        runs.append(train(case, seed, given.iterations))
        print({name: value for name, value in runs[-1].items() if name != "errors_every_20"}, file=sys.stderr,
              flush=True)
        write(given.name, config, runs, FIGURES)
    print(RESULTS / f"{given.name}.json")


if __name__ == "__main__":
    main()
