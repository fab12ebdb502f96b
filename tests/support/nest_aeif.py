"""The neuron of NEST's test of the Clopath synapse, integrated to high accuracy: what such a synapse sees of it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

REST, CLAMP, RESET = -70.6, 33.0, -49.6  # mV
C, G_L, DELTA_T, A, B = 281.0, 30.0, 2.0, 4.0, 0.0805  # pF, nS, mV, nS, pA
TAU_W, TAU_Z, TAU_T = 144.0, 40.0, 50.0  # ms
Z_SPIKE, T_MAX, T_REST = 400.0, 30.4, -50.4  # pA, mV, mV
TAU_PLUS, TAU_MINUS = 7.0, 10.0  # ms
KICK, CLAMPED, DT = 80.0, 2.1, 0.1  # mV; ms from the upstroke to the reset; ms


def _slopes(clamped: bool):
    def slopes(_, y):
        v, w, z, threshold, plus, minus = y
        spike = G_L * DELTA_T * np.exp((v - threshold) / DELTA_T)
        dv = 0.0 if clamped else (-G_L * (v - REST) + spike - w + z) / C
        dw = 0.0 if clamped else (A * (v - REST) - w) / TAU_W
        return [dv, dw, -z / TAU_Z, (T_REST - threshold) / TAU_T, (v - plus) / TAU_PLUS, (v - minus) / TAU_MINUS]
    return slopes


def voltage(pre: list[float], post: list[float], end: float, weight: float = 0.5) -> np.ndarray:
    """v, u_plus, u_minus (mV) at the end of each 0.1 ms step: [steps, 3].

    post: when the neuron is kicked over its threshold (ms); pre: when a presynaptic spike adds `weight` mV. Both act at
    the end of the step after next, as spikes sent over two, or the kicks over one, connection of 0.1 ms do.
    """
    steps = round(end / DT)
    kicks = {round(t / DT) + 1: KICK for t in post} | {round(t / DT) + 2: weight for t in pre}
    resets = [round(t / DT) + 1 + round(CLAMPED / DT) for t in post]
    breaks = sorted(step for step in {0, steps, *kicks, *resets} if step <= steps)
    found, y, clamped = np.zeros((steps + 1, 3)), [REST, 0.0, 0.0, T_REST, REST, REST], False
    for first, last in pairwise(breaks):
        grid = np.arange(first, last + 1)
        part = solve_ivp(_slopes(clamped), (first * DT, last * DT), y, t_eval=grid * DT, method="DOP853", rtol=1e-9,
                         atol=1e-9, max_step=2.0)
        found[grid[1:]] = part.y[[0, 4, 5], 1:].T
        y = list(part.y[:, -1])
        if last in resets:
            y[0], clamped = RESET, False
            found[last, 0] = RESET
        elif kicks.get(last) == KICK:
            found[last, 0] = y[0] + KICK  # the upstroke follows within the next step, and takes no time
            y[0], y[1], y[2], y[3], clamped = CLAMP, y[1] + B, Z_SPIKE, T_MAX, True
        elif last in kicks:
            y[0] += kicks[last]
            found[last, 0] = y[0]
    return found
