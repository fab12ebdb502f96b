"""Encoders: intensities, rates or patterns become `Spikes` (or a signal). Pure functions; randomness is an argument.

What a random encoder draws for a sample depends only on its seed and the sample's number `first_sample + k`, never on
how many samples are encoded at once, so a run that stops can go on exactly where it was.
"""

from plasticity.encoding.cochlea import cochlea, cochleagram, fit_length, integrate_and_fire, level_crossing
from plasticity.encoding.given import constant, from_events, imposed, repeat
from plasticity.encoding.random import bernoulli, poisson
from plasticity.encoding.spectrum import log_mel, mel_filters, mfcc, spectrogram
from plasticity.encoding.timing import latency, rank_order, threshold_crossing

__all__ = ["bernoulli", "cochlea", "cochleagram", "constant", "fit_length", "from_events", "imposed",
           "integrate_and_fire", "latency", "level_crossing", "log_mel", "mel_filters", "mfcc", "poisson", "rank_order",
           "repeat", "spectrogram", "threshold_crossing"]
