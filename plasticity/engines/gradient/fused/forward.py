"""One sample forward through the layer: membranes, spikes, pseudo-derivatives and the readout."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from plasticity.engines.gradient.compiling import compiled
from plasticity.engines.gradient.rows import add_rows


class Work(NamedTuple):
    """What one sample leaves behind for its gradient, O(T N), and the state of the moment, O(N).

    psi [T, n]; spikes by step in ptr [T + 1] and index; counts [n]. Where the membrane does more than leak:
    gain [T + 1, n] = dv[t]/dv[t-1], arrival [T + 1, n] = dv[t]/d input[t], credit [T + 1, n] = -dv[t]/dz[t-1].
    """

    psi: np.ndarray
    ptr: np.ndarray
    index: np.ndarray
    counts: np.ndarray
    gain: np.ndarray
    arrival: np.ndarray
    credit: np.ndarray
    v: np.ndarray
    adapt: np.ndarray
    current: np.ndarray
    z: np.ndarray
    left: np.ndarray


def workspace(steps: int, n: int, kind: np.dtype, general: bool) -> Work:
    """Memory for one sample."""
    rows = (steps + 1 if general else 0, n)
    return Work(
        psi=np.empty((steps, n), kind), ptr=np.zeros(steps + 1, np.int64), index=np.empty(steps * n + 1, np.int32),
        counts=np.zeros(n, np.int64), gain=np.zeros(rows, kind), arrival=np.zeros(rows, kind),
        credit=np.zeros(rows, kind), v=np.zeros(n, kind), adapt=np.zeros(n, kind), current=np.zeros(n, kind),
        z=np.zeros(n, kind), left=np.zeros(n, np.int32))


@compiled
def forward(ptr, index, w_in, w_rec, w_out, own, beta, c, work, y):
    """Runs one sample from rest and fills `work` and the readout y [T, n_out]. own: diagonal of w_rec."""
    for state in (work.v, work.adapt, work.z):
        state[:] = c.zero
    work.left[:] = 0
    work.counts[:] = 0
    for t in range(ptr.size - 1):
        work.current[:] = c.zero
        add_rows(work.current, w_in, index, ptr[t], ptr[t + 1])
        if t > 0 and w_rec.size > 0:
            add_rows(work.current, w_rec, work.index, work.ptr[t - 1], work.ptr[t])
        if c.general:
            factors(work.gain[t], work.arrival[t], work.credit[t], work, own, c)
            integrate_by(work.gain[t], work.arrival[t], work, c)
        else:
            integrate(work.v, work.current, work.z, c)
        fire(work.v, work.adapt, work.z, work.psi[t], beta, c)
        if c.refractory > 0:
            turn_refractory(work.z, work.psi[t], work.left, c)
        work.ptr[t + 1] = collect(work.z, work.index, work.ptr[t])
        y[t, :] = c.zero
        add_rows(y[t], w_out, work.index, work.ptr[t], work.ptr[t + 1])
        leak(y, t, c)
    for k in range(work.ptr[ptr.size - 1]):
        work.counts[work.index[k]] += 1


@compiled
def integrate(v, current, z, c):
    """A leaky membrane from which the reset is subtracted."""
    for j in range(v.size):
        new = c.decay * v[j] + c.scale * current[j] - c.amount * z[j]
        v[j] = new if abs(new) > c.tiny else c.zero


@compiled
def factors(gain, arrival, credit, work, own, c):
    """How v[t] depends on v[t-1], on what arrives and on the own spike z[t-1], before v is integrated."""
    v, z, left = work.v, work.z, work.left
    for j in range(v.size):
        replaced = c.replaces and z[j] > c.zero
        clamped = c.clamps and left[j] > 1
        lost = c.loses and (replaced or (c.clamps and left[j] > 0))
        gain[j] = c.zero if replaced or clamped else c.decay
        arrival[j] = c.zero if lost or clamped else c.scale
        path = c.zero
        if c.reset_credit and not clamped:
            if c.replaces:
                path = c.decay * (v[j] - c.reset_to) + (c.scale * work.current[j] if c.loses else c.zero)
            else:
                path = c.amount
        if c.autapse_credit:
            path -= arrival[j] * own[j]
        credit[j] = path


@compiled
def integrate_by(gain, arrival, work, c):
    """A membrane that its reset replaces, or holds, or only leaks."""
    v, z, left = work.v, work.z, work.left
    for j in range(v.size):
        floor = c.zero
        if c.clamps and left[j] > 1:
            floor = c.reset_to
        elif c.replaces and z[j] > c.zero:
            floor = c.decay * c.reset_to
        new = gain[j] * v[j] + floor + arrival[j] * work.current[j] - c.amount * z[j]
        v[j] = new if abs(new) > c.tiny else c.zero


@compiled
def fire(v, adapt, z, psi, beta, c):
    """Thresholds, pseudo-derivatives and spikes; z holds the spikes of the step before and then of this one."""
    for j in range(v.size):
        adapt[j] = c.rho * adapt[j] + z[j]
        above = v[j] - (c.threshold + beta[j] * adapt[j])
        psi[j] = c.height * max(c.zero, c.one - abs(above) * c.per_width)
        z[j] = c.one if above >= c.zero else c.zero


@compiled
def turn_refractory(z, psi, left, c):
    """A refractory neuron neither spikes nor learns; left: steps until it may spike."""
    for j in range(z.size):
        left[j] = max(left[j] - 1, 0)
        if left[j] > 0:
            z[j] = c.zero
            psi[j] = c.zero
        elif z[j] > c.zero:
            left[j] = c.refractory


@compiled
def collect(z, index, at):
    """Writes the numbers of the neurons that spiked to index[at:]; answers where they end."""
    for j in range(z.size):
        index[at] = j
        at += np.int64(z[j])
    return at


@compiled
def leak(y, t, c):
    """The leaky readout of step t, from what arrived in y[t]."""
    for k in range(y.shape[1]):
        before = y[t - 1, k] if t > 0 else c.zero
        new = c.kappa * before + c.inflow * y[t, k]
        y[t, k] = new if abs(new) > c.tiny else c.zero
