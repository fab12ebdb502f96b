"""The rule language: what a text may say, and what it means."""

from plasticity._utils import moved

#: what was in this module before it was a package
_BEFORE = ("FUNCTIONS", "NEURON_FUNCTIONS", "PRIMITIVES", "REDUCTIONS", "calls", "compiled", "evaluate", "names",
           "negative", "numbers", "parse", "product", "product_factors", "render", "require_known", "rewrite",
           "substitute", "sum_terms", "total", "vanishes")

__getattr__ = moved.names(__name__, **{name: f"plasticity.language.expressions:{name}" for name in _BEFORE})
