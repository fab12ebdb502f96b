"""Gradients of small recurrent networks written from the papers, with numpy only. Weights are [pre, post]."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Setting(NamedTuple):
    """Decays per step and constants of the neuron (Bellec et al. 2020) and of the readout."""

    p: float
    gain: float
    rho: float
    beta: np.ndarray
    threshold: float
    rest: int
    reset: str
    kappa: float
    height: float


class History(NamedTuple):
    """One sample, step by step: membrane, psi, spikes [steps, n]; outputs [steps, n_out]."""

    v: np.ndarray
    psi: np.ndarray
    z: np.ndarray
    y: np.ndarray


def simulate(x, w_in, w_rec, w_out, s: Setting) -> History:
    steps, n = len(x), w_rec.shape[0]
    v, a, z, y, wait = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(w_out.shape[1]), np.zeros(n, int)
    arrived = np.zeros(n)
    found = []
    for t in range(steps):
        if s.reset == "subtract_delayed":
            v = s.p * v - s.threshold * z + s.gain * arrived
        elif s.reset == "subtract":
            v = s.p * (v - s.threshold * z) + s.gain * arrived
        else:
            v = s.p * v * (1 - z) + s.gain * arrived
        a = s.rho * a + z
        above = v - s.threshold - s.beta * a
        wait = np.maximum(wait - 1, 0)
        z = (above >= 0) * (wait == 0) * 1.0
        psi = s.height / s.threshold * np.maximum(0, 1 - np.abs(above) / s.threshold) * (wait == 0)
        wait = np.where(z > 0, s.rest, wait)
        y = s.kappa * y + (1 - s.kappa) * z @ w_out
        arrived = x[t] @ w_in + z @ w_rec
        found.append((v, psi, z, y))
    return History(*(np.array(part) for part in zip(*found, strict=True)))


def eprop(x, w_in, w_rec, w_out, feedback, error, s: Setting):
    """e-prop by eligibility traces, one synapse after the other, online: sum_t L_j(t) ebar_ji(t).

    feedback: [n_out, n]. error: (outputs, step) -> dE/dy of that step. Answers gradients of (w_in, w_rec, w_out).
    """
    h = simulate(x, w_in, w_rec, w_out, s)
    learning = np.array([error(h.y, t) @ feedback for t in range(len(x))])
    d_in = [[_synapse(x[:, i], j, learning[:, j], h, s) for j in range(w_rec.shape[0])] for i in range(x.shape[1])]
    d_rec = [[_synapse(h.z[:, i], j, learning[:, j], h, s) for j in range(w_rec.shape[0])]
             for i in range(w_rec.shape[0])]
    d_out, zbar = np.zeros_like(w_out), np.zeros(w_rec.shape[0])
    for t in range(len(x)):
        zbar = s.kappa * zbar + (1 - s.kappa) * h.z[t]
        d_out += np.outer(zbar, error(h.y, t))
    return np.array(d_in), np.array(d_rec), d_out


def _synapse(pre, j, learning, h: History, s: Setting) -> float:
    eps_v = eps_a = ebar = total = 0.0
    for t in range(len(pre)):
        if t:
            kept = 1 - h.z[t - 1, j] if s.reset == "fixed" else 1.0
            eps_v = s.p * kept * eps_v + s.gain * pre[t - 1]
        e = h.psi[t, j] * (eps_v - s.beta[j] * eps_a)
        eps_a = s.rho * eps_a + e
        ebar = s.kappa * ebar + (1 - s.kappa) * e
        total += learning[t] * ebar
    return total


def influence(x, w_in, w_rec, w_out, feedback, error, s: Setting, carry, reset: bool):
    """The same with credit through other neurons: d v_k / d w for every weight and neuron, carried forward in time.

    carry: [n, n] weights over which credit passes from spike to membrane. reset: whether it passes a neuron's reset.
    """
    h, n = simulate(x, w_in, w_rec, w_out, s), w_rec.shape[0]
    sources = np.concatenate([x, h.z], 1)
    dv, da, dz = (np.zeros((sources.shape[1], n, n)) for _ in range(3))  # [pre, post, neuron]
    dy, total = np.zeros((sources.shape[1], n, w_out.shape[1])), np.zeros((sources.shape[1], n))
    for t in range(len(x)):
        if t:
            z, v = h.z[t - 1], h.v[t - 1]
            spent = {"subtract_delayed": s.threshold, "subtract": s.p * s.threshold, "fixed": s.p * v}[s.reset] * dz
            kept = 1 - z if s.reset == "fixed" else 1.0
            dv = s.p * kept * dv + s.gain * (dz @ carry + sources[t - 1][:, None, None] * np.eye(n)) - reset * spent
            da = s.rho * da + dz
        dz = h.psi[t] * (dv - s.beta * da)
        dy = s.kappa * dy + (1 - s.kappa) * dz @ feedback.T
        total += dy @ error(h.y, t)
    return total[:x.shape[1]], total[x.shape[1]:]


def eprop_lif_gated(x, w_in, w_rec, w_out, feedback, error, decay, levels, rest, kappa, height, width):
    """e-prop for a leaky neuron in volts that is clamped, and takes no input, while it is refractory.

    levels: rest, reset and threshold in volts. Answers gradients of (w_in, w_rec) and the spikes.
    """
    v_rest, v_reset, v_threshold = levels
    n, sources = w_rec.shape[0], x.shape[1] + w_rec.shape[0]
    v, eps, ebar = np.full(n, v_rest), np.zeros((sources, n)), np.zeros((sources, n))
    free_at, y, spikes, traces, outputs = np.zeros(n, int), np.zeros(w_out.shape[1]), [], [], []
    for t in range(len(x)):
        free = free_at <= t
        v = np.where(free, v_rest + decay * (v - v_rest), v)
        eps = np.where(free, decay * eps, eps)
        psi = height / width * np.maximum(0, 1 - np.abs(v - v_threshold) / width) * free
        z = ((v > v_threshold) & free) * 1.0
        free_at = np.where(z > 0, t + rest, free_at)
        ebar = kappa * ebar + (1 - kappa) * psi * eps
        y = kappa * y + (1 - kappa) * z @ w_out
        open_ = free_at <= t
        v = v + open_ * (x[t] @ w_in + z @ w_rec)
        eps = eps + open_ * np.concatenate([x[t], z])[:, None]
        v, eps = np.where(z > 0, v_reset, v), np.where(z > 0, 0.0, eps)
        spikes.append(z), traces.append(ebar), outputs.append(y)
    outputs = np.array(outputs)
    total = sum(traces[t] * (error(outputs, t) @ feedback) for t in range(len(x)))
    return total[:x.shape[1]], total[x.shape[1]:], np.array(spikes)
