"""What a learner checks before and while it runs; warnings say what is wrong with a network and what to change."""

from __future__ import annotations

import math
import warnings

import numpy as np

from plasticity import language
from plasticity.errors import NetworkWarning, PlasticityError
from plasticity.model import Model
from plasticity.neurons.units import si

SILENT = 0.1  # output spikes per sample below which nothing can be read out


def samples(x: np.ndarray, n_inputs: int | None = None) -> np.ndarray:
    """Intensities as floats [samples, n] (images are flattened). Raises PlasticityError for what cannot be shown."""
    x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise PlasticityError(f"X must hold numbers, shape [samples, inputs]; got {x.dtype}")
    x = x if x.dtype.kind == "f" else x.astype(np.float32)
    if x.ndim < 2:
        raise PlasticityError(f"X must have shape [samples, inputs] or [samples, height, width], got {x.shape}")
    x = x.reshape(len(x), -1) if len(x) else x.reshape(0, math.prod(x.shape[1:]))
    if not x.size:
        raise PlasticityError(f"X holds no samples or no inputs (shape {x.shape})")
    if n_inputs is not None and x.shape[1] != n_inputs:
        raise PlasticityError(f"X has {x.shape[1]} inputs per sample, the network was built for {n_inputs}")
    lowest, highest = x.min(), x.max()
    if not (np.isfinite(lowest) and np.isfinite(highest)):
        raise PlasticityError("X holds NaN or infinity")
    if lowest < 0 or highest > 1:
        raise PlasticityError(f"X must hold intensities in [0, 1], got {lowest:g} to {highest:g}; scale it")
    return x


def labels(y: np.ndarray, n_samples: int, classes: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """(classes, index of each sample's class). Raises PlasticityError for a wrong length, NaN, or unknown labels."""
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.shape != (n_samples,):
        raise PlasticityError(f"y must hold one label per sample, shape ({n_samples},), got {y.shape}")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise PlasticityError("y holds NaN or infinity")
    if y.dtype.kind == "f" and (y != np.round(y)).any():
        raise PlasticityError("y must hold class labels, got numbers with fractions")
    found = np.unique(y)
    classes = found if classes is None else np.asarray(classes)
    strange = np.setdiff1d(found, classes)
    if strange.size:
        raise PlasticityError(f"y holds the label {strange[0]!r}, which is not one of the classes {classes.tolist()}")
    return classes, np.searchsorted(classes, y)


def positive(**values: int) -> None:
    """Raises PlasticityError unless every value is a whole number >= 1."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise PlasticityError(f"{name} must be a whole number of at least 1, got {value!r}")


def time_constants(model: Model) -> dict[str, float]:
    """What -> seconds: the times that neurons' differential equations read, and the decay of the rules' traces."""
    found = {}
    for population in model.network.populations:
        neuron = population.neuron
        texts = [eq.text for eq in neuron.model if eq.kind == "ode"]
        read = frozenset().union(*(language.names(language.parse(text, language.NEURON_FUNCTIONS, logic=True))
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
