"""Times of a network against its step: engines count in whole steps."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from plasticity.errors import NetworkWarning, PlasticityError
from plasticity.network.population import Population
from plasticity.network.projection import Projection

MOST_STEPS = 2**31 - 1
ROUNDING = 1e-6  # of a step, or of the time itself: what floats lose


class Described(Protocol):
    """A network's parts, as far as these functions need them."""

    dt: float
    populations: Sequence[Population]
    projections: Sequence[Projection]


class Time(NamedTuple):
    """A time (s), one or an array, and what it is called."""

    name: str
    seconds: float | np.ndarray


def check_times(network: Described) -> None:
    """Warns (NetworkWarning) of each time that is no multiple of dt and is rounded to one; of a step that is longer
    than what it should resolve. Raises PlasticityError for a time of more steps than engines count."""
    for time in _times(network):
        _check(time, network.dt)
    short = min(_constants(network), key=lambda time: time.seconds, default=None)
    if short is not None and network.dt >= max(0.1, short.seconds):
        warnings.warn(f"dt={network.dt:g} is {network.dt:g} s, and {short.name} is {short.seconds:g} s; times are in "
                      f"seconds: did you mean dt={network.dt:g}e-3?", NetworkWarning, stacklevel=4)


def whole_steps(time: Time, dt: float) -> int:
    """A time in steps. Warns (NetworkWarning) where it is rounded; raises PlasticityError for one too long to count."""
    _check(time, dt)
    return int(np.rint(time.seconds / dt))


def _check(time: Time, dt: float) -> None:
    steps = np.asarray(time.seconds, float) / dt
    if (steps > MOST_STEPS).any():
        raise PlasticityError(f"{time.name} is {np.max(time.seconds):g} s, {steps.max():.3g} steps of dt={dt:g} s, "
                              f"more than the {MOST_STEPS:,} that engines count; times are in seconds")
    off = np.abs(steps - np.rint(steps)) > ROUNDING * np.maximum(steps, 1.0)
    if off.any():
        first = np.broadcast_to(time.seconds, off.shape)[off].flat[0]
        warnings.warn(f"{time.name} is {first:.6g} s, no multiple of dt={dt:g} s; it is rounded to "
                      f"{np.rint(first / dt) * dt:.6g} s", NetworkWarning, stacklevel=5)


def _times(network: Described) -> Iterator[Time]:
    for part in network.populations:
        yield Time(f"refractory of population {part.name!r}", part.neuron.refractory)
    for each in network.projections:
        yield Time(f"axonal_delay of projection {each.name!r}", each.axonal_delay)
        yield Time(f"dendritic_delay of projection {each.name!r}", each.dendritic_delay)
        for variable, delay in each.rule.delayed.values() if each.rule else ():
            yield Time(f"the delay of {variable} in rule {each.rule.name!r} of projection {each.name!r}", delay)


def _constants(network: Described) -> Iterator[Time]:
    """Time constants: of neurons, by their names, and of traces."""
    for part in network.populations:
        for name in part.neuron.time_constants:
            yield Time(f"{name} of population {part.name!r}", part.neuron.constants[name])
    for each in network.projections:
        for name, trace in each.rule.variables.items() if each.rule else ():
            if trace.tau < math.inf:
                yield Time(f"tau of {name} in rule {each.rule.name!r}", trace.tau)
