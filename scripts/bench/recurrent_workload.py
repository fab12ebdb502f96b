"""Brunel's network with STDP between excitatory neurons, as numbers that every contender of recurrent.py shares.

Brunel 2000, Journal of Computational Neuroscience 8:183: a fifth of the neurons inhibit, each hears a tenth of the
others of either kind, 1.5 ms late, and Poisson spikes from outside. `coupling` (volts per excitatory spike), which
keeps the sums of weights the same for all sizes, and `outside` are this library's: the network fires irregularly at
about 14 Hz.
"""

from __future__ import annotations

from dataclasses import dataclass

DT, DELAY, TAU, REFRACTORY = 1e-4, 1.5e-3, 20e-3, 2e-3
THRESHOLD, RESET = 20e-3, 10e-3
INHIBITION = 5.0  # times as strong as excitation
#: neurons -> strength (V) of spikes from outside, with which they fire at about 14 Hz; a larger network: the last
STRENGTHS = {1000: 0.41e-3, 4000: 0.525e-3, 10000: 0.57e-3}
A_PLUS, A_MINUS, TAU_STDP, W_MAX = 1e-3, 1.05e-3, 20e-3, 3.0


@dataclass(frozen=True)
class Brunel:
    """neurons: of both kinds. Weights are in units of `coupling` (V), 1 at the beginning."""

    neurons: int

    @property
    def excitatory(self) -> int:
        return self.neurons * 4 // 5

    @property
    def inhibitory(self) -> int:
        return self.neurons - self.excitatory

    @property
    def in_degree(self) -> tuple[int, int]:
        """Excitatory and inhibitory synapses onto each neuron."""
        return self.excitatory // 10, self.inhibitory // 10

    @property
    def coupling(self) -> float:
        return 0.1e-3 * 800 / self.in_degree[0]

    @property
    def outside(self) -> tuple[float, float]:
        """Rate (Hz) and strength (V) of the spikes from outside onto each neuron, one in a step at most."""
        return 2000.0, STRENGTHS.get(self.neurons, 0.57e-3)
