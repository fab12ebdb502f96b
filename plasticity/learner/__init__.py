"""Learners: networks that are trained by showing them samples, in scikit-learn's estimator form."""

from __future__ import annotations

import importlib

#: public name -> module it is loaded from when first used (torch takes seconds to load)
_PUBLIC = {
    "HebbianLayer": "plasticity.learner.rate_layer",
    "UnsupervisedClassifier": "plasticity.learner.unsupervised",
    "patches": "plasticity.learner.unfolding",
}
__all__ = sorted(_PUBLIC)


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'plasticity.learner' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
