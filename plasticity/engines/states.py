"""States of a simulation that a caller sets or restores, checked once: the same refusals on every engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from plasticity._utils.arrays import WHOLE, as_array, as_finite
from plasticity.errors import PlasticityError, unknown
from plasticity.network.network import Network, Projection, existing, weight_matrix
from plasticity.network.weights import ROUNDING, rounded

#: kind of numpy's type -> kinds that it may stand for
_KINDS = {"f": ("fiu", "numbers"), "i": WHOLE, "u": WHOLE, "b": ("b", "True and False")}


def names(network: Network) -> list[str]:
    """All states that `get` answers."""
    neurons = [f"{part.name}.{name}" for part in network.populations for name in part.neuron.variables]
    rules = [f"{part.name}.{name}" for part in network.plastic for name in part.rule.variables]
    return [*neurons, *(f"{part.name}.w" for part in network.projections), *rules]


def located(network: Network, name: str) -> tuple[str, str]:
    """(part, variable) of a state. Raises PlasticityError for one that the network does not have."""
    known = names(network)
    if name not in known:
        raise unknown("state", name, known)
    part, _, variable = name.rpartition(".")
    return part, variable


def written(network: Network, name: str, value: object, batch: int = 1) -> np.ndarray:
    """What `set` writes: weights in the shape of `get`, 0 where there is no synapse; a variable as [n] or [batch, n].

    Raises PlasticityError for what cannot be set, another shape, NaN, and weights that leave the bounds of their rule.
    """
    part, variable = located(network, name)
    value = as_finite(f"the value for {name}", value)
    population = network.population(part)
    if population is not None:
        apart = batch > 1 and variable not in population.neuron.slow
        shapes = [(population.n,), (), *([(batch, population.n)] if apart else [])]
        return np.broadcast_to(_shaped(name, value, shapes), (population.n,) if value.ndim < 2 else value.shape)
    if variable != "w":
        raise PlasticityError(f"{name} belongs to the rule of {part!r} and can be read, not set: weights and variables "
                              "of neurons can")
    return _weights(network, network.projection(part), _shaped(name, value, [weight_matrix(
        network, network.projection(part)).shape, ()]))


def _shaped(name: str, value: np.ndarray, shapes: list[tuple[int, ...]]) -> np.ndarray:
    if value.shape not in shapes:
        others = " or be a number" if () in shapes else ""
        raise PlasticityError(f"the value for {name} must have shape {' or '.join(map(str, filter(None, shapes)))}"
                              f"{others}, got {value.shape}")
    return value


def _weights(network: Network, projection: Projection, value: np.ndarray) -> np.ndarray:
    name, exists = projection.name, existing(network, projection)
    if not projection.kind.learns and projection.window is not None:
        raise PlasticityError(f"{name} is a {projection.connect}: its weights are fixed when built")
    here = np.broadcast_to(value, exists.shape)[exists]
    if projection.connect == "all_but_self" and here.size and np.ptp(here) > ROUNDING * np.abs(here).max():
        raise PlasticityError(f"{name}.w is all_but_self: all its weights must be equal")
    matrix = np.zeros(exists.shape)
    matrix[exists] = here if projection.rule is None else rounded(projection.rule, here)
    require_weights(network, projection, matrix)
    return matrix


def require_weights(network: Network, projection: Projection, w: np.ndarray) -> None:
    """Raises PlasticityError for weights, as `get` answers them, that leave the bounds of the projection's rule."""
    exists, rule = existing(network, projection), projection.rule
    if not exists.all():
        if w[~exists].any():
            raise PlasticityError(f"weights of projection {projection.name!r} are not 0 where it has no synapse")
        w = w[exists]
    if rule is None or not w.size or (w.min() >= rule.w_min and w.max() <= rule.w_max):
        return
    w = rounded(rule, w)
    if w.min() < rule.w_min or w.max() > rule.w_max:
        raise PlasticityError(f"weights of projection {projection.name!r} ({w.min():.6g} to {w.max():.6g}) leave the "
                              f"bounds of rule {rule.name!r} [{rule.w_min:g}, {rule.w_max:g}]")


def alike(own: Mapping[str, np.ndarray], state: Mapping[str, object],
          free: Collection[str] = ()) -> dict[str, np.ndarray]:
    """A `state()` as arrays of the types of this simulation's own.

    free: entries whose shape changes, which their engine looks at itself.
    Raises PlasticityError for the state of something else, other shapes and types, NaN and infinity.
    """
    if not isinstance(state, Mapping):
        raise PlasticityError(f"a state must be a mapping as `state()` answers it, got {type(state).__name__}")
    wrong = sorted(map(str, set(own) ^ set(state)))
    wrong += [name for name in own if name not in (*wrong, *free) and np.shape(own[name]) != _shape(state[name])]
    if wrong:
        raise PlasticityError(f"this state is of another network, engine or batch: it differs in {', '.join(wrong)}")
    return {name: _like(f"state {name!r}", values, state[name]) for name, values in own.items()}


def _shape(values: object) -> tuple[int, ...] | None:
    try:
        return np.shape(values)
    except ValueError:  # lists of unequal lengths
        return None


def _like(name: str, own: np.ndarray, values: object) -> np.ndarray:
    array = as_array(name, values, _KINDS[own.dtype.kind])
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise PlasticityError(f"{name} holds NaN or infinity")
    cast = array.astype(own.dtype)
    if own.dtype.kind in "iu" and (cast != array).any():
        raise PlasticityError(f"{name} holds numbers beyond {own.dtype}")
    return cast
