"""Products of spikes and weights that touch only what spiked: rows are added forwards, and errors backwards."""

from __future__ import annotations

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient.compiling import kept
from plasticity.engines.gradient.parts import added, array, in_parts
from plasticity.engines.gradient.rows import add_rows, by_neuron

DENSEST = 0.2  # above this fraction of spikes the dense product is faster


def sparse_spikes(x: torch.Tensor) -> Spikes | None:
    """The spikes of a tensor [batch, steps, n] of 0 and 1; None for other numbers, and where they are not sparse."""
    values = array(x)
    samples, steps, n = values.shape
    rows = values.reshape(-1, n)
    counts = np.zeros(len(rows) + 1, np.int64)
    if not _count(rows[:steps], counts, int(DENSEST * steps * n) + n):
        return None
    if not all(in_parts(len(rows), lambda first, last: _count(rows[first:last], counts[first + 1:last + 1],
                                                             int(DENSEST * (last - first) * n) + n))):
        return None
    ends = np.cumsum(counts)
    index = np.empty(ends[-1], np.int32)
    in_parts(len(rows), lambda first, last: _list(rows[first:last], ends[first:last + 1], index))
    return Spikes(ends[np.arange(samples)[:, None] * steps + np.arange(steps + 1)], index, n)


@kept
def _count(rows, counts, most):
    """Fills counts of what is not zero, by row; whether all of that is 1 and there is no more than `most`."""
    total, other = 0, 0
    for r in range(rows.shape[0]):
        nonzero = 0
        for j in range(rows.shape[1]):
            nonzero += rows[r, j] != 0
            other += (rows[r, j] != 0) & (rows[r, j] != 1)
        counts[r] = nonzero
        total += nonzero
        if other > 0 or total > most:
            return False
    return True


@kept
def _list(rows, ends, index):
    for r in range(rows.shape[0]):
        at = ends[r]
        if ends[r + 1] > at:
            for j in range(rows.shape[1]):
                if rows[r, j] != 0:
                    index[at] = j
                    at += 1


@kept
def _add_weights(first, last, ptr, index, w, delay, out):
    """out[b, t] = the rows of w whose neurons spiked `delay` steps before."""
    for b in range(first, last):
        out[b] = 0
        for t in range(delay, out.shape[1]):
            add_rows(out[b, t], w, index, ptr[b, t - delay], ptr[b, t - delay + 1])


@kept
def _add_errors(first, last, ptr, index, error, delay, gradient):
    """gradient[i] += error[b, t + delay] at every spike of neuron i."""
    start, steps = np.zeros(gradient.shape[0] + 1, np.int64), error.shape[1] - delay
    most = 0
    for b in range(first, last):
        most = max(most, ptr[b, max(steps, 0)] - ptr[b, 0])
    times = np.empty(most, np.int32)
    for b in range(first, last if steps > 0 else first):
        by_neuron(ptr[b, :steps + 1], index, start, times)
        rows = error[b, delay:]
        for i in range(gradient.shape[0]):
            add_rows(gradient[i], rows, times, start[i], start[i + 1])


def weights_at_spikes(spikes: Spikes, w: np.ndarray, delay: int = 0) -> np.ndarray:
    """What arrives: [batch, steps, n_post]."""
    out = np.empty((spikes.samples, spikes.steps, w.shape[1]), w.dtype)
    in_parts(spikes.samples, lambda first, last: _add_weights(first, last, spikes.ptr, spikes.index, w, delay, out))
    return out


def errors_at_spikes(spikes: Spikes, error: np.ndarray, delay: int = 0) -> np.ndarray:
    """The gradient of weights [pre, post], from that of what arrived [batch, steps, post]."""
    def part(first: int, last: int) -> np.ndarray:
        gradient = np.zeros((spikes.n, error.shape[2]), error.dtype)
        _add_errors(first, last, spikes.ptr, spikes.index, error, delay, gradient)
        return gradient

    return added(in_parts(spikes.samples, part))


class _Sparse(torch.autograd.Function):
    """spikes w, whose error goes back over `feedback`."""

    @staticmethod
    def forward(ctx, transmitted, w, feedback, spikes, delay):
        ctx.spikes, ctx.delay = spikes, delay
        ctx.save_for_backward(feedback)
        return torch.from_numpy(weights_at_spikes(spikes, array(w), delay))

    @staticmethod
    @once_differentiable
    def backward(ctx, error):
        (feedback,), delay = ctx.saved_tensors, ctx.delay
        back = dw = None
        if ctx.needs_input_grad[0]:
            back = later(error, -delay) @ feedback.T
        if ctx.needs_input_grad[1]:
            dw = torch.from_numpy(errors_at_spikes(ctx.spikes, array(error), delay))
        return back, dw, None, None, None


def sparse_product(transmitted: torch.Tensor, w: torch.Tensor, feedback: torch.Tensor | None, spikes: Spikes,
                   delay: int = 0) -> torch.Tensor:
    """What arrives of `transmitted` [batch, steps, pre], known as `spikes`: [batch, steps, post].

    feedback: weights over which the error returns; None for no credit. delay: steps.
    """
    if feedback is None:
        return _Sparse.apply(transmitted.detach(), w, w, spikes, delay)
    return _Sparse.apply(transmitted, w, feedback.detach(), spikes, delay)


def later(values: torch.Tensor, steps: int) -> torch.Tensor:
    """[batch, steps, n], moved so many steps on (back where negative), with zeros in the gap."""
    if steps == 0:
        return values
    length = values.shape[1]
    gap = torch.zeros_like(values[:, :min(abs(steps), length)])
    whole = max(length - abs(steps), 0)
    return torch.cat([gap, values[:, :whole]], 1) if steps > 0 else torch.cat([values[:, length - whole:], gap], 1)
