"""Learning: one estimator for every rule and network, one loop, a trainer for each way of learning."""

from __future__ import annotations

import importlib

#: public name -> module it is loaded from when first used (torch takes seconds to load)
_PUBLIC = {
    "Learner": "plasticity.learner.learner",
    "HebbianLayer": "plasticity.learner.hebbian",
    "UnsupervisedClassifier": "plasticity.learner.unsupervised",
    "convert": "plasticity.learner.converting",
    "stored": "plasticity.learner.storing",
    "patches": "plasticity.learner.rates.patches",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'plasticity.learner' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
