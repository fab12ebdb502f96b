"""Rules of rates: what they read in tests, and their changes written from the papers, synapse by synapse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np

from plasticity import replay, rules
from plasticity.language.rule import Rule

N_PRE, N_POST, STEPS = 6, 5, 30


def weights(seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.4, (N_PRE, N_POST))


def activity(rule: Rule, steps: int = STEPS, batch: int | None = None, seed: int = 0) -> dict[str, np.ndarray]:
    """Random rates of both signs for whatever the rule reads: [steps, n] or [steps, batch, n]."""
    generator, lead = np.random.default_rng(seed), (steps,) if batch is None else (steps, batch)
    sizes = {"pre": N_PRE, "post": N_POST}
    return {name: generator.normal(size=(*lead, sizes[place])) for name, place in rule.reads.items()}


def run(rule: Rule, w: np.ndarray, engine: str = "interpreter", dt: float = 1e-3, reduce: str = "sum", **rates):
    """A replay without a single spike."""
    lead = next(iter(rates.values())).shape[:-1]
    silent = [np.zeros((*lead, n), bool) for n in w.shape]
    return replay(rule, w, *silent, dt, engine, reduce=reduce, **rates)


def _each(w: np.ndarray, change: Callable[[int, int], float]) -> np.ndarray:
    return np.array([[w[i, j] + change(i, j) for j in range(w.shape[1])] for i in range(w.shape[0])])


def hebb(w, x, y, eta):
    return _each(w, lambda i, j: eta * x[i] * y[j])


def oja(w, x, y, eta):
    return _each(w, lambda i, j: eta * y[j] * (x[i] - y[j] * w[i, j]))


def sanger(w, x, y, eta):
    return _each(w, lambda i, j: eta * y[j] * (x[i] - sum(y[k] * w[i, k] for k in range(j + 1))))


def place(u, j):
    """How many beat neuron j; of equals the lower index comes first."""
    return sum(u[k] > u[j] or (u[k] == u[j] and k < j) for k in range(len(u)))


def hard_wta(w, x, u, eta):
    return _each(w, lambda i, j: eta * (x[i] - w[i, j]) if place(u, j) == 0 and u[j] != 0 else 0.0)


def krotov_hopfield(w, x, u, eta, delta, k):
    def share(j):
        return {0: 1.0, k - 1: -delta}.get(place(u, j), 0.0)
    return _each(w, lambda i, j: eta * share(j) * (x[i] - u[j] * w[i, j]))


def soft_hebb(w, x, u, eta, sharpness, anti_hebbian=False):
    total = sum(np.exp(sharpness * each) for each in u)

    def share(j):
        sign = -1 if anti_hebbian and place(u, j) else 1
        return sign * np.exp(sharpness * u[j]) / total
    return _each(w, lambda i, j: eta * share(j) * (x[i] - u[j] * w[i, j]))


def one_after_the_other(step: Callable, w: np.ndarray, rates: Mapping[str, np.ndarray]) -> np.ndarray:
    """The weights after all samples; the two rates come in the order pre, post."""
    for x, y in zip(*rates.values(), strict=True):
        w = step(w, x, y)
    return w


def bcm_run(w, rates, eta, memory, theta):
    """BCM has a state, the threshold of each neuron."""
    theta = np.full(w.shape[1], theta)
    for x, y in zip(*rates.values(), strict=True):
        w = _each(w, lambda i, j: eta * x[i] * y[j] * (y[j] - theta[j]))  # noqa: B023
        theta = theta + (y**2 - theta) / memory
    return w


#: name -> (rule, function of weights and rates that answers the final weights)
CASES = MappingProxyType({
    "hebb": (rules.make("hebb", eta=0.05), partial(one_after_the_other, partial(hebb, eta=0.05))),
    "anti_hebb": (rules.make("anti_hebb", eta=0.05), partial(one_after_the_other, partial(hebb, eta=-0.05))),
    "oja": (rules.make("oja", eta=0.05), partial(one_after_the_other, partial(oja, eta=0.05))),
    "sanger": (rules.make("sanger", eta=0.05), partial(one_after_the_other, partial(sanger, eta=0.05))),
    "bcm": (rules.make("bcm", eta=0.02, memory=7.0, theta=0.3), partial(bcm_run, eta=0.02, memory=7.0, theta=0.3)),
    "hard_wta": (rules.make("hard_wta", eta=0.2), partial(one_after_the_other, partial(hard_wta, eta=0.2))),
    "krotov_hopfield": (rules.make("krotov_hopfield", eta=0.1, delta=0.3, k=3), partial(
        one_after_the_other, partial(krotov_hopfield, eta=0.1, delta=0.3, k=3))),
    "soft_hebb": (rules.make("soft_hebb", eta=0.1, sharpness=2.0), partial(
        one_after_the_other, partial(soft_hebb, eta=0.1, sharpness=2.0))),
    "soft_hebb_losers_unlearn": (rules.make("soft_hebb", eta=0.1, sharpness=2.0, anti_hebbian=True), partial(
        one_after_the_other, partial(soft_hebb, eta=0.1, sharpness=2.0, anti_hebbian=True))),
})
