"""The statements of a rule as compiled torch functions: sums over the batch as matrix products where possible.

Every function takes a dict `v` of tensors: traces and signals [batch, n] (or [batch, 1]), synaptic state
[batch, pre, post], and `v["w"]` [pre, post].
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from plasticity.engines.torch import factor
from plasticity.engines.torch.language import Context, expression, functions
from plasticity.language import expressions
from plasticity.language.rule import Rule, Statement

_FULL = {"pre": "[:, :, None]", "post": "[:, None, :]", "sample": "[:, :, None]", "syn": "", "weight": ""}


@dataclass(frozen=True)
class Product:
    """share * weight * sum over the batch of (pre x post).

    share: the constant part. pre, post, weight: functions, None for 1. guarded: whether the spiking side's own factor
    may be infinite where it does not spike.
    """

    share: float
    pre: Callable | None
    post: Callable | None
    weight: Callable | None
    guarded: bool


@dataclass(frozen=True)
class Change:
    """One statement: its target's kind, the products (weights only), and all else as one function."""

    target: str
    place: str
    assigns: bool
    products: tuple[Product, ...]
    remainder: Callable | None


@dataclass(frozen=True)
class Compiler:
    """Compiles the statements of a rule.

    wide: the sides whose spikes, and so traces, differ between a neuron's synapses. listed: whether what is read of
    neurons is one value for each synapse, too.
    """

    rule: Rule
    context: Context
    n_post: int
    wide: Collection[str]
    listed: bool = False

    def place(self, name: str) -> str:
        rule = self.rule
        if name in self.constants:
            return "constant"
        if name == "w":
            return "weight"
        place = rule.place_of(name)
        if name in rule.variables or (self.listed and place != "global"):
            return "syn" if place in self.wide else place
        return "sample" if place == "global" else place

    @property
    def constants(self) -> Mapping[str, float]:
        return {**self.rule.constants, "dt": self.context.dt}

    def events(self) -> dict[str, tuple[Change, ...]]:
        return {event: tuple(self._change(event, line) for line in lines)
                for event, lines in self.rule.statements.items()}

    def efficacy(self) -> Callable | None:
        """What each presynaptic spike transmits, in units of its weight; None for the weight itself."""
        return None if self.rule.efficacy_expr is None else self._function(self.rule.efficacy_expr)

    def _change(self, event: str, line: Statement) -> Change:
        expr = factor.simplified(line.expr, self.constants)
        if line.kind == "rate":
            expr = ast.BinOp(left=ast.Name(id="dt", ctx=ast.Load()), op=ast.Mult(), right=expr)
        assigns = line.kind == "assign"
        if line.target == "w":
            return self._weight_change(event, _less_w(expr) if assigns else expr)
        place = self.place(line.target)
        return Change(line.target, place, assigns, (), self._function(expr, full=place == "syn"))

    def _weight_change(self, event: str, expr: ast.expr) -> Change:
        own = event.removeprefix("on_")
        if own in self.wide:
            return Change("w", "weight", False, (), self._function(expr, full=True))
        terms, remainder = factor.split(expr, self.place)
        products = []
        for term in terms:
            foreign = [term.weight, *(getattr(term, side) for side in ("pre", "post") if side != own)]
            if own != "step" and any(factor.may_blow_up(side, self.constants) for side in foreign):
                remainder = expressions.total([side for side in (remainder, _whole(term)) if side is not None])
            else:
                products += self._product(own, term)
        return Change("w", "weight", False, tuple(products), remainder and self._function(remainder, full=True))

    def _product(self, own: str, term: factor.Term) -> list[Product]:
        parts = expressions.product_factors(term.weight)
        fixed, moving = ([pair for pair in parts if (expressions.names(pair[0]) <= self.constants.keys()) == constant]
                         for constant in (True, False))
        share = float(expressions.evaluate(expressions.product(fixed), self.constants))
        if share == 0.0:
            return []
        pre, post = (self._function(side) if side is not None else None for side in (term.pre, term.post))
        return [Product(share, pre, post, self._function(expressions.product(moving)) if moving else None,
                        factor.may_blow_up({"pre": term.pre, "post": term.post}.get(own), self.constants))]

    def _function(self, expr: ast.expr, full: bool = False) -> Callable:
        rename = {name: f"v[{name!r}]" + (_FULL[self.place(name)] if full else "")
                  for name in expressions.names(expr) if self.place(name) != "constant"}
        return expression(expr, self.constants, rename, self._known)

    @cached_property
    def _known(self) -> Mapping[str, Callable]:
        return functions(self.context, self.n_post)


def _less_w(expr: ast.expr) -> ast.expr:
    """expr - w, without the w that most assignments of weights begin with."""
    terms = expressions.sum_terms(expr)
    w = next((term for term in terms if isinstance(term, ast.Name) and term.id == "w"), None)
    if w is None:
        return ast.BinOp(left=expr, op=ast.Sub(), right=ast.Name(id="w", ctx=ast.Load()))
    return expressions.total([term for term in terms if term is not w])


def _whole(term: factor.Term) -> ast.expr:
    return expressions.product([(side, False) for side in (term.weight, term.pre, term.post) if side is not None])
