"""e-prop's eligibility traces for any neuron, forward in time, with numpy and scipy only.

Each neuron is written out once more as a map h[t+1] = f(h[t]) of its variables, by hand. The Jacobian of f comes from a
complex step, exact to rounding: df/dh_k = Im f(h + i d e_k)/d. The eligibility of a synapse is d h_j/d w_ij along the
neuron's own dynamics, as in Bellec et al. 2020, equations 13-14; credit passes neither the reset of the membrane (its
first variable) nor other neurons, but what a spike adds to the neuron's further variables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm


@dataclass(frozen=True)
class Model:
    """move(h), held(h): the map of free and of refractory neurons; h [variables, n] may be complex.

    margin(h): distance above threshold. jump(h): after a spike. start: [variables]. onto: number of the variable that
    receives. gated: variables that receive nothing while refractory. rest: steps. late: whether the reset comes in the
    next step. output(h): what is sent in place of spikes.
    """

    move: Callable
    margin: Callable
    jump: Callable
    start: tuple[float, ...]
    onto: int
    held: Callable | None = None
    gated: tuple[int, ...] = ()
    rest: int = 0
    late: bool = False
    output: Callable | None = None


def slope(f, h):
    """d f/d h_k of every neuron, [..., k, n]; f answers [..., n]."""
    found = []
    for k in range(len(h)):
        moved = h.astype(complex)
        moved[k] += 1e-30j
        found.append(np.imag(f(moved)) / 1e-30)
    return np.stack(found, axis=-2)


def chain(jacobian, eps):
    """J eps for eps [variables, pre, n]."""
    return np.einsum("vkn,kpn->vpn", jacobian, eps)


def gradient(model, psi, x, w_in, w_rec, w_out, feedback, error, kappa):
    """Sums of L_j(t) ebar_ij(t): of the inputs' and the recurrent weights, of the readout; and the spikes."""
    n, n_in = w_in.shape[1], len(w_in)
    h = np.tile(np.array(model.start, float)[:, None], n)
    eps, bar = np.zeros((len(h), n_in + n, n)), np.zeros((n_in + n, n))
    e, hit, free_at = np.zeros_like(bar), np.zeros(n, bool), np.zeros(n)
    y, trace, total, out, spikes = np.zeros(w_out.shape[1]), np.zeros(n), 0.0, 0.0, []
    for t, now in enumerate(x):
        if model.late:
            h, eps = reset(model, h, eps, hit, e)
        free = free_at <= t
        jacobian = slope(model.move, h)
        moved = model.move(h)
        if model.held is not None:
            jacobian = np.where(free, jacobian, slope(model.held, h))
            moved = np.where(free, moved, model.held(h))
        h, eps = moved, chain(jacobian, eps)
        u = model.margin(h)
        hit = (u > 0) & free
        e = psi(u) * free * chain(slope(model.margin, h)[None], eps)[0]
        sent, e_sent = hit * 1.0, e
        if model.output is not None:
            sent, e_sent = model.output(h), chain(slope(model.output, h)[None], eps)[0]
        free_at = np.where(hit, t + model.rest, free_at) if model.rest else free_at
        bar, trace = kappa * bar + (1 - kappa) * e_sent, kappa * trace + (1 - kappa) * sent
        y = trace @ w_out
        total, out = total + bar * (error(y, t) @ feedback), out + np.outer(trace, error(y, t))
        open_ = (free_at <= t) if model.onto in model.gated else np.ones(n)
        h, pre = h.copy(), np.concatenate([now, sent])
        h[model.onto] += open_ * (pre @ np.concatenate([w_in, w_rec]))
        eps[model.onto] += pre[:, None] * open_
        if not model.late:
            h, eps = reset(model, h, eps, hit, e)
        spikes.append(sent)
    return total[:n_in], total[n_in:], out, np.array(spikes)


def reset(model, h, eps, hit, e):
    """Spiking neurons jump; what the spike itself changes in variables other than the first carries credit."""
    jumped = model.jump(h)
    change = np.broadcast_to(jumped - h, h.shape).copy()
    change[0] = 0
    through = np.where(hit, chain(slope(model.jump, h), eps), eps)
    return np.where(hit, jumped, h), through + change[:, None] * e


def linear(a, rest, dt):
    """The exact map of dh/dt = a (h - rest)."""
    whole, rest = expm(np.array(a, float) * dt), np.array(rest, float)[:, None]
    return lambda h: rest + whole @ (h - rest)


