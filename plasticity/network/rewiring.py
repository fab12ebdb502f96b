"""Structural plasticity: which synapses exist, as functions of arrays. All answer new arrays and take a generator.

A connection that grows is drawn at random among those that do not exist (and may). The number of connections stays the
same, so that memory and cost do.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.memory import require_memory
from plasticity._utils.ranges import NotNegative, Positive, Share
from plasticity._utils.typed import checked
from plasticity.errors import PlasticityError


class Rewired(NamedTuple):
    """Weights [n_pre, n_post] and which connections exist, bool [n_pre, n_post]."""

    w: np.ndarray
    mask: np.ndarray


@checked
def connect(shape: tuple[int, int], share: Share, rng: np.random.Generator) -> np.ndarray:
    """A random mask with exactly round(share * n_pre * n_post) connections.

    share: of all possible connections, 0 to 1. rng: generator. Raises PlasticityError for another share.
    """
    require_memory(9 * math.prod(map(float, shape)), f"a mask of {shape}")
    mask = np.zeros(math.prod(shape), bool)
    mask[rng.choice(mask.size, round(share * mask.size), replace=False)] = True
    return mask.reshape(shape)


@checked
def deep_r(theta: np.ndarray, gradient: np.ndarray, rng: np.random.Generator, *, eta: NotNegative, l1: NotNegative,
           temperature: NotNegative, allowed: np.ndarray | None = None, grown: Positive = 1e-12) -> np.ndarray:
    """One step of DEEP R: gradient descent, shrinkage and noise on active connections; those that die are replaced.

    for theta > 0:  theta <- theta - eta gradient - eta l1 + sqrt(2 eta temperature) nu,  nu standard normal
    then connections with theta <= 0 are dormant, and as many dormant ones, drawn at random, begin at `grown`.

    A connection's weight is sign * theta where theta > 0, else 0, with a sign that is fixed for each pair of neurons
    (also while it is dormant): see `weights`. With enough steps the wiring is a sample from a distribution over wirings
    that prefers a small loss; without a loss theta settles at an exponential distribution of mean temperature / l1.

    theta: [n_pre, n_post], positive where connected. gradient: of the loss with respect to theta (sign times the one
    with respect to the weight), [n_pre, n_post]; read where connected only. rng: generator. eta: learning rate. l1:
    strength of the L1 norm. temperature: of the noise. All three not negative. allowed: bool [n_pre, n_post], where
    connections may grow; everywhere by default. grown: theta of a new connection, small and positive.
    Raises PlasticityError for shapes that differ, numbers out of range or not finite, and where too few connections
    are allowed.

    Source: Bellec, Kappel, Maass & Legenstein 2018, ICLR, algorithm 1; `grown` as in the authors' program. Theirs draws
    the noise with a width of its own; here it is that of the paper's Langevin form.
    """
    theta, gradient = (as_array(name, values).astype(float) for name, values in (
        ("theta", theta), ("gradient", gradient)))
    _same_shapes(theta, gradient=gradient, allowed=allowed)
    active = theta > 0
    if not (np.isfinite(theta).all() and np.isfinite(gradient[active]).all()):
        raise PlasticityError("theta, and gradient where connected, must be finite numbers")
    noise = math.sqrt(2 * eta * temperature) * rng.standard_normal(theta.shape)
    moved = np.where(active, theta - eta * (gradient + l1) + noise, 0.0)
    alive = moved > 0
    new = _drawn(_free(alive, allowed), int(active.sum() - alive.sum()), rng)
    return np.where(new, grown, np.where(alive, moved, 0.0))


def weights(theta: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """The weights of DEEP R: sign * theta where a connection is active, else 0. sign: +1 or -1, shaped as theta."""
    _same_shapes(theta, sign=sign)
    return np.where(np.asarray(theta) > 0, sign * np.asarray(theta, float), 0.0)


@checked
def prune_and_grow(w: np.ndarray, mask: np.ndarray, share: Share, rng: np.random.Generator, *,
                   allowed: np.ndarray | None = None, width: NotNegative = 0.0) -> Rewired:
    """Sparse evolutionary training: the weakest connections are cut, as many grow elsewhere.

    Of the positive weights the `share` that is smallest and of the negative ones the `share` that is largest (nearest
    to zero) are removed, beside connections whose weight is zero; then as many, drawn at random among those that do not
    exist now, grow with normal weights of standard deviation `width`.

    w: [n_pre, n_post]. mask: bool, which connections exist. share: of each sign's connections, 0 to 1 (zeta in the
    paper, 0.3 there). rng: generator. allowed: bool, where connections may grow. width: of new weights (0: they begin
    at zero). A connection that was just cut may grow again.
    Raises PlasticityError for shapes that differ, numbers out of range, and where too few connections are allowed.

    Source: Mocanu, Mocanu, Stone, Nguyen, Gibescu & Liotta 2018, Nature Communications 9:2383 (SET).
    """
    w, mask = as_array("w", w).astype(float), np.asarray(mask, bool)
    _same_shapes(w, mask=mask, allowed=allowed)
    kept = mask & (w != 0) & ~_weakest(w, mask & (w > 0), share) & ~_weakest(-w, mask & (w < 0), share)
    new = _drawn(_free(kept, allowed), int(mask.sum() - kept.sum()), rng)
    fresh = width * rng.standard_normal(w.shape)
    return Rewired(np.where(kept, w, np.where(new, fresh, 0.0)), kept | new)


def _weakest(size: np.ndarray, among: np.ndarray, share: float) -> np.ndarray:
    """Where the smallest round(share * how many) entries of those `among` are; ties go to the first."""
    where = np.flatnonzero(among)
    chosen = where[np.argsort(size.ravel()[where], kind="stable")[:round(share * len(where))]]
    mask = np.zeros(size.size, bool)
    mask[chosen] = True
    return mask.reshape(size.shape)


def _free(taken: np.ndarray, allowed: np.ndarray | None) -> np.ndarray:
    """Where a connection may grow."""
    return ~taken if allowed is None else ~taken & np.asarray(allowed, bool)


def _drawn(candidates: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` places of the candidates, at random."""
    where = np.flatnonzero(candidates)
    if count > len(where):
        raise PlasticityError(f"{count} connections must grow, but only {len(where)} more are allowed; allow more or "
                              "have fewer")
    mask = np.zeros(candidates.size, bool)
    mask[rng.choice(where, count, replace=False)] = True
    return mask.reshape(candidates.shape)


def _same_shapes(first: np.ndarray, **others: np.ndarray | None) -> None:
    for name, values in others.items():
        if values is not None and np.shape(values) != np.shape(first):
            raise PlasticityError(f"{name} must have shape {np.shape(first)}, got {np.shape(values)}")
