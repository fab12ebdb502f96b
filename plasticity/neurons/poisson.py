"""Sources of spikes within a network."""

from __future__ import annotations

from plasticity._utils.ranges import NotNegative
from plasticity._utils.typed import checked
from plasticity.neurons.neuron import Neuron


@checked
def poisson(rate: NotNegative = 10.0) -> Neuron:
    """A source that spikes at random, without memory: in every step with probability rate dt, a Poisson process where
    that is small.

    rate: Hz, the first value of variable `rate`: each neuron's own by `Population(initial={"rate": [...]})`, and over
    time by a signal that drives it. Nothing is projected onto a source. Engines draw the numbers, from their seed and
    the number of steps that have learned: runs with learn=False draw what the next one will, each of them the same.

    Source: Dayan & Abbott 2001, Theoretical Neuroscience, section 1.4 (recalled).
    """
    return Neuron(update="rate = rate; u = uniform()", threshold="u < rate*dt",
                  initial={"rate": rate, "u": 1.0}, name="poisson", source="Dayan & Abbott 2001")
