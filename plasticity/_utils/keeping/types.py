"""What can be kept: classes by name, and arrays by the types that their numbers have in JSON."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from plasticity.errors import DataError, PlasticityError, unknown

#: class that can be kept -> its module
TYPES: Mapping[str, str] = MappingProxyType({
    "Rule": "plasticity.language.rule",
    "Trace": "plasticity.language.trace",
    **dict.fromkeys(("GradientRule", "Paths"), "plasticity.rules.paths"),
    "Neuron": "plasticity.neurons.neuron",
    **dict.fromkeys(("Input", "Population", "Signal"), "plasticity.network.population"),
    "Projection": "plasticity.network.projection",
    "Window": "plasticity.network.window",
    "Pairs": "plasticity.network.pairs",
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
    "Counts": "plasticity.readout.counts",
})
#: class -> fields that it got after files had been written: a description may lack them, which means their defaults
ADDED: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "Projection": ("frozen", "pairs"), "Input": ("always",), "GradientRule": ("rate", "rate_strength")})


class Named(NamedTuple):
    """A class whose objects hold functions, and are kept as the text that makes them: its module, the catalogue
    "module:name" that knows the text, and the attribute with the options."""

    module: str
    catalogue: str
    options: str


NAMED: Mapping[str, Named] = MappingProxyType({
    "Encoder": Named("plasticity.encoding.catalogue", "plasticity.encoding.catalogue:catalogue", "options"),
    "Augmentation": Named("plasticity.encoding.augmentation.catalogue",
                          "plasticity.encoding.augmentation.catalogue:catalogue", "options"),
    "Method": Named("plasticity.methods.method", "plasticity.rules.catalogue:catalogue", "options"),
    "Surrogate": Named("plasticity.engines.gradient.surrogates", "plasticity.engines.gradient.surrogates:catalogue",
                       "params"),
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


def named(kind: object, text: object, place: str) -> object:
    """What a text of a catalogue makes: an object of a class of `NAMED`. Nothing but the catalogue is asked, so that
    no file of a person's own is run.

    Raises DataError for another class, and for a text that the catalogue does not know.
    """
    if not isinstance(kind, str) or kind not in NAMED:
        raise DataError(f"{place}: {unknown('kind of thing with a name', kind, NAMED)}")
    module, _, attribute = NAMED[kind].catalogue.partition(":")
    try:
        thing = getattr(importlib.import_module(module), attribute).make(text)
    except PlasticityError as error:
        raise DataError(f"{place} is no {kind}: {error}") from None
    if type(thing).__name__ != kind:
        raise DataError(f"{place} should be a {kind}, but {text!r} is a {type(thing).__name__}")
    return thing


def below(path: str, name: object) -> str:
    """The place of a part within a tree, as "projections/0/weights"."""
    return f"{path}/{name}" if path else str(name)
