"""A published rule that stretches the language, as a user would write it: a rate of change, over the population."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from plasticity.language.rule import Rule


def sanger() -> Rule:
    """The generalised Hebbian algorithm (Sanger 1989): neuron j learns what the neurons before it leave over."""
    return Rule(on_step={"dw/dt": "eta * rate_post * (rate_pre - prefix_sum(w * rate_post))"},
                params={"eta": 1.0}, reads={"rate_pre": "pre", "rate_post": "post"}, name="sanger",
                source="Sanger 1989")


STRESS: Mapping[str, Callable[[], Rule]] = MappingProxyType({
    make.__name__: make for make in (sanger,)})
