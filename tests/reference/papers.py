"""Published rules on one synapse or one layer, written from the papers as plain loops over time."""

from math import exp, sqrt

import numpy as np


def clopath(w, pre, v, dt, delay=4e-3, low=0.0, high=3.0, homeostasis=True):
    """Clopath et al. 2010 in mV and ms: LTD at presynaptic spikes, LTP at depolarisation after presynaptic spikes.

    pre: spike steps; v: voltage (V) per step. Filters start at rest; the slow average of v above rest at sqrt(60) mV.
    """
    u, dt, lag = 1e3 * np.asarray(v), 1e3 * dt, round(delay / dt)
    minus = plus = -70.6
    slow = sqrt(60.0)
    for t in range(len(u)):
        old = u[max(t - lag, 0)]
        minus += (1 - exp(-dt / 10.0)) * (old - minus)
        plus += (1 - exp(-dt / 7.0)) * (old - plus)
        slow += (1 - exp(-dt / 1000.0)) * (u[t] + 70.6 - slow)
        x_bar = sum(exp(-(t - s) * dt / 15.0) for s in pre if s < t) / 15.0
        w += dt * 8e-5 * x_bar * max(u[t] + 45.3, 0.0) * max(plus + 70.6, 0.0)
        w = min(max(w, low), high)
        if t in pre:
            w -= 14e-5 * (slow**2 / 60.0 if homeostasis else 1.0) * max(minus + 70.6, 0.0)
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


def _pairings(pre, post, t, tau=20e-3, dt=1e-3):
    """What spikes of step t propose (+1 and -1 for coincident pairs), presynaptic spikes acting first."""
    up = sum(exp(-(t - s) * dt / tau) for s in pre if s <= t) if t in post else 0.0
    down = sum(exp(-(t - s) * dt / tau) for s in post if s < t) if t in pre else 0.0
    return up, down


def mstdp(w, pre, post, reward, dt, gamma=0.1, low=0.0, high=1.0):
    """Florian 2007, MSTDP: what the spikes of a step propose, times its reward; clipped after each event."""
    for t in range(len(reward)):
        up, down = _pairings(pre, post, t, dt=dt)
        w = min(max(w - gamma * reward[t] * down, low), high)
        w = min(max(w + gamma * reward[t] * up, low), high)
    return w


def mstdpet(w, pre, post, reward, dt, gamma=0.625, tau_z=25e-3, low=0.0, high=1.0):
    """Florian 2007, MSTDPET: the proposals go into z, which decays; reward times z changes the weight."""
    z = 0.0
    for t in range(len(reward)):
        z *= exp(-dt / tau_z)
        w = min(max(w + dt * gamma * reward[t] * z, low), high)
        up, down = _pairings(pre, post, t, dt=dt)
        z += (up - down) / tau_z
    return w


def r_max(w, pre, post, rho, reward, dt, eta=0.1, tau_e=0.5, tau_m=20e-3, tau_s=5e-3, low=0.0, high=1.0):
    """Fremaux et al. 2010, R-max: e' = -e/tau_e + (spikes - rho) psp; dw/dt = eta reward e."""
    e = 0.0
    for t in range(len(rho)):
        psp = sum(exp(-(t - s) * dt / tau_m) - exp(-(t - s) * dt / tau_s) for s in pre if s < t)
        e *= exp(-dt / tau_e)
        w = min(max(w + dt * eta * reward[t] * e, low), high)
        e += psp * ((t in post) - dt * rho[t])
    return w


def sdsp(w, pre, post, v, dt, a=0.1, b=0.1, theta_v=0.8, up=(3, 13), down=(3, 4), drift=3.5, tau_c=60e-3):
    """Brader et al. 2007: the drift of the step first, then the jump of a presynaptic spike."""
    for t in range(len(v)):
        w = min(max(w + dt * (drift if w > 0.5 else -drift), 0.0), 1.0)
        c = sum(exp(-(t - s) * dt / tau_c) for s in post if s < t)
        if t in pre:
            w += a * (v[t] > theta_v and up[0] < c < up[1]) - b * (v[t] <= theta_v and down[0] < c < down[1])
            w = min(max(w, 0.0), 1.0)
    return w
