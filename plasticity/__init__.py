"""Biologically plausible learning rules: written once as text, run on every engine, compared with backpropagation."""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

#: public name -> module it is loaded from when first used (so that `import plasticity` stays quick)
_PUBLIC = {
    "Rule": "plasticity.rule",
    "Trace": "plasticity.rule",
    "State": "plasticity.rule",
    "Neuron": "plasticity.neurons.neuron",
    "Network": "plasticity.network",
    "Input": "plasticity.network",
    "Population": "plasticity.network",
    "Projection": "plasticity.network",
    "Signal": "plasticity.network",
    "Window": "plasticity.window",
    "Spikes": "plasticity.spikes",
    "build": "plasticity.engines",
    "compare": "plasticity.comparison",
    "UnsupervisedClassifier": "plasticity.learner",
    "replay": "plasticity.replaying",
    "PlasticityError": "plasticity.errors",
    "LanguageError": "plasticity.errors",
    "RefusedError": "plasticity.errors",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'plasticity' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
