"""Imposing spike trains on one projection: how a person studies a rule, and how tests compare engines."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np

from plasticity import engines
from plasticity._utils.arrays import as_array, as_finite
from plasticity._utils.random import checked_seed
from plasticity._utils.ranges import Count
from plasticity._utils.typed import checked
from plasticity.encoding.spikes import Spikes, checked_spikes
from plasticity.engines.finite import NotFiniteError, strange_in, strange_weight
from plasticity.engines.reference.interpreter import Replayed, interpret
from plasticity.errors import PlasticityError, choice
from plasticity.language.rule import Rule
from plasticity.network.network import Input, Network, Projection, Signal
from plasticity.network.window import Window
from plasticity.rules.catalogue import of_kind


@checked
def replay(rule: object, w: np.ndarray, pre: np.ndarray, post: np.ndarray, dt: float = 1e-3, engine: str = "event",
           axonal_delay: float | np.ndarray = 0.0, dendritic_delay: float | np.ndarray = 0.0, reduce: str = "sum",
           weights_every: Count | None = None, dtype: str = "float64", *, mask: np.ndarray | None = None,
           device: str = "cpu", seed: int = 0, window: Window | None = None, batch: str | None = None,
           **signals: np.ndarray) -> Replayed:
    """Runs `rule` on one projection while both neurons' spikes are imposed.

    rule: a Rule, or a text that names one. w: initial weights [n_pre, n_post], or [fan_in, channels] with a window.
    pre, post: bool [steps, n] or [steps, batch, n], or Spikes.
    dt, axonal_delay, dendritic_delay: seconds; delays are one value or [n_pre, n_post].
    engine: "event", "torch", "brian2", "brian2_cpp", or "interpreter" (the numpy definition).
    reduce: "sum" or "mean" of the samples' increments. weights_every: keep the weights every so many steps.
    mask: bool [n_pre, n_post], which synapses exist (all). window: the projection is a convolution whose positions
    share the weights w. signals: what the rule reads beside spikes, by name:
    [steps, n] (or [steps, batch, n]) for a neuron's variable, [steps] (or [steps, batch]) for a global factor.

    Returns `.w`, `.trajectory` [k, n_pre, n_post] and `.traces`, see `Replayed`.
    """
    rule, reduce = of_kind("synapse", rule), _reduction(reduce, batch)
    w, pre, post, seed = as_finite("w", w), _spikes("pre", pre), _spikes("post", post), checked_seed(seed)
    sizes = (pre.shape[2], post.shape[2])
    if window is None and w.shape != sizes:
        raise PlasticityError(f"w must have shape [n_pre, n_post] = {sizes}, got {w.shape}")
    if pre.shape[:2] != post.shape[:2]:
        raise PlasticityError(f"pre and post must have the same steps and batch, got {pre.shape} and {post.shape}")
    given = {name: _signal(rule, name, values, pre.shape[:2], sizes) for name, values in signals.items()}
    for name in {**rule.reads, **rule.signals}:
        if name not in given:
            raise PlasticityError(f"rule {rule.name!r} reads {name!r}: pass {name}= as an array over steps")
    connect = {"connect": "convolution" if window else "dense" if mask is None else "sparse", "mask": mask,
               "window": window}
    network = _network(rule, w, sizes, dt, axonal_delay=axonal_delay, dendritic_delay=dendritic_delay, **connect)
    if engine == "interpreter":
        again = partial(interpret, rule, w, pre, post, dt, axonal_delay=axonal_delay, dendritic_delay=dendritic_delay,
                        batch=reduce, mask=mask, signals=given, seed=seed, window=window)
        found = again(weights_every=weights_every)
        if strange_in(found.w) is not None:
            raise _strange(again(weights_every=1).trajectory, rule)
        return Replayed(found.w, found.trajectory, {k: v[0] if len(v) == 1 else v for k, v in found.traces.items()})
    simulation = engines.build(network, engine, dtype=dtype, device=device, batch=pre.shape[1], reduce=reduce,
                               seed=seed)
    recording = simulation.run(
        {"pre": np.moveaxis(pre, 1, 0), "post": np.moveaxis(post, 1, 0)}, weights_every=weights_every,
        signals={name: np.moveaxis(values, 1, 0) for name, values in given.items()})
    traces = {name: simulation.get(f"synapses.{name}") for name in rule.variables}
    return Replayed(simulation.get("synapses.w"), recording.trajectory.get("synapses", np.zeros((0, *w.shape))), traces)


def _strange(trajectory: np.ndarray, rule: Rule) -> NotFiniteError:
    """Where weights first leave the finite numbers. trajectory: of each step."""
    step = next(step for step, w in enumerate(trajectory) if strange_in(w) is not None)
    return strange_weight(strange_in(trajectory[step]), "synapses", rule.name).at(f" after step {step}", True)


def _reduction(reduce: str, before: str | None) -> str:
    """How the samples' increments are joined, also by the name that the argument had before."""
    if before is not None:
        warnings.warn("batch= of replay is called reduce= now; the old name goes with the next release",
                      DeprecationWarning, stacklevel=3)
    return choice("reduce", reduce if before is None else before, ("sum", "mean"))


def _spikes(name: str, spikes: np.ndarray | Spikes) -> np.ndarray:
    """bool [steps, batch, n]."""
    if isinstance(spikes, Spikes):
        return np.moveaxis(checked_spikes(spikes, name).dense(), 0, 1)
    spikes = as_array(name, spikes)
    if spikes.ndim not in (2, 3):
        raise PlasticityError(f"{name} must be bool [steps, n] or [steps, batch, n], got shape {spikes.shape}")
    if spikes.dtype != bool:
        if not np.isin(spikes, (0, 1)).all():
            raise PlasticityError(f"{name} must hold only 0 and 1")
        spikes = spikes.astype(bool)
    return spikes[:, None] if spikes.ndim == 2 else spikes


def _signal(rule: Rule, name: str, values: np.ndarray, lead: tuple[int, int], shape: tuple[int, int]) -> np.ndarray:
    """A signal with its batch axis: [steps, batch, n] or [steps, batch]."""
    place = {**rule.reads, **rule.signals}.get(name)
    if place is None:
        known = ", ".join({**rule.reads, **rule.signals}) or "none"
        raise PlasticityError(f"rule {rule.name!r} does not read {name!r} (it reads: {known})")
    values = as_finite(name, values)
    wanted = lead if place == "global" else (*lead, shape[0 if place == "pre" else 1])
    if values.ndim == len(wanted) - 1:
        values = values[:, None]
    if values.shape[0] != wanted[0] or values.shape[2:] != wanted[2:] or values.shape[1] not in (1, wanted[1]):
        raise PlasticityError(f"{name} must have shape {wanted} (steps, batch{', n' * (len(wanted) > 2)}), "
                              f"got {values.shape}")
    return np.broadcast_to(values, wanted)


def _network(rule: Rule, w: np.ndarray, n: tuple[int, int], dt: float, **projection) -> Network:
    sizes = {"global": 0, "pre": n[0], "post": n[1]}
    return Network(
        inputs=(Input("pre", n[0]), Input("post", n[1])),
        signals=tuple(Signal(name, sizes[place]) for name, place in {**rule.reads, **rule.signals}.items()),
        projections=(Projection("pre", "post", w, rule=rule, label="synapses", **projection),), dt=dt, name="replay")
