"""Biologically plausible learning rules: written once as text, run on every engine, compared with backpropagation."""

from __future__ import annotations

import importlib

from plasticity._utils import homeless, moved

__version__ = "0.1.0"

#: public name -> module it is loaded from when first used (so that `import plasticity` stays quick)
_PUBLIC = {
    "Rule": "plasticity.language.rule",
    "Trace": "plasticity.language.rule",
    "State": "plasticity.language.rule",
    "Neuron": "plasticity.neurons.neuron",
    "Network": "plasticity.network.network",
    "Input": "plasticity.network.network",
    "Population": "plasticity.network.network",
    "Projection": "plasticity.network.network",
    "Signal": "plasticity.network.network",
    "Window": "plasticity.network.window",
    "Spikes": "plasticity.encoding.spikes",
    "build": "plasticity.engines",
    "Record": "plasticity.engines.record",
    "compare": "plasticity.comparison",
    "Learner": "plasticity.learner.learner",
    "UnsupervisedClassifier": "plasticity.learner",
    "convert": "plasticity.learner.converting",
    "stored": "plasticity.learner.storing",
    "replay": "plasticity.engines.replay",
    "pack": "plasticity._utils.keeping",
    "unpack": "plasticity._utils.keeping",
    "PlasticityError": "plasticity.errors",
    "LanguageError": "plasticity.errors",
    "RefusedError": "plasticity.errors",
}
#: public name -> the module it stands for
_MODULES = {"rules": "plasticity.rules", "networks": "plasticity.networks", "neurons": "plasticity.neurons",
            "tasks": "plasticity.datasets.tasks"}
__all__ = sorted({**_PUBLIC, **_MODULES})


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    raise AttributeError(f"module 'plasticity' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


moved.install()
homeless.settle_matplotlib()  # before any part imports it, Brian2 included
