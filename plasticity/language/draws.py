"""Random functions of the language: each call becomes a name, whose numbers an engine draws for every neuron and step.

A number is a function of the seed, the population, the call, the sample, the step and the neuron, and of nothing else.
Engines that simulate draw in every step (Brian2 by its own generator). In gradient networks each call is its mean where
nothing is learned, so that answers do not depend on chance.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from plasticity.errors import LanguageError
from plasticity.language import expressions

#: what the names of calls begin with; nothing else may
PREFIX = "draw__"


@dataclass(frozen=True)
class Kind:
    """A random function. words: what a call is. normal: whether it is made of a standard normal number, else of a
    uniform one in (0, 1). off: the number in its place that makes the call its mean. text: the call, of the number
    `draw` and the arguments."""

    words: str
    normal: bool
    off: float
    text: str
    arguments: tuple[str, ...] = ()


#: `dropout` says that nothing is learned by a number that no uniform one is: 2
KINDS: Mapping[str, Kind] = MappingProxyType({
    "normal": Kind("a standard normal number; 0 where a gradient network learns nothing", True, 0.0, "draw"),
    "uniform": Kind("a number in (0, 1), all alike likely; 0.5 where a gradient network learns nothing", False, 0.5,
                    "draw"),
    "dropout": Kind("0 with probability p, else 1/(1 - p); 1 where a gradient network learns nothing", False, 2.0,
                    "where(draw > 1, 1, where(draw < p, 0, 1/(1 - p)))", ("p",)),
})


def named(expr: ast.expr, drawn: dict[str, Kind], constants: Mapping[str, float]) -> ast.expr:
    """`expr` with a name in place of each call; `drawn` gains the names. constants: what a probability may read.

    Raises LanguageError for a probability that is not a constant from 0 to below 1.
    """
    def call(node: ast.expr) -> ast.expr | None:
        if not (isinstance(node, ast.Call) and node.func.id in KINDS):
            return None
        kind, name = KINDS[node.func.id], f"{PREFIX}{len(drawn)}"
        for argument in node.args:
            _require_probability(node, argument, constants)
        drawn[name] = kind
        values = {"draw": ast.Name(id=name, ctx=ast.Load()), **dict(zip(kind.arguments, node.args, strict=True))}
        return expressions.substitute(expressions.parse(kind.text), values)

    return expressions.rewrite(expr, call)


def _require_probability(node: ast.expr, argument: ast.expr, constants: Mapping[str, float]) -> None:
    constant = expressions.names(argument) <= {*constants} and not expressions.calls(argument) & {*KINDS}
    if not (constant and 0 <= float(expressions.evaluate(argument, constants)) < 1):
        raise LanguageError(f"{expressions.render(node)!r}: a probability must be a constant from 0 to below 1")
