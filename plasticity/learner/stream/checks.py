"""What a learner checks before and while it runs; warnings say what is wrong with a network and what to change."""

from __future__ import annotations

import math
import warnings

from plasticity.errors import NetworkWarning
from plasticity.language import expressions
from plasticity.network.presentation import Model
from plasticity.neurons.units import si

SILENT = 0.1  # output spikes per sample below which nothing can be read out


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


def warn_silent(model: Model, spikes_per_sample: float, shown: int) -> None:
    """Warns when most samples drew no spike from the output population."""
    if spikes_per_sample < SILENT:
        warnings.warn(f"network {model.network.name!r} is silent: {spikes_per_sample:.2g} output spikes per sample in "
                      f"{shown} samples; raise the input rate (max_rate), the weights or `normalize`, or lower the "
                      f"threshold", NetworkWarning, stacklevel=3)


def warn_activity(model: Model, spikes_per_sample: float, shown: int) -> None:
    """Warns when the output population is silent, or fires at more than half of what is possible at all."""
    warn_silent(model, spikes_per_sample, shown)
    if spikes_per_sample > 0.5 * capacity(model):
        warnings.warn(f"network {model.network.name!r} explodes: {spikes_per_sample:.0f} output spikes per sample of "
                      f"at most {capacity(model):.0f}; lower the input rate or the weights, or raise inhibition or the "
                      f"threshold", NetworkWarning, stacklevel=3)
