"""Gradient rules and all that goes with them, gathered from their rooms under one name."""

from __future__ import annotations

import importlib

from plasticity._utils.moved import names

#: public name -> module it is loaded from when first used (torch takes seconds to load)
_PUBLIC = {
    **dict.fromkeys(("bptt", "decolle", "dfa", "drtp", "eprop", "etlp", "feedback_alignment", "ostl", "ottt", "rflo",
                     "sltt", "truncated_bptt"), "plasticity.rules.credit"),
    **dict.fromkeys(("GradientRule", "Paths"), "plasticity.rules.paths"),
    **dict.fromkeys(("layered_network", "lsnn_network", "recurrent_network"), "plasticity.network.builders"),
    "lsnn_neuron": "plasticity.neurons.lsnn",
    "rate_neuron": "plasticity.neurons.rate",
    "GradientNetwork": "plasticity.engines.gradient.network",
    "LeakyReadout": "plasticity.readout.leaky",
    "Counts": "plasticity.readout.counts",
    "Noise": "plasticity.engines.gradient.noise",
    "Output": "plasticity.engines.gradient.output",
    "refusal": "plasticity.engines.gradient.support",
    "online_gradients": "plasticity.engines.gradient.online",
    **dict.fromkeys(("gradients", "learning_signals", "rtrl"), "plasticity.engines.gradient.exact"),
    "Loss": "plasticity.engines.gradient.loss",
    **dict.fromkeys(("bernoulli", "cross_entropy", "cumulative_cross_entropy", "mse", "rate_regularisation",
                     "spike_count_mse"), "plasticity.engines.gradient.losses"),
    **dict.fromkeys(("Surrogate", "arctan", "fast_sigmoid", "multi_gaussian", "sigmoid_derivative", "superspike",
                     "triangular"), "plasticity.engines.gradient.surrogates"),
    "GradientClassifier": "plasticity.learner.gradient",
    "UncorrectedEpsAdam": "plasticity.learner.gradients.optimisers",
    **dict.fromkeys(("Alignment", "alignment"), "plasticity.comparison.alignment"),
    **dict.fromkeys(("AlignmentRecorder", "Operations", "operations"), "plasticity.comparison.operations"),
}
__all__ = sorted(_PUBLIC)
#: names of before, for one release
_before = names(__name__, Readout="plasticity.readout.leaky:LeakyReadout",
                Run="plasticity.engines.gradient.output:Output", catalogue="plasticity.rules:catalogue",
                make="plasticity.rules:make")


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    return _before(name)


def __dir__() -> list[str]:
    return __all__
