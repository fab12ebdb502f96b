"""The state of a network between presentations as arrays by name; pure functions.

Names are "part.variable". Weights and traces are kept per synapse, in the order of `synapses_of`; synapses that share a
weight have equal ones. Beside them stand "population.lastspike" (seconds before the next presentation),
"population.last_spikes" (who spiked in the last step), "projection.pathway.queue" (spikes under way) and "steps" (how
many have been run).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from plasticity.engines.brian.neurons import NEVER, initial_values, refractory_steps
from plasticity.engines.reference.interpreter import in_steps
from plasticity.errors import PlasticityError
from plasticity.network.network import Network, Projection, shape_of, weight_matrix
from plasticity.network.projection import synapses_of

State = dict[str, np.ndarray]


def initial(network: Network) -> State:
    """The state of a network that has just been built."""
    state: State = {"steps": np.array(0)}
    for population in network.populations:
        state |= {f"{population.name}.{name}": value for name, value in initial_values(population).items()}
    for projection in network.projections:
        every = synapses_of(projection, shape_of(network, projection))
        state[f"{projection.name}.w"] = weight_matrix(network, projection).ravel()[every.weight]
        for name, trace in (projection.rule.variables if projection.rule else {}).items():
            state[f"{projection.name}.{name}"] = np.full(every.pre.size, float(trace.initial))
    return at_start(network, state)


def at_start(network: Network, state: Mapping[str, np.ndarray]) -> State:
    """The state at the start of a presentation: only weights, slow variables and kept traces live on."""
    fresh = {name: value for name, value in state.items() if not is_list(name)}
    for population in network.populations:
        for name, value in initial_values(population).items():
            if name not in population.neuron.slow:
                fresh[f"{population.name}.{name}"] = value
        fresh[f"{population.name}.last_spikes"] = np.zeros(0, np.int32)
        if refractory_steps(population.neuron, network.dt):
            fresh[f"{population.name}.lastspike"] = np.full(population.n, NEVER)
            fresh[f"{population.name}.not_refractory"] = np.ones(population.n, bool)
    for projection in network.plastic:
        for name, trace in projection.rule.variables.items():
            if not trace.keep:
                key = f"{projection.name}.{name}"
                fresh[key] = np.full_like(fresh[key], trace.initial)
    return fresh


def without_learning(network: Network, before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]) -> State:
    """The state after a presentation without learning: neurons moved on, all that learns is as it was."""
    learned = {"steps"}
    for population in network.populations:
        learned |= {f"{population.name}.{name}" for name in population.neuron.slow}
    for projection in network.projections:
        goes_on = projection.rule is not None and bool(projection.rule.efficacy)
        learned |= {f"{projection.name}.{name}" for name in (("w",) if goes_on else _own(projection))}
    return {**after, **{name: before[name] for name in learned}}


def is_list(name: str) -> bool:
    """Whether an entry is a list of spikes, whose length changes."""
    return name.endswith((".queue", ".last_spikes"))


def is_public(network: Network, name: str) -> bool:
    """Whether `get` knows the name: a variable of the description, not bookkeeping."""
    part, _, variable = name.rpartition(".")
    population = network.population(part)
    if population:
        return variable in population.neuron.variables
    return any(projection.name == part and variable in _own(projection) for projection in network.projections)


def _own(projection: Projection) -> tuple[str, ...]:
    """The state variables of a projection."""
    return ("w", *(projection.rule.variables if projection.rule else ()))


def shape_of_part(network: Network, part: str) -> tuple[int, int]:
    return weight_matrix(network, network.projection(part)).shape


def presented(network: Network, part: str, variable: str, value: np.ndarray) -> np.ndarray:
    """A state as the protocol shows it: weights [pre, post], synaptic states, the rest [n].

    A trace of a neuron is shown as its first synapse sees it (with per-synapse delays they differ), and as 0 when the
    neuron has none.
    """
    if network.population(part):
        return value.copy()
    shape, index = _places(network, network.projection(part), variable)
    shown = np.zeros(int(np.prod(shape)))
    index, first = np.unique(index, return_index=True)
    shown[index] = value[first]
    return shown.reshape(shape)


def _places(network: Network, projection: Projection, variable: str) -> tuple[tuple[int, ...], np.ndarray]:
    """The shape in which a variable of synapses is shown, and where in it (flat) each synapse stands."""
    shape = shape_of(network, projection)
    every = synapses_of(projection, shape)
    if variable == "w":
        return shape_of_part(network, projection.name), every.weight
    return {"syn": (every.state_shape, every.state), "pre": (shape[:1], every.pre),
            "post": (shape[1:], every.post)}[projection.rule.place[variable]]


def stored(network: Network, part: str, variable: str, value: np.ndarray, now: np.ndarray) -> np.ndarray:
    """What `set` keeps of a value in the protocol's shape."""
    value = np.asarray(value, float)
    if not np.isfinite(value).all():
        raise PlasticityError(f"the value for {part}.{variable} holds NaN or infinity")
    wanted = np.shape(presented(network, part, variable, now))
    if value.shape not in ((), wanted):
        raise PlasticityError(f"the value for {part}.{variable} must have shape {wanted}, got {value.shape}")
    value = np.array(np.broadcast_to(value, wanted))
    if network.population(part):
        return value
    return value.ravel()[_places(network, network.projection(part), variable)[1]]


def delayed_signals(network: Network, projection: Projection) -> list[tuple[str, int]]:
    """(signal, steps) of each delayed reading of the projection's rule."""
    delayed = projection.rule.delayed.values()
    readings = [(network.source_of(projection, variable), delay) for variable, delay in delayed]
    return [(source, int(in_steps(delay, network.dt))) for (kind, source), delay in readings if kind == "signal"]