MS, MV = 1e-3, 1e-3


def lif(synapse, dt, rest=0):
    """tau dv/dt = v_rest - v + drive, the library's default numbers; reset to v_rest."""
    tau, tau_s = 20 * MS, 5 * MS
    systems = {"delta": [[-1 / tau]], "exponential": [[-1 / tau, 1 / tau], [0, -1 / tau_s]],
               "alpha": [[-1 / tau, 1 / tau, 0], [0, -1 / tau_s, 1 / tau_s], [0, 0, -1 / tau_s]]}
    a = np.array(systems[synapse])
    start = (-65 * MV, 0.0, 0.0)[:len(a)]
    still = a.copy()
    still[0] = 0
    return Model(linear(a, start, dt), lambda h: h[0] + 52 * MV, lambda h: np.stack([0 * h[0] - 65 * MV, *h[1:]]),
                 start, len(a) - 1, linear(still, start, dt), (0,), rest)


def conductance(dt, rest=0):
    """tau dv/dt = v_rest - v + ge (0 - v) + gi (e_inh - v), exponential Euler; ge and gi decay."""
    tau, keep = 20 * MS, (np.exp(-dt / (5 * MS)), np.exp(-dt / (10 * MS)))

    def held(h):
        return np.stack([h[0], keep[0] * h[1], keep[1] * h[2]])

    def move(h):
        v, ge, gi = h
        rate = (1 + ge + gi) / tau
        goal = (-65 * MV - 80 * MV * gi) / tau / rate
        return np.stack([goal + (v - goal) * np.exp(-rate * dt), *held(h)[1:]])

    return Model(move, lambda h: h[0] + 52 * MV, lambda h: np.stack([0 * h[0] - 65 * MV, *h[1:]]),
                 (-65 * MV, 0.0, 0.0), 1, held, (0,), rest)


def alif(dt, rest=0, beta=0.07, threshold=1.0):
    """v decays, threshold + beta a; the spike is subtracted, and a raised, in the next step."""
    p, rho = np.exp(-dt / (20 * MS)), np.exp(-dt / (200 * MS))
    return Model(lambda h: np.stack([p * h[0], rho * h[1]]), lambda h: h[0] - threshold - beta * h[1],
                 lambda h: np.stack([h[0] - threshold, h[1] + 1]), (0.0, 0.0), 0, None, (), rest, late=True)


def adex(dt):
    """Brette & Gerstner 2005, forward Euler."""
    c, g, e, v_t, delta, a, b, tau_w, tau_s = (281e-12, 30e-9, -70.6 * MV, -50.4 * MV, 2 * MV, 4e-9, 80.5e-12, 144 * MS,
                                               5 * MS)

    def move(h):
        v, w, i = h
        return np.stack([v + dt * (g * (e - v) + g * delta * np.exp((v - v_t) / delta) - w + i) / c,
                         w + dt * (a * (v - e) - w) / tau_w, i - dt * i / tau_s])

    return Model(move, lambda h: h[0], lambda h: np.stack([0 * h[0] + e, h[1] + b, h[2]]), (e, 0.0, 0.0), 2)


def izhikevich(dt):
    """Izhikevich 2003, regular spiking, forward Euler in one step."""
    a, b, c, d, tau_s = 0.02, 0.2, -65.0, 8.0, 3.0
    ms = dt / MS

    def move(h):
        v, u, i = h
        return np.stack([v + ms * (0.04 * v**2 + 5 * v + 140 - u + i), u + ms * a * (b * v - u), i - ms * i / tau_s])

    return Model(move, lambda h: h[0] - 30, lambda h: np.stack([0 * h[0] + c, h[1] + d, h[2]]), (-65.0, -13.0, 0.0), 2)


def snu(decay=0.8, graded=False):
    """s = x + decay s (1 - y), y = s > 1 of the step before, or the sigmoid of s - 1; x is gone after one step."""
    def move(h):
        s, y, x = h
        new = x + decay * s * (1 - y)
        return np.stack([new, 1 / (1 + np.exp(1 - new)) if graded else (new.real > 1) * 1.0 + 0 * new, 0 * x])

    return Model(move, lambda h: h[0] - 1, lambda h: h, (0.0, 0.0, 0.0), 2, output=(lambda h: h[1]) if graded else None)
