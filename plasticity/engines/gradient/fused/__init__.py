"""e-prop as a fused, event-driven kernel: forward, backward and gradient at spikes only; memory O(T N) per sample.

    layer = Layer(tau=20e-3, tau_out=20e-3)
    outcome = gradient(layer, Weights(w_in, w_rec, w_out), spikes, labels)
    outcome.gradient.w_rec
"""

from plasticity.engines.gradient.fused.adam import Adam
from plasticity.engines.gradient.fused.layer import Layer
from plasticity.engines.gradient.fused.learning import Outcome, Rate, Weights, gradient, run

__all__ = ["Adam", "Layer", "Outcome", "Rate", "Weights", "gradient", "run"]
