"""Codes by time: one spike per neuron, the brighter the earlier."""

from __future__ import annotations

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.ranges import Finite, Positive
from plasticity._utils.typed import checked
from plasticity.encoding._checks import non_negative, whole
from plasticity.encoding.given import from_events
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError


@checked
def latency(intensity: np.ndarray, steps: int, dt: Positive, t_min: Finite = 0.0,
            t_max: Finite | None = None) -> Spikes:
    """One spike per neuron at t = t_max - (t_max - t_min) * intensity, rounded to the grid; none for intensity 0.

    intensity: [samples, n] in [0, 1]. steps: number of steps. dt, t_min, t_max: s; t_max is by default the last step.
    The linear form of the latency code (Thorpe, Delorme & Van Rullen 2001, "Spike-based strategies for rapid
    processing"). Raises PlasticityError when intensities leave [0, 1] or the times leave the presentation.
    """
    intensity = _unit_interval(intensity)
    steps = whole("steps", steps)
    last = (steps - 1) * dt
    t_max = last if t_max is None else t_max
    if not (0 <= t_min <= t_max and round(t_max / dt) < steps):
        raise PlasticityError(f"t_min={t_min!r} and t_max={t_max!r} must satisfy 0 <= t_min <= t_max <= {last:g} s, "
                              f"the last of {steps} steps")
    sample, neuron = np.nonzero(intensity)
    times = t_max - (t_max - t_min) * intensity[sample, neuron]
    return from_events(sample, np.rint(times / dt).astype(np.int64), neuron, len(intensity), steps, intensity.shape[1])


def rank_order(intensity: np.ndarray, steps: int, per_step: int = 1) -> Spikes:
    """Neurons spike one after another, the brightest first: the neuron of rank r spikes in step r // per_step.

    intensity: [samples, n], not negative; 0 never spikes, and ranks beyond `steps` are cut off. Among equal
    intensities the lower index comes first (Thorpe & Gautrais 1998, "Rank order coding").
    """
    intensity = non_negative("intensity", intensity, 2)
    steps, per_step = whole("steps", steps), whole("per_step", per_step)
    if per_step == 0:
        raise PlasticityError("per_step must be at least 1")
    samples, n = intensity.shape
    neuron = np.argsort(-intensity, axis=1, kind="stable")
    step = np.broadcast_to(np.arange(n) // per_step, (samples, n))
    sample = np.broadcast_to(np.arange(samples)[:, None], (samples, n))
    shown = (np.take_along_axis(intensity, neuron, 1) > 0) & (step < steps)
    return from_events(sample[shown], step[shown], neuron[shown], samples, steps, n)


def _unit_interval(intensity: np.ndarray) -> np.ndarray:
    intensity = non_negative("intensity", intensity, 2)
    if intensity.max(initial=0.0) > 1:
        raise PlasticityError(f"intensity must stay within [0, 1], got {intensity.max():g}; divide by the maximum")
    return intensity


def threshold_crossing(values: np.ndarray, thresholds: np.ndarray) -> Spikes:
    """Spikes in the step before a value crosses a threshold: neuron k upwards over threshold k, neuron m + k downwards.

    Between steps t and t + 1 a value rises over a threshold h if values[t] < h <= values[t + 1], and falls alike; the
    spike is in step t. values: [samples, steps, n]. thresholds: [m]. Answers Spikes of n * 2m neurons, those of value i
    from i * 2m on.

    Source: sequential MNIST of Bellec, Salaj, Subramoney, Legenstein & Maass 2018, NeurIPS, in the authors' tutorial
    program: thresholds 0, 1/39, ..., 38/39. (It adds a neuron for pixels of exactly 1, and one that asks for answers.)
    """
    values, thresholds = as_array("values", values), as_array("thresholds", thresholds)
    if values.ndim != 3 or thresholds.ndim != 1 or not np.isfinite(values).all():
        raise PlasticityError(f"values must be finite, [samples, steps, n], and thresholds [m]; got shapes "
                              f"{values.shape} and {thresholds.shape}")
    above = values[..., None] >= thresholds
    out = np.zeros((*values.shape, 2, len(thresholds)), bool)
    out[:, :-1, :, 0] = ~above[:, :-1] & above[:, 1:]
    out[:, :-1, :, 1] = above[:, :-1] & ~above[:, 1:]
    return Spikes.from_dense(out.reshape(*values.shape[:2], -1))
