"""What a learner checks before and while it runs; warnings say what is wrong with a network and what to change."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

import numpy as np

from plasticity.errors import NetworkWarning
from plasticity.language import expressions
from plasticity.learner import health
from plasticity.network.network import existing
from plasticity.network.presentation import Model
from plasticity.neurons.units import si


def time_constants(model: Model) -> dict[str, float]:
    """What -> seconds: the times that neurons' differential equations read, and the decay of the rules' traces."""
    found = {}
    for population in model.network.populations:
        neuron = population.neuron
        texts = [eq.text for eq in neuron.model if eq.kind == "ode"]
        read = frozenset().union(*(expressions.names(expressions.parse(text, expressions.NEURON_FUNCTIONS, logic=True))
                                   for text in texts))
        found |= {f"{name} of {population.name!r}": si(value) for name, value in neuron.params.items()
                  if name in read and _is_time(value)}
    for projection in model.network.plastic:
        found |= {f"trace {name!r} of rule {projection.rule.name!r}": trace.tau
                  for name, trace in projection.rule.variables.items()}
    return found


def _is_time(value: float | str) -> bool:
    """Whether a parameter is a bare time, as in "20*ms"."""
    return isinstance(value, str) and value.replace(" ", "").split("*")[-1] in ("second", "ms", "us")


def warn_coarse(model: Model) -> None:
    """Warns when dt is larger than the fastest time constant: decay within a step is then not resolved."""
    constants = time_constants(model)
    fastest = min(constants, key=constants.get, default=None)
    if fastest and model.network.dt > constants[fastest]:
        warnings.warn(f"dt={model.network.dt:g} s is larger than the fastest time constant of network "
                      f"{model.network.name!r}: {fastest} = {constants[fastest]:g} s; lower dt", NetworkWarning,
                      stacklevel=3)


def capacity(model: Model) -> float:
    """The most spikes the output population can fire in one presentation."""
    population = model.network.population(model.output)
    steps = model.presentation.steps + model.presentation.rest
    per_neuron = steps / max(1, round(population.neuron.refractory / model.network.dt))
    return min(population.n * per_neuron, math.inf if population.winner == "all" else steps)


def activity(model: Model, spikes: np.ndarray) -> dict[str, int]:
    """How many samples drew no spike from the output population, and how many close to all that are possible.

    spikes: of each sample, [samples].
    """
    return {"silent": int(np.count_nonzero(spikes == 0)),
            "saturated": int(np.count_nonzero(spikes > health.BUSY * capacity(model)))}


def warn_activity(model: Model, when: str, samples: int, silent: float, saturated: float) -> None:
    """Warns where most samples drew no spike, or close to all that are possible."""
    who = f"network {model.network.name!r}"
    health.warn(health.silent(who, when, round(silent), samples),
                health.saturated(who, when, round(saturated), samples))


def warn_bounds(model: Model, weights: Mapping[str, np.ndarray]) -> None:
    """Warns of projections whose weights all sit at a bound. weights: "projection.w" -> array."""
    for projection in model.network.plastic:
        w = weights[f"{projection.name}.w"][existing(model.network, projection)]
        health.warn(health.at_bounds(f"projection {projection.name!r}", w, projection.rule.w_min,
                                     projection.rule.w_max))
