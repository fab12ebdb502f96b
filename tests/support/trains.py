"""Spike trains on which rules and engines are compared: bool arrays [steps, n]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

N_PRE, N_POST, STEPS = 5, 4, 60
Pair = tuple[np.ndarray, np.ndarray]


def random(seed: int = 1) -> Pair:
    rng = np.random.default_rng(seed)
    return rng.random((STEPS, N_PRE)) < 0.15, rng.random((STEPS, N_POST)) < 0.12


def coincident() -> Pair:
    """By hand: together, pre first, post first, bursts, in the first step and in the last one."""
    pre, post = np.zeros((STEPS, N_PRE), bool), np.zeros((STEPS, N_POST), bool)
    pre[[0, 10, 11, 12, 30, 59], 0] = True
    pre[[0, 5, 20, 21, 40], 1] = True
    pre[[9, 19, 29, 39, 49], 2] = True
    pre[[11, 12, 13, 14], 3] = True
    post[[0, 10, 20, 30, 40, 59], 0] = True
    post[[0, 5, 6, 7, 39], 1] = True
    post[[10, 11, 12, 13, 14, 59], 2] = True
    post[[8, 18, 28, 38, 48], 3] = True
    return pre, post


def silent() -> Pair:
    return np.zeros((STEPS, N_PRE), bool), np.zeros((STEPS, N_POST), bool)


def saturating() -> Pair:
    """Nearly every step a spike, so that weights run into their bounds."""
    rng = np.random.default_rng(3)
    pre, post = rng.random((STEPS, N_PRE)) < 0.9, rng.random((STEPS, N_POST)) < 0.9
    pre[:, 0], post[:, 0] = True, True
    return pre, post


TRAINS: Mapping[str, Callable[[], Pair]] = MappingProxyType({
    make.__name__: make for make in (random, coincident, silent, saturating)})


def weights(low: float = 0.02, high: float = 0.98, seed: int = 5) -> np.ndarray:
    """Initial weights [N_PRE, N_POST]; the first synapses sit on the bounds 0 and 1."""
    w = np.random.default_rng(seed).uniform(low, high, (N_PRE, N_POST))
    w[0, 0], w[1, 1] = 0.0, 1.0
    return w


def concatenated(silence: int = 15) -> Pair:
    """All trains one after the other, with silence between."""
    made = [make() for make in TRAINS.values()]
    gap = np.zeros((silence, N_PRE), bool), np.zeros((silence, N_POST), bool)
    return tuple(np.concatenate([part for pair in made for part in (pair[side], gap[side])]) for side in (0, 1))


def times(train: np.ndarray) -> list[list[int]]:
    """Per neuron the steps in which it spikes."""
    return [np.flatnonzero(train[:, i]).tolist() for i in range(train.shape[1])]


def signals_for(name: str, steps: int, seed: int = 9) -> dict[str, np.ndarray]:
    """What each rule reads from outside, [steps, n] or [steps]."""
    rng = np.random.default_rng(seed)
    voltage = -0.065 + 0.03 * rng.random((steps, N_POST)) ** 2
    voltage[rng.random((steps, N_POST)) < 0.1] = 0.02  # action potentials
    made = {
        "clopath": {"v": voltage},
        "eprop_online": {"psi": 0.3 * rng.random((steps, N_POST)), "L": rng.normal(size=(steps, N_POST))},
        "sanger": {"rate_pre": rng.normal(size=(steps, N_PRE)), "rate_post": rng.normal(size=(steps, N_POST))},
        "dopamine_stdp": {"dopamine": rng.normal(size=steps)},
        "mstdp": {"reward": rng.normal(size=steps)},
        "mstdpet": {"reward": rng.normal(size=steps)},
        "r_max": {"rho": 40 * rng.random((steps, N_POST)), "reward": 5 * rng.normal(size=steps)},
        "r_stdp": {"reward": rng.normal(size=steps) * (rng.random(steps) < 0.2)},
        "urbanczik_senn": {"v_dendrite": -0.07 + 0.03 * rng.random((steps, N_POST))},
        "sdsp": {"v": 1.6 * rng.random((steps, N_POST))},
    }
    return made.get(name, {})
