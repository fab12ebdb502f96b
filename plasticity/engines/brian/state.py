"""The state of a network between presentations as arrays by name; pure functions.

Names are "part.variable". Weights and traces are kept per synapse, in the order of `synapses_of`; synapses that share a
weight have equal ones. Beside them stand "population.lastspike" (seconds before the next presentation),
"population.last_spikes" (who spiked in the last step), "projection.pathway.queue" (spikes under way) and "steps" (how
many have been run).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from plasticity._utils.arrays import WHOLE, as_array
from plasticity.engines.brian.neurons import NEVER, initial_values, refractory_steps
from plasticity.engines.reference.interpreter import in_steps
from plasticity.engines.states import alike, require_weights
from plasticity.errors import PlasticityError
from plasticity.language.rule import ORDERS
from plasticity.network.kinds import synapses_of
from plasticity.network.network import Network, Projection, shape_of, weight_matrix

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
    shape, index = places(network, network.projection(part), variable)
    shown = np.zeros(int(np.prod(shape)))
    index, first = np.unique(index, return_index=True)
    shown[index] = value[first]
    return shown.reshape(shape)


def places(network: Network, projection: Projection, variable: str) -> tuple[tuple[int, ...], np.ndarray]:
    """The shape in which a variable of synapses is shown, and where in it (flat) each synapse stands."""
    shape = shape_of(network, projection)
    every = synapses_of(projection, shape)
    if variable == "w":
        return shape_of_part(network, projection.name), every.weight
    return {"syn": (every.state_shape, every.state), "pre": (shape[:1], every.pre),
            "post": (shape[1:], every.post)}[projection.rule.place[variable]]


def stored(network: Network, part: str, variable: str, value: np.ndarray) -> np.ndarray:
    """A value in the shape in which it is shown, as it is kept."""
    if network.population(part):
        return np.array(value)
    return value.ravel()[places(network, network.projection(part), variable)[1]]


def restored(network: Network, own: State, state: Mapping[str, np.ndarray]) -> State:
    """A state that was kept, as one of this network. Raises PlasticityError for one that no run leaves."""
    lists = {name: values for name, values in state.items() if is_list(name)} if isinstance(state, Mapping) else {}
    rest = {name: values for name, values in state.items() if name not in lists} if lists else state
    fixed = alike({name: values for name, values in own.items() if not is_list(name)}, rest)
    if fixed["steps"] < 0:
        raise PlasticityError(f"state 'steps' must be a whole number of at least 0, got {fixed['steps']}")
    for projection in network.projections:
        w = fixed[f"{projection.name}.w"]
        matrix = presented(network, projection.name, "w", w)
        require_weights(network, projection, matrix)
        if not np.array_equal(stored(network, projection.name, "w", matrix), w):
            raise PlasticityError(f"synapses of projection {projection.name!r} that share a weight differ in it; the "
                                  "state was altered")
    return {**fixed, **{name: _listed(network, name, values) for name, values in lists.items()}}


def _listed(network: Network, name: str, values: object) -> np.ndarray:
    """A list of neurons that spiked, or of spikes under way, as rows of (steps until arrival, synapse)."""
    rows = as_array(f"state {name!r}", values, WHOLE)
    limits = _limits(network, name)
    wanted = (len(rows) if rows.ndim else 0, *((2,) if len(limits) == 2 else ()))
    if rows.shape != wanted or (rows < 0).any() or (rows >= limits).any() or (
            len(limits) == 1 and len(np.unique(rows)) < len(rows)):
        raise PlasticityError(f"state {name!r} does not list neurons or synapses of this network; it was altered")
    return rows.astype(np.int64 if len(limits) == 2 else np.int32)


def _limits(network: Network, name: str) -> tuple[int, ...]:
    """What the numbers of a list stay below. Raises PlasticityError for a list of nobody."""
    if name.endswith(".last_spikes") and network.population(name.removesuffix(".last_spikes")):
        return (network.population(name.removesuffix(".last_spikes")).n,)
    projection = next((each for each in network.projections
                       if name in (f"{each.name}.{pathway}.queue" for pathway in _pathways(each))), None)
    if projection is None:
        raise PlasticityError(f"this state is of another network, engine or batch: it differs in {name}")
    longest = max(int(np.max(in_steps(delay, network.dt), initial=0))
                  for delay in (projection.axonal_delay, projection.dendritic_delay))
    return longest + 1, synapses_of(projection, shape_of(network, projection)).pre.size


def _pathways(projection: Projection) -> tuple[str, ...]:
    return ("transmit", *(ORDERS[projection.rule.order] if projection.rule else ()))


def delayed_signals(network: Network, projection: Projection) -> list[tuple[str, int]]:
    """(signal, steps) of each delayed reading of the projection's rule."""
    delayed = projection.rule.delayed.values()
    readings = [(network.source_of(projection, variable), delay) for variable, delay in delayed]
    return [(source, int(in_steps(delay, network.dt))) for (kind, source), delay in readings if kind == "signal"]
