"""Gradient rules: backpropagation through time, e-prop and their relatives as choices of paths on one torch network."""

from plasticity.credit.alignment import Alignment, alignment
from plasticity.credit.builders import layered_network, recurrent_network
from plasticity.credit.classifier import GradientClassifier
from plasticity.credit.exact import gradients, learning_signals, rtrl
from plasticity.credit.losses import (
    Loss,
    cross_entropy,
    cumulative_cross_entropy,
    mse,
    rate_regularisation,
    spike_count_mse,
)
from plasticity.credit.lsnn import lsnn_network, lsnn_neuron
from plasticity.credit.measures import AlignmentRecorder, Operations, operations
from plasticity.credit.network import GradientNetwork
from plasticity.credit.online import online_gradients
from plasticity.credit.optimisers import UncorrectedEpsAdam
from plasticity.credit.paths import GradientRule, Paths
from plasticity.credit.rate import rate_neuron
from plasticity.credit.readout import Readout
from plasticity.credit.rules import (
    bptt,
    catalogue,
    decolle,
    dfa,
    drtp,
    eprop,
    etlp,
    feedback_alignment,
    make,
    ostl,
    ottt,
    rflo,
    sltt,
    truncated_bptt,
)
from plasticity.credit.run import Run
from plasticity.credit.support import refusal
from plasticity.credit.surrogates import (
    Surrogate,
    arctan,
    fast_sigmoid,
    multi_gaussian,
    sigmoid_derivative,
    superspike,
    triangular,
)

__all__ = [
    "Alignment",
    "AlignmentRecorder",
    "GradientClassifier",
    "GradientNetwork",
    "GradientRule",
    "Loss",
    "Operations",
    "Paths",
    "Readout",
    "Run",
    "Surrogate",
    "UncorrectedEpsAdam",
    "alignment",
    "arctan",
    "bptt",
    "catalogue",
    "cross_entropy",
    "cumulative_cross_entropy",
    "decolle",
    "dfa",
    "drtp",
    "eprop",
    "etlp",
    "fast_sigmoid",
    "feedback_alignment",
    "gradients",
    "layered_network",
    "learning_signals",
    "lsnn_network",
    "lsnn_neuron",
    "make",
    "mse",
    "multi_gaussian",
    "online_gradients",
    "operations",
    "ostl",
    "ottt",
    "rate_neuron",
    "rate_regularisation",
    "recurrent_network",
    "refusal",
    "rflo",
    "rtrl",
    "sigmoid_derivative",
    "sltt",
    "spike_count_mse",
    "superspike",
    "triangular",
    "truncated_bptt",
]
