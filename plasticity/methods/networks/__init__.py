"""Learning without backpropagation: networks that settle or predict, layers that judge their own activity; baselines.

Each network is a torch module with two functions: `forward(x)` answers scores of the classes; `gradient(x, labels,
rng)` leaves in `.grad` what the rule changes, with the sign of a gradient.
"""

from plasticity.methods.networks.equilibrium import EquilibriumNetwork
from plasticity.methods.networks.goodness import ForwardForwardNetwork
from plasticity.methods.networks.layers import Backpropagated, Recurrent, convolutional, perceptron
from plasticity.methods.networks.predictive import PredictiveNetwork
from plasticity.methods.networks.spiking import SpikingForwardForward

__all__ = ["Backpropagated", "EquilibriumNetwork", "ForwardForwardNetwork", "PredictiveNetwork", "Recurrent",
           "SpikingForwardForward", "convolutional", "perceptron"]
