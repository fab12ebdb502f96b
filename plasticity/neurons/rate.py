"""The leaky rate unit of recurrent networks that do not spike."""

from __future__ import annotations

from plasticity._utils.ranges import PROPER_SHARE, require
from plasticity._utils.typed import checked
from plasticity.neurons.neuron import Neuron


@checked
def rate_neuron(leak: float = 0.1) -> Neuron:
    """h[t+1] = (1 - leak) h[t] + leak tanh(x[t]), x the weighted sum of inputs and others' h (project onto "x").

    leak: dt/tau, above 0 and at most 1. It sends h, and never spikes.

    Source: Murray 2019, eLife 8:e43299, equation 1.
    """
    require(PROPER_SHARE, leak=leak)
    return Neuron(update="h = (1 - leak)*h + leak*tanh(x); x = 0*x", threshold="h > 2", output="h",
                  params={"leak": leak}, name="rate_neuron", source="Murray 2019")
