"""Slow regulation of activity and weights, as functions of arrays (they are not rules). All answer new arrays."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.ranges import LASTING, Finite, NotNegative, Number, is_number
from plasticity._utils.typed import checked
from plasticity._utils.validation import together
from plasticity.errors import PlasticityError


def normalize(w: np.ndarray, total: float | np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Scales the absolute weights onto each postsynaptic neuron to one sum (Diehl & Cook 2015).

    w_ij <- w_ij * total / sum_i |w_ij|. Columns without any weight stay as they are.

    w: [n_pre, n_post]. total: one sum, or one per postsynaptic neuron [n_post]. mask: bool [n_pre, n_post], the
    synapses that count and are scaled; all by default.
    """
    w = as_array("w", w)
    if w.ndim != 2 or not is_number(total):
        (total, _) = together(total=total, w=w)
    if mask is None:
        return w * factors(np.abs(w).sum(0, keepdims=True), total)
    mask = np.asarray(mask, bool)
    if mask.shape != w.shape:
        raise PlasticityError(f"mask must have the shape of w, {w.shape}, got {mask.shape}")
    return np.where(mask, w * factors(np.abs(w * mask).sum(0, keepdims=True), total), w)


def factors(sums: np.ndarray, total: float | np.ndarray) -> np.ndarray:
    """By what weights are multiplied whose absolute values have these sums; 1 where there are none."""
    return np.where(sums > 0, total / np.where(sums > 0, sums, 1.0), 1.0)


@checked
def scale_synapses(w: np.ndarray, rate: np.ndarray, target: float | np.ndarray, beta: Finite, dt: NotNegative,
                   w_min: Number = -np.inf, w_max: Number = np.inf) -> np.ndarray:
    """Synaptic scaling: all weights onto a neuron grow while it is too quiet and shrink while it is too active.

    dw_ij/dt = beta * w_ij * (target_j - rate_j), solved exactly over dt for rates held fixed:
    w_ij <- w_ij * exp(beta * (target_j - rate_j) * dt). Signs and ratios of the weights onto one neuron are kept, but
    for the bounds.

    w: [n_pre, n_post]. rate: Hz, [n_post], averaged over a time long against single spikes. target: Hz. beta: how fast,
    a pure number (per second and Hz). dt: s that passed.
    Source: Turrigiano et al. 1998 (the phenomenon); van Rossum, Bi & Turrigiano 2000 (the equation, without its
    integral term).
    """
    w, rate, target = together(w=w, rate=rate, target=target)
    return np.clip(w * np.exp(beta * (target - rate) * dt), w_min, w_max)


@checked
def adapt_threshold(theta: np.ndarray, spikes: np.ndarray, theta_plus: Finite, tau: Annotated[float, LASTING],
                    dt: NotNegative) -> np.ndarray:
    """Adaptive threshold: each spike raises a neuron's threshold, which otherwise falls back.

    theta_j <- theta_j * exp(-dt/tau) + theta_plus * spikes_j.

    theta: [n], in the unit of the membrane variable. spikes: [n], spikes in the last dt. tau: s (infinite: never
    falls). Source: Zhang & Linden 2003 (the phenomenon); Diehl & Cook 2015 (as used here).
    """
    theta, spikes = together(theta=theta, spikes=spikes)
    return theta * np.exp(-dt / tau) + theta_plus * spikes


@checked
def threshold_to_rate(threshold: np.ndarray, spikes: np.ndarray, target: Finite, eta: Finite) -> np.ndarray:
    """Intrinsic plasticity of binary units: the threshold drifts until a neuron spikes as often as wanted.

    T_j <- T_j + eta * (spikes_j - target).

    threshold: [n]. spikes: [n], 0 or 1 (or a mean over samples). target: wanted spikes per step. eta: step size, in the
    threshold's unit. Source: Lazar, Pipa & Triesch 2009 (SORN).
    """
    threshold, spikes = together(threshold=threshold, spikes=spikes)
    return threshold + eta * (spikes - target)


@checked
def sigmoid_to_exponential(gain: np.ndarray, bias: np.ndarray, x: np.ndarray, mean: float,
                           eta: Finite) -> tuple[np.ndarray, np.ndarray]:
    """Intrinsic plasticity of sigmoid units: gain and bias drift until the outputs are exponentially distributed.

    For y = 1 / (1 + exp(-(gain * x + bias))) one step down the Kullback-Leibler divergence of y's distribution from an
    exponential one with that mean (the most information at a fixed mean rate):
    d bias = eta * (1 - (2 + 1/mean) * y + y^2 / mean),  d gain = eta / gain + x * d bias.

    gain, bias, x: [n] (x: the total input of each unit). mean: wanted mean of y, in (0, 1). eta: step size, small.
    Answers (gain, bias). Source: Triesch 2005, 2007.
    """
    if not 0 < mean < 1:
        raise PlasticityError(f"mean must lie between 0 and 1, got {mean!r}")
    gain, bias, x = together(gain=gain, bias=bias, x=x)
    if not (gain > 0).all():
        raise PlasticityError("gain must be positive")
    y = 1.0 / (1.0 + np.exp(-(gain * x + bias)))
    change = eta * (1.0 - (2.0 + 1.0 / mean) * y + y * y / mean)
    return gain + eta / gain + x * change, bias + change
