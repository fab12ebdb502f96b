"""A small network for the torch engine's tests, and the same network as a step loop written out."""

from __future__ import annotations

import math

import numpy as np

from plasticity._utils import random
from plasticity.network.homeostasis import normalize
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.neurons.neuron import Neuron
from support.torch_cases import DT, SPIKE_RULES

LIF = Neuron("dv/dt = (g - v)/tau : 1 (unless refractory)\ndg/dt = -g/tau_g : 1\ndtheta/dt = -theta/tau_theta : 1",
             threshold="v > 1 + theta", reset="v -= 1", adapt="theta += 0.05", slow=("theta",), refractory=3e-3,
             params={"tau": "20*ms", "tau_g": "5*ms", "tau_theta": "2*second"})
SIZES = (12, 7)


def network(neuron=LIF, **population):
    """Inputs that learn onto a population with self-excitation after a delay and all-but-self inhibition."""
    rng = np.random.default_rng(4)
    return Network(
        inputs=(Input("in", SIZES[0]),), populations=(Population("E", SIZES[1], neuron, **population),),
        projections=(
            Projection("in", "E", rng.uniform(0.2, 1.0, SIZES), onto="g", rule=SPIKE_RULES["pair"], normalize=6.0),
            Projection("E", "E", 0.3, connect="one_to_one", onto="v", axonal_delay=4e-3, label="self"),
            Projection("E", "E", -0.4, connect="all_but_self", onto="v", scale=0.5, label="others")), dt=DT)


def loop(spikes, seed=0, reduce="sum", winner="all", losers_reset=False, batch=1, reset_delay=0):
    """The same network, step by step in numpy. spikes: [samples, steps, n]; answers counts, w, theta."""
    rng = np.random.default_rng(4)
    w = np.clip(normalize(rng.uniform(0.2, 1.0, SIZES), 6.0), 0, 1)
    a, b, tau, tau_g = math.exp(-DT / 20e-3), math.exp(-DT / 5e-3), 20e-3, 5e-3
    n, theta, counts, step = SIZES[1], np.zeros(SIZES[1]), [], 0
    coupling = tau_g / (tau_g - tau) * (b - a)
    for first in range(0, len(spikes), batch):
        chunk = spikes[first: first + batch]
        size = len(chunk)
        share = 1.0 if reduce == "sum" else 1.0 / size
        v, g, x, y = np.zeros((size, n)), np.zeros((size, n)), np.zeros((size, SIZES[0])), np.zeros((size, n))
        until, fired = np.zeros((size, n), int), [np.zeros((size, n), bool)] * 5
        hit = np.zeros((size, n), bool)
        for t in range(chunk.shape[1]):
            if reset_delay:
                v[hit] -= 1.0
                theta = theta + 0.05 * hit.sum(0) * share
            x, y = x * math.exp(-DT / 20e-3), y * math.exp(-DT / 30e-3)
            free = until <= t
            v, g = np.where(free, v * a + g * coupling, v), g * b
            theta = theta * math.exp(-DT / 2.0)  # time passes once, however many samples
            crossed = (v > 1 + theta) & free
            z = crossed.copy()
            for k in range(size):
                able = np.flatnonzero(crossed[k])
                if winner != "all" and len(able):
                    one = int(random.uniform(seed, step, np.array([k]))[0] * len(able))
                    z[k] = False
                    z[k, able[np.argmax(v[k, able])] if winner == "highest" else able[one]] = True
            hit = crossed if losers_reset else z
            until[hit] = t + 3
            free &= ~hit
            s = chunk[:, t]
            fired = [*fired[1:], z]
            g = g + s @ w
            v = v + np.where(free, 0.3 * fired[-5], 0.0)
            v = v + np.where(free, -0.2 * (z.sum(1, keepdims=True) - z), 0.0)
            w = np.clip(w - 0.011 * share * s.T.astype(float) @ y, 0, 1)
            x = x + s
            w = np.clip(w + 0.01 * share * x.T @ z, 0, 1)
            y = y + z
            if not reset_delay:
                v[hit] -= 1.0
                theta = theta + 0.05 * hit.sum(0) * share
            counts.append(z)
            step += 1
        w = np.clip(normalize(w, 6.0), 0, 1)
    return np.array([len(counts), sum(z.sum() for z in counts)]), w, theta


def poisson(samples=4, steps=120, seed=7):
    return np.random.default_rng(seed).random((samples, steps, SIZES[0])) < 0.08
