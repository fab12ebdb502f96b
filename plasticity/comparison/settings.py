"""What is the same for all learners of a comparison, and the few numbers that were chosen for each, as data.

Learning rates were chosen on training data alone, by scripts/reproduce/compare_tuning.py: one seed on the first part of
the training images, accuracy on the last 10,000 of them. docs/results/compare_tuning.json holds every value tried; the
largest was 2e-2, so that where it stands a larger one may do better still.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from plasticity.neurons.lsnn import lsnn_neuron


@dataclass(frozen=True)
class Setting:
    """A task's own numbers. data: name of the data set; encoder: of its images for the gradient rules (see
    `plasticity.encoding`), None where it is one of sequences (`plasticity.datasets.load_sequences`). network: of
    the gradient rules (see `network_of`). epochs, batch: of all that learn by gradients. stdp_neurons,
    stdp_epochs: of the STDP network."""

    data: str
    encoder: str | None
    network: str
    epochs: int
    batch: int
    stdp_neurons: int = 400
    stdp_epochs: int = 1


TASKS: Mapping[str, Setting] = MappingProxyType({
    "digits": Setting("digits", "latency(steps=25)", "layers-100-100", epochs=30, batch=32, stdp_neurons=100,
                      stdp_epochs=10),
    "mnist": Setting("mnist", "latency(steps=25)", "layers-200-200", epochs=3, batch=100),
    "fashion_mnist": Setting("fashion_mnist", "latency(steps=25)", "layers-200-200", epochs=3, batch=100),
    "rows_mnist": Setting("rows_mnist", None, "recurrent-200", epochs=5, batch=100),
    "nmnist": Setting("nmnist_frames", None, "recurrent-100", epochs=15, batch=50),
    "fsdd": Setting("fsdd_spikes", None, "recurrent-100", epochs=15, batch=50),
})

#: of every network of a gradient rule: leaky neurons (20 ms), all layers read by leaky sums of spikes (20 ms)
SPIKING: Mapping[str, object] = MappingProxyType({
    "neuron": lsnn_neuron(tau=20e-3, threshold=1.0), "read": "all", "tau_out": 20e-3, "scaled_readout": False})

#: rule, with its options or without -> Adam's learning rate
RATES: Mapping[str, float] = MappingProxyType({
    "bptt": 2e-2, "eprop(feedback=symmetric)": 2e-2, "eprop(feedback=random)": 1e-2, "eprop": 1e-2,
    "eprop(feedback=adaptive)": 2e-2, "ottt": 2e-2, "decolle": 2e-2, "dfa": 1e-2, "drtp": 2e-2, "ostl": 2e-2,
    "feedback_alignment": 2e-2, "sltt": 2e-2, "forward_forward": 2e-3, "cnn": 2e-2, "mlp": 2e-2})
RATE = 1e-2


def rate_of(rule: str, other: float = RATE) -> float:
    """The learning rate of a rule (a name, or a name with options); `other` where none was chosen for it."""
    rule = rule.replace(" ", "").replace("-", "_")
    return RATES.get(rule, RATES.get(rule.partition("(")[0], other))
