"""Learning without backpropagation: networks that settle or predict, and layers that judge their own activity.

Each network is a torch module with two functions: `forward(x)` answers scores of the classes; `gradient(x, labels,
rng)` leaves in `.grad` what the rule changes, with the sign of a gradient.
"""

from plasticity.credit.rates.equilibrium import EquilibriumNetwork
from plasticity.credit.rates.goodness import ForwardForwardNetwork
from plasticity.credit.rates.predictive import PredictiveNetwork
from plasticity.credit.rates.spiking import SpikingForwardForward

__all__ = ["EquilibriumNetwork", "ForwardForwardNetwork", "PredictiveNetwork", "SpikingForwardForward"]
