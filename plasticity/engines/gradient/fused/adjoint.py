"""The gradient of one sample: its error filtered backwards, eligibility run backwards, and added up at spikes only.

e-prop's gradient is  dW_ij = sum_t d_j(t) e_ij(t)  with eligibility that each synapse would carry forwards,

eps(t) = g(t) eps(t-1) - q(t) e(t-1) + p(t) pre(t),  eps_a(t) = rho eps_a(t-1) + e(t-1),
e(t) = psi(t) (eps(t) - beta eps_a(t)).

These are linear in pre(t), and every coefficient belongs to the postsynaptic neuron j alone. So the sum can be turned
round: dW_ij = sum over spikes s of i of G_j(s), with the adjoint of the same recursion run backwards once per neuron,

E(t) = d(t) + G_a(t+1) - q(t+1) G_v(t+1),   G_v(t) = psi(t) E(t) + g(t+1) G_v(t+1),
G_a(t) = rho G_a(t+1) - beta psi(t) E(t),   G(t) = p(t) G_v(t).

Memory is O(T N) instead of O(N^2) per sample, and no work is done where there is no spike.
"""

from __future__ import annotations

import numpy as np

from plasticity.engines.gradient.compiling import compiled
from plasticity.engines.gradient.rows import add_rows, add_weighted_rows

CROSS_ENTROPY, MSE = 0, 1


@compiled
def loss_and_error(y, target, weight, kind, c, error):
    """The loss of one sample; error [T, n_out] = its derivative with respect to the readout y [T, n_out].

    target: [T, n_out], or [1, n_out] for all steps; weight: [T]. Loss = sum_t weight(t) times the cross-entropy of
    softmax(y) or half the squared error.
    """
    total = 0.0
    for t in range(y.shape[0]):
        if weight[t] == c.zero:
            error[t, :] = c.zero
            continue
        wanted = target[t if target.shape[0] > 1 else 0]
        if kind == CROSS_ENTROPY:
            total += weight[t] * cross_entropy(y[t], wanted, weight[t], error[t], c)
        else:
            total += weight[t] * squared(y[t], wanted, weight[t], error[t], c)
    return total


@compiled
def cross_entropy(y, wanted, weight, error, c):
    """-sum_k wanted_k log softmax(y)_k."""
    highest = y[0]
    for k in range(1, y.size):
        highest = max(highest, y[k])
    total, mass, score = c.zero, c.zero, c.zero
    for k in range(y.size):
        error[k] = np.exp(y[k] - highest)
        total += error[k]
        mass += wanted[k]
        score += wanted[k] * (y[k] - highest)
    for k in range(y.size):
        error[k] = weight * (error[k] * (mass / total) - wanted[k])
    return mass * np.log(total) - score


@compiled
def squared(y, wanted, weight, error, c):
    """Half the squared distance."""
    total = c.zero
    for k in range(y.size):
        off = y[k] - wanted[k]
        error[k] = weight * off
        total += off * off
    return total / (c.one + c.one)


@compiled
def filter_backwards(error, c):
    """error(t) <- (1 - kappa) sum_{t' >= t} kappa^(t' - t) error(t'): what the readout's filter makes of it."""
    steps, n = error.shape
    for k in range(n):
        error[steps - 1, k] *= c.inflow
    for t in range(steps - 2, -1, -1):
        for k in range(n):
            new = c.inflow * error[t, k] + c.kappa * error[t + 1, k]
            error[t, k] = new if abs(new) > c.tiny else c.zero


@compiled
def run_backwards(error, feedback, push, beta, c, work, signal, gv, ga, adjoint):
    """Fills adjoint [T + 1, n] = G. error [T, n_out]: filtered; feedback [n_out, n]; push [n]: added to every step."""
    steps = error.shape[0]
    gv[:] = c.zero
    ga[:] = c.zero
    adjoint[steps, :] = c.zero
    for t in range(steps - 1, -1, -1):
        for j in range(signal.size):
            signal[j] = push[j]
        add_weighted_rows(signal, feedback, error[t])
        if c.general:
            step_by(signal, work.psi[t], work.gain[t + 1], work.credit[t + 1], work.arrival[t], beta, c, gv, ga,
                    adjoint[t])
        else:
            step(signal, work.psi[t], beta, c, gv, ga, adjoint[t])


@compiled
def step(signal, psi, beta, c, gv, ga, adjoint):
    """One step backwards where the membrane only leaks."""
    for j in range(signal.size):
        reached = psi[j] * (signal[j] + ga[j])
        new = reached + c.decay * gv[j]
        new = new if abs(new) > c.tiny else c.zero
        slow = c.rho * ga[j] - beta[j] * reached
        gv[j] = new
        ga[j] = slow if abs(slow) > c.tiny else c.zero
        adjoint[j] = c.scale * new


@compiled
def step_by(signal, psi, gain, credit, arrival, beta, c, gv, ga, adjoint):
    """One step backwards with the factors of this neuron's reset, refractoriness and autapse."""
    for j in range(signal.size):
        reached = psi[j] * (signal[j] + ga[j] - credit[j] * gv[j])
        new = reached + gain[j] * gv[j]
        new = new if abs(new) > c.tiny else c.zero
        slow = c.rho * ga[j] - beta[j] * reached
        gv[j] = new
        ga[j] = slow if abs(slow) > c.tiny else c.zero
        adjoint[j] = arrival[j] * new


@compiled
def add_at_spikes(gradient, rows, start, times):
    """gradient[i] += the rows at the spike times of neuron i."""
    for i in range(gradient.shape[0]):
        add_rows(gradient[i], rows, times, start[i], start[i + 1])
