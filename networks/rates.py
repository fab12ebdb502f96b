"""A layer of rates, for rules that read rates: SoftHebb, Oja, Krotov & Hopfield, k-means and their relatives."""

from __future__ import annotations

from plasticity.network.rate_layer import RateLayer


def rates(n_inputs: int, units: int = 400, *, total: str = "dot", activation: str = "linear", features: str = "auto",
          power: float = 1.0, init: str = "normal", radius: float = 1.0) -> RateLayer:
    """Units that each have a weight to every input; see `RateLayer` for the options."""
    return RateLayer(n_inputs, units, total, activation, features, power, init, radius)
