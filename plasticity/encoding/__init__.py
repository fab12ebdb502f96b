"""Encoders: intensities, rates or patterns become `Spikes` (or a signal). Pure functions; randomness is an argument.

What a random encoder draws for a sample depends only on its seed and the sample's number `first_sample + k`, never on
how many samples are encoded at once, so a run that stops can go on exactly where it was.
"""

from plasticity.encoding.given import constant, from_events, imposed, repeat
from plasticity.encoding.random import bernoulli, poisson
from plasticity.encoding.timing import latency, rank_order

__all__ = ["bernoulli", "constant", "from_events", "imposed", "latency", "poisson", "rank_order", "repeat"]
