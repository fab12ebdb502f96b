"""What a network is, as data: populations, projections, windows, presentations; engines simulate it."""

from plasticity.network.network import (
    Input,
    Network,
    Population,
    Projection,
    Signal,
    existing,
    normalized,
    shape_of,
    weight_matrix,
)
from plasticity.network.presentation import Model, Presentation
from plasticity.network.window import Window

__all__ = ["Input", "Model", "Network", "Population", "Presentation", "Projection", "Signal", "Window", "existing",
           "normalized", "shape_of", "weight_matrix"]
