"""Digits by reward: latency-coded images, and a layer whose first spike is the answer (Mozafari et al. 2018)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from plasticity import engines, rules
from plasticity.datasets import load
from plasticity.network.network import Input, Network, Population, Projection, Signal
from plasticity.neurons import Neuron

STEPS, CLASSES, PER_CLASS = 15, 10, 10
UNITS = CLASSES * PER_CLASS


def by_label(rng: np.random.Generator, answer: int, label: int) -> bool:
    """Reward for the right answer."""
    return answer == label


def by_chance(rng: np.random.Generator, answer: int, label: int) -> bool:
    """The control: as many rewards as guessing gets, whatever the answer."""
    return rng.random() < 1 / CLASSES


def deciding(seed: int) -> Network:
    """64 latency-coded pixels onto neurons of which the first to spike decides; each neuron stands for a class."""
    cell = Neuron("dv/dt = -off/tau : 1\noff : 1", threshold="v > 9", reset="v = -1000", refractory=1.0,
                  params={"tau": "1*ms"}, method="euler")
    w = np.clip(np.random.default_rng(seed).normal(0.8, 0.05, (64, UNITS)), 0, 1)
    return Network(
        (Input("pixel", 64),), (Population("cell", UNITS, cell, winner="highest"),), dt=1e-3,
        signals=(Signal("reward"), Signal("off", UNITS, drives="cell.off")),
        projections=(Projection("pixel", "cell", w, onto="v", rule=rules.r_stdp(0.05, 0.025, 0.005, 0.05)),
                     Projection("cell", "cell", -1000.0, "all_but_self", onto="v")))


def latencies(images: np.ndarray) -> np.ndarray:
    """A spike per pixel that is not dark, the brighter the earlier: [images, steps, 64]."""
    x = images.reshape(len(images), 64)
    spikes = np.zeros((len(x), STEPS + 1, 64), bool)
    image, pixel = np.nonzero(x > 0.1)
    spikes[image, np.round((1 - x[image, pixel]) * (STEPS - 1)).astype(int), pixel] = True
    return spikes


def decisions(simulation, spikes: np.ndarray, off: np.ndarray, **options) -> np.ndarray:
    silent = {"reward": np.zeros(spikes.shape[:2]), "off": np.broadcast_to(off, (*spikes.shape[:2], UNITS))}
    counts = simulation.run({"pixel": spikes}, signals=silent, **options).counts["cell"]
    return np.where(counts.any(1), counts.argmax(1) // PER_CLASS, -1)


def accuracy_by_reward(rewarded: Callable, epochs: int, seed: int = 0) -> float:
    """On held-out digits. Half of the neurons are off in each pass; the reward shrinks with success, as published."""
    digits, rng, wrong = load("digits"), np.random.default_rng(seed), 0.9
    simulation = engines.build(deciding(seed), "event")
    train, test = latencies(digits.train_x), latencies(digits.test_x)
    for _ in range(epochs):
        off, errors = 1.0 * (rng.random(UNITS) < 0.5), 0
        for k in rng.permutation(len(train)):
            answer = decisions(simulation, train[k:k + 1], off)[0]
            errors += answer != digits.train_y[k]
            size = (0.2 + 0.8 * wrong) if rewarded(rng, answer, digits.train_y[k]) else -(1.0 - 0.8 * wrong)
            simulation.run({}, 2, signals={"reward": np.array([[size, 0.0]]), "off": np.zeros((1, 2, UNITS))},
                           reset=False)
        wrong = errors / len(train)
    return (decisions(simulation, test, np.zeros(UNITS), learn=False) == digits.test_y).mean()
