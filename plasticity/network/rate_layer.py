"""A layer of rates, as data."""

from __future__ import annotations

from dataclasses import dataclass

from plasticity._utils.memory import require_memory
from plasticity._utils.ranges import Count, Positive
from plasticity._utils.typed import require_fields
from plasticity.errors import choice

TOTALS = ("dot", "distance")
ACTIVATIONS = ("linear", "relu", "sigmoid", "tanh")
FEATURES = ("auto", "linear", "relu", "triangle", "softmax", "winner")
INITS = ("normal", "samples")


@dataclass(frozen=True)
class RateLayer:
    """Units with weights [inputs, units], shown samples of rates.

    total: a unit's total input u is "dot", w.x, or "distance", w.x - |w|^2/2, which is largest for the nearest w.
    activation: r_post of u, "linear", "relu", "sigmoid" or "tanh".
    features: what the layer answers: "linear" (u), "relu" (max(u, 0)^power), "triangle" (max(u - mean of u, 0)^power,
    Coates, Ng & Lee 2011), "softmax" (of power * u), "winner" (1 for the largest u); "auto" is "triangle" of more
    than one unit.
    init: the first weights, "normal" (drawn, of mean length `radius`) or "samples" (drawn from the samples).

    Raises PlasticityError for values that are none of these.
    """

    n_inputs: Count
    units: Count
    total: str = "dot"
    activation: str = "linear"
    features: str = "auto"
    power: Positive = 1.0
    init: str = "normal"
    radius: Positive = 1.0

    def __post_init__(self):
        require_fields(self)
        require_memory(8.0 * self.n_inputs * self.units, f"a layer of {self.units:,} units")
        choice("total", self.total, TOTALS)
        choice("activation", self.activation, ACTIVATIONS)
        choice("features", self.features, FEATURES)
        choice("init", self.init, INITS)
