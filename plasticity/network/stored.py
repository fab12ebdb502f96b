"""A network's weights as a memory keeps them: which arrays are kept, and the network that has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plasticity._utils.arrays import as_finite
from plasticity._utils.random import checked_seed
from plasticity.errors import PlasticityError, unknown
from plasticity.network.cells import Device
from plasticity.network.network import Network, existing, normalized, weight_matrix
from plasticity.network.projection import Projection


@dataclass(frozen=True)
class Stored:
    """One array of weights and what may become of it.

    w: of any shape. exists: which of them are synapses, bool in the shape of w; None for all. low, high: bounds.
    """

    w: np.ndarray
    exists: np.ndarray | None = None
    low: float = -np.inf
    high: float = np.inf

    def kept(self, device: Device, generator: np.random.Generator) -> np.ndarray:
        """The weights as they are read, within their bounds; others are as they were. Synapses that do not exist have
        no cell. Raises PlasticityError where the device answers something else than as many finite numbers."""
        chosen = np.ones(self.w.shape, bool) if self.exists is None else self.exists
        found = np.array(self.w, float)
        read = as_finite("what the memory reads", device(found[chosen], generator))
        if read.shape != found[chosen].shape:
            raise PlasticityError(f"a memory reads as many weights as it keeps, {found[chosen].shape}, not "
                                  f"{read.shape}")
        found[chosen] = np.clip(read, self.low, self.high)
        return found


def kept(arrays: Mapping[str, Stored], device: Device, seed: int, exact: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """Every array as it is read, each with random numbers of its own; without those that stay `exact`.

    Raises PlasticityError for a name in `exact` that there is not, and a seed that is none.
    """
    exact = (exact,) if isinstance(exact, str) else exact
    for name in exact:
        if name not in arrays:
            raise unknown("weights in exact:", name, arrays)
    seed = checked_seed(seed)
    return {name: array.kept(device, np.random.default_rng((seed, number)))
            for number, (name, array) in enumerate(arrays.items()) if name not in exact}


def has_cells(projection: Projection) -> bool:
    """Whether a projection has a cell for each weight: all-but-self and pools are wiring."""
    return projection.kind.learns


def arrays_of(network: Network) -> dict[str, Stored]:
    """The weights of a network that a memory keeps, by the names of projections, normalised."""
    return {each.name: Stored(_begun(network, each), existing(network, each), *bounds(each))
            for each in network.projections if has_cells(each)}


def _begun(network: Network, projection: Projection) -> np.ndarray:
    w = weight_matrix(network, projection)
    return w if projection.normalize is None else normalized(projection, w)


def bounds(projection: Projection) -> tuple[float, float]:
    """The least and the largest weight that a projection may have."""
    return (-np.inf, np.inf) if projection.rule is None else (projection.rule.w_min, projection.rule.w_max)


def stored_network(network: Network, device: Device, seed: int, exact: Sequence[str] = ()) -> Network:
    """The network with its weights as they are read."""
    return holding(network, kept(arrays_of(network), device, seed, exact))


def holding(network: Network, weights: Mapping[str, np.ndarray]) -> Network:
    """The network with weights that cells hold, by the names of projections: nothing normalises these any more."""
    free = tuple(replace(each, normalize=None) if each.name in weights else each for each in network.projections)
    return network.with_(projections=free).with_weights(weights)
