"""A run of samples, one after the other: forward, then the gradient, while the sample is still in the cache."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from plasticity.engines.gradient.compiling import compiled, kept
from plasticity.engines.gradient.fused.adjoint import add_at_spikes, filter_backwards, loss_and_error, run_backwards
from plasticity.engines.gradient.fused.forward import forward
from plasticity.engines.gradient.rows import by_neuron


class KernelInputs(NamedTuple):
    """What the compiled code reads. Arrays are contiguous and of the type that is computed in.

    ptr int64 [samples, T + 1], index int32; w_in [n_in, n]; w_rec [n, n] or [0, n]; w_out [n, n_out]; own [n] is the
    diagonal of w_rec; feedback [n_out, n]; beta [n]; target [samples, T or 1, n_out]; weight [samples or 1, T].
    """

    ptr: np.ndarray
    index: np.ndarray
    w_in: np.ndarray
    w_rec: np.ndarray
    w_out: np.ndarray
    own: np.ndarray
    feedback: np.ndarray
    beta: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    kind: int
    rate_strength: float
    rate_target: float


class KernelOutputs(NamedTuple):
    """What it writes, for all samples: loss [samples], y [samples, T, n_out], counts [samples, n], raster
    [samples or 0, T, n]."""

    loss: np.ndarray
    y: np.ndarray
    counts: np.ndarray
    raster: np.ndarray


class Scratch(NamedTuple):
    """Memory for the gradient of one sample."""

    error: np.ndarray
    adjoint: np.ndarray
    signal: np.ndarray
    push: np.ndarray
    gv: np.ndarray
    ga: np.ndarray
    start_in: np.ndarray
    times_in: np.ndarray
    start: np.ndarray
    times: np.ndarray


def scratch_for(inputs: KernelInputs, first: int, last: int) -> Scratch:
    """Memory for the gradient of one sample of this part."""
    (n, n_out), n_in, kind = inputs.w_out.shape, inputs.w_in.shape[0], inputs.w_in.dtype
    steps, spikes = inputs.ptr.shape[1] - 1, inputs.ptr[first:last, -1] - inputs.ptr[first:last, 0]
    return Scratch(
        error=np.zeros((steps, n_out), kind), adjoint=np.zeros((steps + 1, n), kind), signal=np.zeros(n, kind),
        push=np.zeros(n, kind), gv=np.zeros(n, kind), ga=np.zeros(n, kind), start_in=np.zeros(n_in + 1, np.int64),
        times_in=np.empty(spikes.max(), np.int32), start=np.zeros(n + 1, np.int64),
        times=np.empty(steps * n, np.int32))


@compiled
def keep(s, outputs, work):
    """Spike counts of sample s, and its spikes if they were asked for."""
    for j in range(work.counts.size):
        outputs.counts[s, j] = work.counts[j]
    if outputs.raster.shape[0] > 0:
        for t in range(work.ptr.size - 1):
            for k in range(work.ptr[t], work.ptr[t + 1]):
                outputs.raster[s, t, work.index[k]] = True


@compiled
def backward(s, inputs, outputs, work, scratch, c, d_in, d_rec, d_out):
    """Adds the gradient of sample s, which `work` remembers."""
    ptr, steps = inputs.ptr[s], work.psi.shape[0]
    weight = inputs.weight[s if inputs.weight.shape[0] > 1 else 0]
    outputs.loss[s] = loss_and_error(outputs.y[s], inputs.target[s], weight, inputs.kind, c, scratch.error)
    filter_backwards(scratch.error, c)
    for j in range(scratch.push.size):
        scratch.push[j] = inputs.rate_strength * (work.counts[j] / steps - inputs.rate_target) / steps
    run_backwards(scratch.error, inputs.feedback, scratch.push, inputs.beta, c, work, scratch.signal, scratch.gv,
                  scratch.ga, scratch.adjoint)
    by_neuron(ptr, inputs.index, scratch.start_in, scratch.times_in)
    by_neuron(work.ptr, work.index, scratch.start, scratch.times)
    add_at_spikes(d_in, scratch.adjoint, scratch.start_in, scratch.times_in)
    if d_rec.size > 0:
        add_at_spikes(d_rec, scratch.adjoint[1:], scratch.start, scratch.times)  # a spike arrives one step later
    add_at_spikes(d_out, scratch.error, scratch.start, scratch.times)


@kept
def run_samples(first, last, inputs, outputs, work, scratch, c, learn, d_in, d_rec, d_out):
    """Samples first to last; with learn=True their gradients are added to d_in, d_rec and d_out."""
    for s in range(first, last):
        forward(inputs.ptr[s], inputs.index, inputs.w_in, inputs.w_rec, inputs.w_out, inputs.own, inputs.beta, c,
                work, outputs.y[s])
        keep(s, outputs, work)
        if learn:
            backward(s, inputs, outputs, work, scratch, c, d_in, d_rec, d_out)
