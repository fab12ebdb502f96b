"""e-prop's gradient of a recurrent spiking layer, at spikes only: what a user calls."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient.fused.adjoint import CROSS_ENTROPY, MSE
from plasticity.engines.gradient.fused.events import events
from plasticity.engines.gradient.fused.forward import workspace
from plasticity.engines.gradient.fused.kernel import KernelInputs, KernelOutputs, run_samples, scratch_for
from plasticity.engines.gradient.fused.layer import DTYPES, Constants, Layer
from plasticity.engines.gradient.parts import in_parts
from plasticity.errors import PlasticityError, choice

LOSSES: Mapping[str, int] = MappingProxyType({"cross_entropy": CROSS_ENTROPY, "mse": MSE})


class Weights(NamedTuple):
    """w_in [n_in, n], w_rec [n, n] or None, w_out [n, n_out]; from row to column. Gradients have the same form."""

    w_in: np.ndarray
    w_rec: np.ndarray | None
    w_out: np.ndarray


class Rate(NamedTuple):
    """Firing-rate regulariser: strength/2 (spikes per step - target dt)^2 per neuron and sample; target in hertz."""

    strength: float
    target: float


@dataclass(frozen=True)
class Outcome:
    """readout [samples, T, n_out]; counts of spikes [samples, n]; spikes bool [samples, T, n] if they were asked for;
    loss [samples] (float64, without the regulariser) and gradient (summed over samples) if there was a target."""

    readout: np.ndarray
    counts: np.ndarray
    spikes: np.ndarray | None = None
    loss: np.ndarray | None = None
    gradient: Weights | None = None


def run(layer: Layer, weights: Weights, inputs: Spikes | np.ndarray, *, record: bool = False,
        threads: int | None = None) -> Outcome:
    """Runs every sample from rest, without a gradient.

    inputs: Spikes, or bool [samples, T, n_in]. record: keep the layer's spikes. threads: default one per core.
    Computes in the type of w_in (float32 or float64). Raises PlasticityError for shapes that do not fit.
    """
    weights, spikes = _weights(layer, weights), _inputs(inputs, weights)
    target = np.zeros((0, 1, weights.w_out.shape[1]), weights.w_in.dtype)
    weight = np.zeros((0, spikes.steps), target.dtype)
    kernel_inputs = _kernel_inputs(layer, weights, spikes, target, weight, "mse", None, None)
    outputs, c = _kernel_outputs(kernel_inputs, record), layer.constants(str(target.dtype))
    _in_parts(spikes.samples, threads, lambda first, last: _part(first, last, kernel_inputs, outputs, c, learn=False))
    return Outcome(outputs.y, outputs.counts, outputs.raster if record else None)


def gradient(layer: Layer, weights: Weights, inputs: Spikes | np.ndarray, targets: np.ndarray, *,
             loss: str = "cross_entropy", mask: np.ndarray | None = None, feedback: np.ndarray | None = None,
             rate: Rate | None = None, record: bool = False, threads: int | None = None) -> Outcome:
    """Loss and e-prop gradient of every sample, summed over samples.

    dE/dw_ij = sum_t F_j(t) e_ij(t),  F_j(t) = (1 - kappa) sum_{t' >= t} kappa^(t' - t) sum_k B_jk error_k(t')
    dE/dw_out_jk = sum_t error_k(t) zbar_j(t)

    Credit flows through a neuron's own state (membrane, adaptive threshold) and is cut between neurons.
    inputs: Spikes, or bool [samples, T, n_in]. targets: class numbers [samples] or [samples, T] (cross_entropy only),
    or numbers [samples, n_out] (the same for all steps) or [samples, T, n_out].
    mask: weight of each step in the loss, [T] or [samples, T]; default 1 for all. The loss is the weighted sum over
    steps of the cross-entropy of softmax(readout), or of half the squared error.
    feedback: B [n, n_out]. None takes w_out: symmetric e-prop. A fixed random matrix: random e-prop. For adaptive
    e-prop pass a matrix that you change by the same updates as w_out. rate: firing-rate regulariser.
    threads: the batch is cut into so many parts, added in a fixed order: the same number gives the same bits. Default:
    one per core. Computes in the type of w_in (float32 or float64).
    Raises PlasticityError for shapes that do not fit.

    Source: Bellec et al. 2020, Nature Communications 11:3625; turning the sum round (see `adjoint`) is this library's.
    """
    weights = _weights(layer, weights)
    spikes, dtype = _inputs(inputs, weights), weights.w_in.dtype
    shape = (spikes.samples, spikes.steps, weights.w_out.shape[1])
    weight = _mask(mask, shape, dtype)
    target = _targets(targets, shape, dtype, weight)
    kernel_inputs = _kernel_inputs(layer, weights, spikes, target, weight, loss, _feedback(feedback, weights), rate)
    outputs, c = _kernel_outputs(kernel_inputs, record), layer.constants(str(dtype))

    def part(first: int, last: int) -> Weights:
        return _part(first, last, kernel_inputs, outputs, c, learn=True)

    total = _sum(_in_parts(spikes.samples, threads, part), layer, weights)
    return Outcome(outputs.y, outputs.counts, outputs.raster if record else None, outputs.loss, total)


def _part(first: int, last: int, inputs: KernelInputs, outputs: KernelOutputs, c: Constants, learn: bool) -> Weights:
    """Runs samples first to last with memory of their own; answers their summed gradient (empty without learning)."""
    n, steps, rows = inputs.w_out.shape[0], inputs.ptr.shape[1] - 1, slice(None if learn else 0)
    gradient = Weights(*(np.zeros_like(w[rows]) for w in (inputs.w_in, inputs.w_rec, inputs.w_out)))
    run_samples(first, last, inputs, outputs, workspace(steps, n, inputs.w_in.dtype, c.general),
                scratch_for(inputs, first, last), c, learn, *gradient)
    return gradient


def _in_parts(samples: int, threads: int | None, work: Callable) -> list:
    """As `in_parts`, in a thread per core by default."""
    if threads is not None and threads < 1:
        raise PlasticityError(f"threads must be at least 1, got {threads!r}")
    return in_parts(samples, work, threads or _cores())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sum(parts: list[Weights], layer: Layer, weights: Weights) -> Weights:
    """The parts' gradients added in order, without what a layer does not have."""
    total = parts[0]
    for part in parts[1:]:
        for array, more in zip(total, part, strict=True):
            array += more
    if weights.w_rec is None:
        return total._replace(w_rec=None)
    if not layer.autapses:
        np.fill_diagonal(total.w_rec, 0)
    return total


def _weights(layer: Layer, weights: Weights) -> Weights:
    w_in, w_rec, w_out = weights
    dtype = choice("the type of w_in", str(np.asarray(w_in).dtype), DTYPES)
    w_in, w_out = (np.ascontiguousarray(array, dtype) for array in (w_in, w_out))
    if w_in.ndim != 2 or w_out.ndim != 2 or w_in.shape[1] != w_out.shape[0]:
        raise PlasticityError(f"w_in must be [n_in, n] and w_out [n, n_out], got {w_in.shape} and {w_out.shape}")
    if w_rec is None:
        return Weights(w_in, None, w_out)
    w_rec, n = np.ascontiguousarray(w_rec, dtype), w_in.shape[1]
    if w_rec.shape != (n, n):
        raise PlasticityError(f"w_rec must have shape {(n, n)}, got {w_rec.shape}")
    if not layer.autapses and np.diagonal(w_rec).any():
        raise PlasticityError("w_rec has autapses: set its diagonal to 0, or make the layer with autapses=True")
    return Weights(w_in, w_rec, w_out)


def _inputs(inputs: Spikes | np.ndarray, weights: Weights) -> Spikes:
    spikes = events(inputs, "inputs", weights.w_in.shape[0])
    if not spikes.samples or not spikes.steps:
        raise PlasticityError(f"inputs hold {spikes.samples} samples of {spikes.steps} steps; both must be at least 1")
    return spikes


def _targets(targets: np.ndarray, shape: tuple[int, int, int], dtype: np.dtype, weight: np.ndarray) -> np.ndarray:
    """As numbers [samples, T or 1, n_out]; class numbers of steps that weigh nothing may be any."""
    targets, (samples, steps, n_out) = np.asarray(targets), shape
    if targets.dtype.kind in "iu" and targets.shape in ((samples,), (samples, steps)):
        counts = weight > 0
        targets = np.where(counts if targets.ndim == 2 else counts.any(1), targets, 0)
        if targets.min() < 0 or targets.max() >= n_out:
            raise PlasticityError(f"targets must be class numbers from 0 to {n_out - 1}")
        targets = np.eye(n_out, dtype=dtype)[targets]
    if targets.shape == (samples, n_out):
        targets = targets[:, None]
    if targets.shape not in ((samples, 1, n_out), shape):
        raise PlasticityError(f"targets must be class numbers [{samples}] or [{samples}, {steps}], or numbers "
                              f"[{samples}, {n_out}] or {list(shape)}; got {targets.dtype} {targets.shape}")
    return np.ascontiguousarray(targets, dtype)


def _mask(mask: np.ndarray | None, shape: tuple[int, int, int], dtype: np.dtype) -> np.ndarray:
    """As numbers [samples or 1, T]."""
    samples, steps, _ = shape
    mask = np.ones(steps) if mask is None else np.asarray(mask)
    if mask.shape not in ((steps,), (samples, steps)):
        raise PlasticityError(f"mask must have shape [{steps}] or [{samples}, {steps}], got {mask.shape}")
    return np.ascontiguousarray(np.atleast_2d(mask), dtype)


def _feedback(feedback: np.ndarray | None, weights: Weights) -> np.ndarray:
    feedback = weights.w_out if feedback is None else np.asarray(feedback)
    if feedback.shape != weights.w_out.shape:
        raise PlasticityError(f"feedback must have w_out's shape {weights.w_out.shape}, got {feedback.shape}")
    return np.ascontiguousarray(feedback.T, weights.w_in.dtype)


def _kernel_inputs(layer: Layer, weights: Weights, spikes: Spikes, target: np.ndarray, weight: np.ndarray, loss: str,
                   feedback: np.ndarray | None, rate: Rate | None) -> KernelInputs:
    """Everything the compiled code reads."""
    (n, n_out), dtype = weights.w_out.shape, weights.w_in.dtype
    rate = Rate(0.0, 0.0) if rate is None else rate
    if not all(math.isfinite(number) for number in rate):
        raise PlasticityError(f"rate must hold two finite numbers, got {tuple(rate)}")
    w_rec = np.zeros((0, n), dtype) if weights.w_rec is None else weights.w_rec
    own = np.zeros(n, dtype) if weights.w_rec is None else np.ascontiguousarray(np.diagonal(w_rec))
    return KernelInputs(
        ptr=np.ascontiguousarray(spikes.ptr, np.int64), index=np.ascontiguousarray(spikes.index, np.int32),
        w_in=weights.w_in, w_rec=w_rec, w_out=weights.w_out, own=own,
        feedback=np.zeros((n_out, n), dtype) if feedback is None else feedback, beta=layer.betas(n, str(dtype)),
        target=target, weight=weight, kind=LOSSES[choice("loss", loss, LOSSES)],
        rate_strength=float(rate.strength), rate_target=float(rate.target) * layer.dt)


def _kernel_outputs(inputs: KernelInputs, record: bool) -> KernelOutputs:
    """Room for what the compiled code writes."""
    (samples, steps), (n, n_out) = (inputs.ptr.shape[0], inputs.ptr.shape[1] - 1), inputs.w_out.shape
    return KernelOutputs(
        loss=np.zeros(samples), y=np.zeros((samples, steps, n_out), inputs.w_in.dtype),
        counts=np.zeros((samples, n), np.int64), raster=np.zeros((samples if record else 0, steps, n), bool))
