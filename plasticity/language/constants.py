"""What stays the same through a run is taken out of expressions, so that engines evaluate it once, before any loop."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping

import numpy as np

from plasticity.errors import PlasticityError
from plasticity.language.expressions import (
    PRIMITIVES,
    calls,
    evaluate,
    names,
    product,
    product_factors,
    rewrite,
    sum_terms,
    total,
)


class Constants:
    """Collects constant sub-expressions under names, so that engines evaluate them once, before any loop.

    `fixed` are the names that do not change during a run (parameters, dt). `pull` answers the expression with each
    largest constant part replaced by a name; `values` evaluates what was pulled.
    """

    def __init__(self, fixed: Collection[str], prefix: str = "_c"):
        self.fixed = frozenset(fixed)
        self.prefix = prefix
        self.pulled: dict[str, ast.expr] = {}
        self._name_of: dict[str, str] = {}

    def pull(self, expr: ast.expr) -> ast.expr:
        return rewrite(expr, self._replace)

    def _is_constant(self, node: ast.expr) -> bool:
        return names(node) <= self.fixed and not calls(node) & PRIMITIVES

    def _replace(self, node: ast.expr) -> ast.expr | None:
        if isinstance(node, ast.Name | ast.Constant | ast.Call | ast.BinOp | ast.UnaryOp) and self._is_constant(node):
            return self._named(node)
        match node:
            case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int())):
                return ast.BinOp(left=self.pull(left), op=ast.Pow(), right=node.right)
            case ast.BinOp(op=ast.Mult() | ast.Div()) | ast.UnaryOp(op=ast.USub()):
                return self._product(node)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self._sum(node)
        return None

    def _product(self, node: ast.expr) -> ast.expr | None:
        factors = product_factors(node)
        fixed = [pair for pair in factors if self._is_constant(pair[0])]
        moving = [(self.pull(factor), below) for factor, below in factors if not self._is_constant(factor)]
        return product(([(self._named(product(fixed)), False)] if fixed else []) + moving)

    def _sum(self, node: ast.expr) -> ast.expr:
        terms = sum_terms(node)
        fixed = [term for term in terms if self._is_constant(term)]
        moving = [self.pull(term) for term in terms if not self._is_constant(term)]
        return _difference(moving + ([self._named(total(fixed))] if fixed else []))

    def _named(self, node: ast.expr) -> ast.expr:
        text = ast.unparse(ast.fix_missing_locations(node))
        if text not in self._name_of:
            name = f"{self.prefix}{len(self._name_of)}"
            self._name_of[text] = name
            self.pulled[name] = node
        return ast.Name(id=self._name_of[text], ctx=ast.Load())

    def values(self, fixed_values: Mapping[str, float]) -> dict[str, float]:
        """The value of each pulled constant. Raises PlasticityError where one is undefined (0/0, a complex root)."""
        with np.errstate(all="ignore"):
            values = {name: float(evaluate(expr, fixed_values)) for name, expr in self.pulled.items()}
        for name, value in values.items():
            if np.isnan(value):
                text = ast.unparse(ast.fix_missing_locations(self.pulled[name]))
                raise PlasticityError(f"{text[:60] + '...' * (len(text) > 60)!r} has no value with these parameters: "
                                      "two time constants may be equal, or the solution oscillate; change one or "
                                      "choose another method (exponential_euler, rk4)")
        return values


def _difference(terms: list[ast.expr]) -> ast.expr:
    """A sum printed with minus signs where a term is a negation."""
    result = terms[0]
    for term in terms[1:]:
        if isinstance(term, ast.UnaryOp) and isinstance(term.op, ast.USub):
            result = ast.BinOp(left=result, op=ast.Sub(), right=term.operand)
        else:
            result = ast.BinOp(left=result, op=ast.Add(), right=term)
    return result
