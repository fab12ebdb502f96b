"""Evidence accumulation by e-prop (Bellec et al. 2020): neurons with adaptive thresholds, and without.

    .venv/bin/python scripts/reproduce/evidence_accumulation.py

Settings are those of the authors' tutorial program: 40 inputs, 100 neurons without self-connections (50 LIF + 50 ALIF,
or 100 LIF), batches of 64 fresh sequences, Adam at 5e-3 with its small constant outside the correction, and a
regulariser towards 10 Hz (here of each sequence's own rate, as in NEST's version of the task; the tutorial takes the
batch's). Random feedback is normal with variance 1. As there, one batch is asked every 10 iterations; when its error is
below 7 %, 8 further batches are asked, and when their mean is below 7 % the criterion is met, at which the tutorial
stops. Here the weights are tested there and training goes on, so that all cases end after the same number of
iterations (half of the tutorial's most). Training, asking and testing draw sequences from three streams of seeds that
never meet. Writes docs/results/evidence_accumulation.json after every run.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Callable

import numpy as np
from _study import RESULTS, finished, to_do, write

from plasticity.datasets.sequences import Task, evidence_accumulation
from plasticity.engines.gradient.fused import Adam, Layer, Rate, Weights, gradient, run

CONFIG = {"neurons": 100, "batch": 64, "iterations": 1000, "criterion": 0.07, "ask_every": 10, "asked_batches": 8,
          "test_batches": 16, "rate_hz": 10.0, "rate_strength": 2.0, "adam": 5e-3, "tau_m_s": 20e-3, "tau_a_s": 2.0,
          "tau_out_s": 20e-3, "threshold": 0.6, "refractory_s": 5e-3, "published_iterations": "200-500, at most 2000"}
#: name -> (neurons with an adaptive threshold, feedback)
CASES = {"alif random": (50, "random"), "alif symmetric": (50, "symmetric"), "lif random": (0, "random"),
         "lif symmetric": (0, "symmetric")}
FIGURES = ("test_error", "test_error_at_criterion", "iterations_to_criterion", "seconds_per_iteration", "rate_hz")
RECALL = 150  # steps
TRAINING, ASKING, TESTING = 1, 2, 3


def layer(adaptive: int) -> Layer:
    """The last `adaptive` neurons of the layer have an adaptive threshold."""
    beta = np.zeros(CONFIG["neurons"])
    if adaptive:
        beta[-adaptive:] = 1.7 * (1 - np.exp(-1 / 2000)) / (1 - np.exp(-1 / 20))
    return Layer(tau=CONFIG["tau_m_s"], threshold=CONFIG["threshold"], beta=beta, tau_a=CONFIG["tau_a_s"],
                 refractory=CONFIG["refractory_s"], tau_out=CONFIG["tau_out_s"])


def first_weights(rng: np.random.Generator, n_in: int = 40, n_out: int = 2) -> Weights:
    """Normal with variance 1/n of the presynaptic side; the readout uniform (Glorot & Bengio), as in the tutorial."""
    n = CONFIG["neurons"]
    w_rec = rng.normal(size=(n, n)) / np.sqrt(n)
    np.fill_diagonal(w_rec, 0)
    w_in, limit = rng.normal(size=(n_in, n)) / np.sqrt(n_in), np.sqrt(6 / (n + n_out))
    return Weights(*(w.astype(np.float32) for w in (w_in, w_rec, rng.uniform(-limit, limit, (n, n_out)))))


def stream(use: int, seed: int) -> Callable[[], Task]:
    """A function that draws the next batch of one of the three streams of a seed."""
    numbers = itertools.count()

    def draw() -> Task:
        numbered = np.random.SeedSequence([use, seed, next(numbers)]).generate_state(1)[0]
        return evidence_accumulation(CONFIG["batch"], seed=int(numbered))

    return draw


def error_of(cells: Layer, weights: Weights, task: Task) -> tuple[float, float]:
    """Share of wrong answers (the larger readout, averaged over the recall), and the mean firing rate in hertz."""
    found = run(cells, weights, task.spikes, threads=1)
    answers = found.readout[:, -RECALL:].mean(1).argmax(1)
    return float(np.mean(answers != task.labels)), float(found.counts.mean() / (task.spikes.shape[1] * task.dt))


def train(case: str, seed: int, iterations: int) -> dict:
    """One run: until the criterion is met, or all iterations."""
    adaptive, feedback = CASES[case]
    rng, cells = np.random.default_rng(seed), layer(adaptive)
    weights = first_weights(rng)
    back = rng.normal(size=weights.w_out.shape).astype(np.float32) if feedback == "random" else None
    draw, ask, adam = stream(TRAINING, seed), stream(ASKING, seed), Adam(CONFIG["adam"], epsilon_outside=True)
    moments, curve, seconds, met, there = adam.start(weights), [], [], None, None
    for k in range(iterations + 1):
        if k % CONFIG["ask_every"] == 0:
            curve.append(error_of(cells, weights, ask())[0])
            if met is None and k and curve[-1] < CONFIG["criterion"] and passed(cells, weights, ask):
                met, there = k, test_error(cells, weights, seed)[0]
        if k % 100 == 0:
            print(f"{case} seed {seed} iteration {k}: {np.mean(curve[-10:]):.3f}", file=sys.stderr, flush=True)
        if k < iterations:
            seconds.append(step(cells, weights, back, draw(), adam, moments, k + 1))
    error, rate = test_error(cells, weights, seed)
    return {"case": case, "seed": seed, "iterations_to_criterion": met, "test_error_at_criterion": there,
            "test_error": error, "rate_hz": rate, "seconds_per_iteration": float(np.median(seconds)),
            "asked_errors": curve}


def test_error(cells: Layer, weights: Weights, seed: int) -> tuple[float, float]:
    """Error on test sequences, the same whenever it is asked, and the mean firing rate in hertz."""
    draw = stream(TESTING, seed)
    errors, rates = zip(*(error_of(cells, weights, draw()) for _ in range(CONFIG["test_batches"])), strict=True)
    return float(np.mean(errors)), float(np.mean(rates))


def passed(cells: Layer, weights: Weights, ask: Callable[[], Task]) -> bool:
    """Whether the mean error of further batches is below the criterion."""
    return np.mean([error_of(cells, weights, ask())[0] for _ in range(CONFIG["asked_batches"])]) < CONFIG["criterion"]


def step(cells: Layer, weights: Weights, back: np.ndarray | None, task: Task, adam: Adam, moments: list,
         number: int) -> float:
    """One weight update; answers its seconds."""
    started, mask = time.perf_counter(), task.counts[0] / RECALL
    found = gradient(cells, weights, task.spikes, task.labels, mask=mask, feedback=back, threads=1,
                     rate=Rate(CONFIG["rate_strength"], CONFIG["rate_hz"]))
    adam.step(number, weights, [g / len(task.spikes) for g in found.gradient], moments)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help=f"of {', '.join(CASES)}; default: all")
    parser.add_argument("--seeds", type=int, nargs="+", default=(0, 1, 2))
    parser.add_argument("--iterations", type=int, default=CONFIG["iterations"])
    parser.add_argument("--name", default="evidence_accumulation")
    given = parser.parse_args()
    config = {**CONFIG, "iterations": given.iterations}
    runs = finished(given.name, config)
    for case, seed in to_do(runs, given.cases or CASES, given.seeds):
        runs.append(train(case, seed, given.iterations))
        print(f"{case} seed {seed}: {runs[-1]}", file=sys.stderr, flush=True)
        write(given.name, config, runs, FIGURES)
    print(RESULTS / f"{given.name}.json")


if __name__ == "__main__":
    main()
