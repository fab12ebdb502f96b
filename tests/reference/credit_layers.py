"""Gradients of two layers of leaky neurons (subtracting their threshold one step late), by loops with numpy only."""

from __future__ import annotations

import numpy as np


def forward(x, w1, w2, w_out, p, threshold, kappa, height):
    """Spikes and psi of both layers, and outputs; every layer answers one step after the layer below."""
    v1, z1, v2, z2 = (np.zeros(n) for n in (w1.shape[1],) * 2 + (w2.shape[1],) * 2)
    arrived, y, found = np.zeros(w1.shape[1]), np.zeros(w_out.shape[1]), []
    for now in x:
        v2 = p * v2 - threshold * z2 + z1 @ w2
        v1 = p * v1 - threshold * z1 + arrived
        z1, z2 = (v1 >= threshold) * 1.0, (v2 >= threshold) * 1.0
        y = kappa * y + (1 - kappa) * z2 @ w_out
        arrived = now @ w1
        psi = [height / threshold * np.maximum(0, 1 - np.abs(v - threshold) / threshold) for v in (v1, v2)]
        found.append((z1, z2, *psi, y))
    return [np.array(part) for part in zip(*found, strict=True)]


def shifted(values):
    """One step later."""
    return np.concatenate([np.zeros_like(values[:1]), values[:-1]])


def trace(values, decay):
    found = np.zeros_like(values)
    for t in range(len(values)):
        found[t] = values[t] + (decay * found[t - 1] if t else 0)
    return found


def backward(x, w1, w2, w_out, error, p, threshold, kappa, height, *, back_out, back2, direct1=None):
    """Backpropagation through time.

    back_out [n_out, n2], back2 [n2, n1] take the place of transposed weights; direct1 [n_out, n1] brings the error to
    the first layer instead of the second layer.
    """
    z1, z2, psi1, psi2, y = forward(x, w1, w2, w_out, p, threshold, kappa, height)
    steps = len(x)
    f, dv1, dv2 = np.zeros(w_out.shape[1]), np.zeros(w1.shape[1]), np.zeros(w2.shape[1])
    d1, d2, d_out, z_bar = np.zeros_like(w1), np.zeros_like(w2), np.zeros_like(w_out), (1 - kappa) * trace(z2, kappa)
    for t in reversed(range(steps)):
        err = error(y, t)
        f = (1 - kappa) * err + kappa * f
        dz2 = f @ back_out - threshold * dv2
        dz1 = (dv2 @ back2 if direct1 is None else f @ direct1) - threshold * dv1
        dv1, dv2 = psi1[t] * dz1 + p * dv1, psi2[t] * dz2 + p * dv2
        d1 += np.outer(shifted(x)[t], dv1)
        d2 += np.outer(shifted(z1)[t], dv2)
        d_out += np.outer(z_bar[t], err)
    return d1, d2, d_out


def step_by_step(x, w1, w2, w_out, error, p, threshold, kappa, height, *, traces, local=None):
    """OTTT (traces) and SLTT (none): the error passes the layers at once; presynaptic traces hold the past.

    local: DECOLLE's fixed readouts [n1, n_out], [n2, n_out], each with the same loss, instead of the layers above.
    """
    z1, z2, psi1, psi2, y = forward(x, w1, w2, w_out, p, threshold, kappa, height)
    past_x, past_1 = (trace(shifted(v), p) if traces else shifted(v) for v in (x, z1))
    past_2 = (1 - kappa) * (trace(z2, kappa) if traces else z2)
    d1, d2, d_out = np.zeros_like(w1), np.zeros_like(w2), np.zeros_like(w_out)
    for t in range(len(x)):
        err = error(y, t)
        d_out += np.outer(past_2[t], err)
        delta2 = psi2[t] * ((1 - kappa) * w_out @ err if local is None else local[1] @ error(z2 @ local[1], t))
        d2 += np.outer(past_1[t], delta2)
        if local is not None:
            d1 += np.outer(past_x[t], psi1[t] * (local[0] @ error(z1 @ local[0], t)))
        elif t:
            d1 += np.outer(past_x[t - 1], psi1[t - 1] * (w2 @ delta2))
    return d1, d2, d_out


def within_layers(x, w1, w2, w_out, error, p, threshold, kappa, height):
    """OSTL: eligibilities through membrane and reset; the error passes layers in its own step, as if without past."""
    z1, _, psi1, psi2, y = forward(x, w1, w2, w_out, p, threshold, kappa, height)
    pre1, pre2 = shifted(x), shifted(z1)
    eps1, eps2, e1, e2 = np.zeros_like(w1), np.zeros_like(w2), np.zeros_like(w1), np.zeros_like(w2)
    d1, d2, before = np.zeros_like(w1), np.zeros_like(w2), e1
    for t in range(len(x)):
        before = e1
        eps1 = p * eps1 - threshold * e1 + pre1[t][:, None]
        eps2 = p * eps2 - threshold * e2 + pre2[t][:, None]
        e1, e2 = psi1[t] * eps1, psi2[t] * eps2
        dz2 = (1 - kappa) * w_out @ error(y, t)
        d2 += e2 * dz2
        d1 += before * (w2 @ (psi2[t] * dz2))
    return d1, d2


def told(x, w1, w2, w_out, error, target, fixed, p, threshold, kappa, height, *, reset):
    """DRTP (the reset's path open) and ETLP (closed): dE/dz(t) = B target(t) for both layers, B [n, n_out] each."""
    z1, z2, psi1, psi2, y = forward(x, w1, w2, w_out, p, threshold, kappa, height)
    z_bar, found = (1 - kappa) * trace(z2, kappa), []
    for pre, psi, b in ((shifted(x), psi1, fixed[0]), (shifted(z1), psi2, fixed[1])):
        eps, e, total = np.zeros((3, pre.shape[1], psi.shape[1]))
        for t in range(len(x)):
            eps = p * eps - threshold * e * reset + pre[t][:, None]
            e = psi[t] * eps
            total = total + e * (b @ target[t])
        found.append(total)
    return *found, sum(np.outer(z_bar[t], error(y, t)) for t in range(len(x)))


def rflo(x, w_in, w_rec, w_out, feedback, target, leak):
    """Murray 2019: p <- (1 - leak) p + leak phi'(u) pre; change = (B error) p, for outputs that see h as it is."""
    h, u = np.zeros(w_rec.shape[0]), np.zeros(w_rec.shape[0])
    p = np.zeros((len(w_in) + len(w_rec), len(w_rec)))
    pre, total, outputs = np.zeros(len(p)), np.zeros_like(p), []
    for now, wanted in zip(x, target, strict=True):
        p = (1 - leak) * p + leak * np.outer(pre, 1 - np.tanh(u) ** 2)
        h = (1 - leak) * h + leak * np.tanh(u)
        outputs.append(h @ w_out)
        total += p * ((outputs[-1] - wanted) @ feedback)
        pre = np.concatenate([now, h])
        u = pre @ np.concatenate([w_in, w_rec])
    return total[:len(w_in)], total[len(w_in):], np.array(outputs)
