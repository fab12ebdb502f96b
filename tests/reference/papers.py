"""Five published rules on one synapse or one layer, written from the papers as plain loops over time."""

from math import exp, sqrt

import numpy as np


def clopath(w, pre, v, dt, delay=4e-3, low=0.0, high=3.0):
    """Clopath et al. 2010 in mV and ms: LTD at presynaptic spikes, LTP at depolarisation after presynaptic spikes.

    pre: spike steps; v: voltage (V) per step. Filters start at rest; the slow average of v above rest at 10 mV.
    """
    u, dt, lag = 1e3 * np.asarray(v), 1e3 * dt, round(delay / dt)
    minus = plus = -70.6
    slow = 10.0
    for t in range(len(u)):
        old = u[max(t - lag, 0)]
        minus += (1 - exp(-dt / 10.0)) * (old - minus)
        plus += (1 - exp(-dt / 7.0)) * (old - plus)
        slow += (1 - exp(-dt / 1000.0)) * (u[t] + 70.6 - slow)
        x_bar = sum(exp(-(t - s) * dt / 15.0) for s in pre if s < t) / 15.0
        w += dt * 8e-5 * x_bar * max(u[t] + 45.3, 0.0) * max(plus + 70.6, 0.0)
        w = min(max(w, low), high)
        if t in pre:
            w -= 14e-5 * slow**2 / 60.0 * max(minus + 70.6, 0.0)
            w = min(max(w, low), high)
    return w


def graupner_brunel(rho, pre, post, steps, dt, delay, gauss, sigma=2.8284):
    """Graupner & Brunel 2012, set DP, Euler-Maruyama with the standard normal draws `gauss` [steps]."""
    late, c = [s + round(delay / dt) for s in pre], 0.0
    for t in range(steps):
        c *= exp(-dt / 20e-3)
        up, down = float(c > 1.3), float(c > 1.0)
        drift = -rho * (1 - rho) * (0.5 - rho) + 321.808 * (1 - rho) * up - 200.0 * rho * down
        rho += (drift * dt + sigma * sqrt(150.0 * (up + down)) * sqrt(dt) * gauss[t]) / 150.0
        c += 1.0 * (t in late) + 2.0 * (t in post)
    return rho


def eprop_alif(w, pre, psi, learning, dt, eta=0.01, tau_m=20e-3, tau_a=0.2, tau_out=20e-3, beta=0.07):
    """Bellec et al. 2020: eligibility vector (v, a), filtered trace, online update; pre: spike steps."""
    alpha, rho, kappa = exp(-dt / tau_m), exp(-dt / tau_a), exp(-dt / tau_out)
    eps_v = eps_a = e_bar = 0.0
    for t in range(len(psi)):
        eps_v = alpha * eps_v + (t - 1 in pre)
        e = psi[t] * (eps_v - beta * eps_a)
        eps_a = psi[t] * eps_v + (rho - psi[t] * beta) * eps_a
        e_bar = kappa * e_bar + (1 - kappa) * e
        w -= eta * learning[t] * e_bar
    return w


def sanger(w, x, y, dt, eta=1.0):
    """Sanger 1989: dw_ij = eta y_j (x_i - sum_{k <= j} w_ik y_k); x [steps, pre], y [steps, post]."""
    w = np.array(w)
    for t in range(len(x)):
        new = w.copy()
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                explained = sum(w[i, k] * y[t][k] for k in range(j + 1))
                new[i, j] += dt * eta * y[t][j] * (x[t][i] - explained)
        w = new
    return w


def dopamine(w, pre, post, d, dt, a_plus=1.0, a_minus=1.5, tau=20e-3, tau_c=1.0, low=0.0, high=4.0):
    """Izhikevich 2007: every pair leaves an eligibility that decays with tau_c, dw/dt = c d. At ties pre is first."""
    for t in range(len(d)):
        c = 0.0
        for s in pre:
            for q in post:
                then = max(s, q)
                if then < t:
                    pair = a_plus * exp(-(q - s) * dt / tau) if q >= s else -a_minus * exp(-(s - q) * dt / tau)
                    c += pair * exp(-(t - then) * dt / tau_c)
        w = min(max(w + dt * c * d[t], low), high)
    return w
