"""All methods by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity._utils.catalogue import made, parse
from plasticity.methods.backprop import cnn, gru, lstm, mlp, rnn
from plasticity.methods.local import (
    equilibrium_propagation,
    forward_forward,
    predictive_coding,
    spiking_forward_forward,
)
from plasticity.methods.method import Method

#: name -> function that makes the method; all of its arguments have defaults
catalogue: Mapping[str, Callable[..., Method]] = MappingProxyType({
    make.__name__: make for make in (equilibrium_propagation, predictive_coding, forward_forward,
                                     spiking_forward_forward, mlp, cnn, rnn, gru, lstm)})


def make(method: str | Method, **options) -> Method:
    """The method of that name, or of a text such as "mlp(hidden=(200, 100))"; a Method as it is.

    Raises PlasticityError for an unknown name, and for an option that the method does not have.
    """
    if isinstance(method, Method):
        return method
    name, written = parse(method)
    return made("method", catalogue, name, {**written, **options})
