"""What can be kept: classes by name, and arrays by the types that their numbers have in JSON."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType

from plasticity.errors import DataError, unknown

#: class that can be kept -> its module
TYPES: Mapping[str, str] = MappingProxyType({
    "Rule": "plasticity.language.rule",
    "Trace": "plasticity.language.trace",
    **dict.fromkeys(("GradientRule", "Paths"), "plasticity.rules.paths"),
    "Neuron": "plasticity.neurons.neuron",
    **dict.fromkeys(("Input", "Population", "Signal"), "plasticity.network.population"),
    "Projection": "plasticity.network.projection",
    "Window": "plasticity.network.window",
    "Network": "plasticity.network.network",
    **dict.fromkeys(("Model", "Presentation"), "plasticity.network.presentation"),
    "LeakyReadout": "plasticity.readout.leaky",
    "RateLayer": "plasticity.network.rate_layer",
    **dict.fromkeys(("AllActivity", "Proportion"), "plasticity.readout.votes"),
    "Logistic": "plasticity.readout.logistic",
    "NGram": "plasticity.readout.ngram",
    **dict.fromkeys(("Fitted", "Leaky", "Counted"), "plasticity.readout.catalogue"),
    "LossKind": "plasticity.readout.losses",
    "Goal": "plasticity.learner.goals",
    "Scaling": "plasticity.learner.samples",
})
_WHOLE = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
#: dtype of an array -> types that its numbers have in a tree (text: a number that JSON has not)
DTYPES: Mapping[str, frozenset[type]] = MappingProxyType({
    "bool": frozenset({bool}), **dict.fromkeys(_WHOLE, frozenset({int})),
    **dict.fromkeys(("float16", "float32", "float64"), frozenset({int, float, str}))})


def known_type(name: object, place: str) -> type:
    """The class of `TYPES` with that name. Raises DataError for another, which stands at `place`."""
    if not isinstance(name, str) or name not in TYPES:
        raise DataError(f"{place}: {unknown('type', name, TYPES)}")
    return getattr(importlib.import_module(TYPES[name]), name)


def below(path: str, name: object) -> str:
    """The place of a part within a tree, as "projections/0/weights"."""
    return f"{path}/{name}" if path else str(name)
