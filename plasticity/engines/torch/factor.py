"""Sums of products over a batch: which part of an expression belongs to which neuron.

sum_b f(pre_b) * g(post_b) * h(w) is h(w) * (F.T @ G), one matrix product, if every factor reads one side only.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from itertools import product as cross

from plasticity.language import expressions

#: Expressions that expand into more products than this are broadcast.
MOST_TERMS = 12
Factor = tuple[ast.expr, bool]


@dataclass(frozen=True)
class Term:
    """weight * pre * post; None where a side does not occur."""

    pre: ast.expr | None
    post: ast.expr | None
    weight: ast.expr


def split(expr: ast.expr, place_of: Callable[[str], str]) -> tuple[list[Term], ast.expr | None]:
    """An expression as separable terms and a remainder that is not (None: all of it is).

    place_of: name -> "pre", "post", "sample" (one value per sample), "weight", "syn" or "constant".
    """
    products = _expand(expr, place_of)
    if len(products) > MOST_TERMS:
        return [], expr
    terms, remainder = [], []
    for factors in products:
        term = _term(factors, place_of)
        if term:
            terms.append(term)
        else:
            remainder.append(expressions.product(factors))
    return merged(merged(terms, "pre"), "post"), expressions.total(remainder) if remainder else None


def side_of(expr: ast.expr, place_of: Callable[[str], str]) -> str:
    """The one side a factor reads: "pre", "post", "sample", "weight", "constant", or "mixed"."""
    places = {place_of(name) for name in expressions.names(expr)} - {"constant"}
    if "syn" in places or (expressions.calls(expr) & expressions.REDUCTIONS and not places <= {"post", "sample"}):
        return "mixed"
    if expressions.calls(expr) & expressions.REDUCTIONS:
        return "post"
    if len(places) == 2 and "sample" in places and "weight" not in places:
        places.discard("sample")
    return "mixed" if len(places) > 1 else next(iter(places), "constant")


def _expand(expr: ast.expr, place_of: Callable[[str], str]) -> list[list[Factor]]:
    """Products whose sum is `expr`; only sums of mixed sides are multiplied out."""
    if side_of(expr, place_of) != "mixed":
        return [[(expr, False)]]
    match expr:
        case ast.BinOp(op=ast.Add() | ast.Sub()) | ast.UnaryOp(op=ast.UAdd()):
            return [factors for term in expressions.sum_terms(expr) for factors in _expand(term, place_of)]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return [[(ast.Constant(-1.0), False), *factors] for factors in _expand(operand, place_of)]
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            return [a + b for a, b in cross(_expand(left, place_of), _expand(right, place_of))]
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            below = [(factor, not divides) for factor, divides in expressions.product_factors(right)]
            return [factors + below for factors in _expand(left, place_of)]
        case ast.BinOp(op=ast.Pow(), left=left, right=ast.Constant(value=int(power))) if 2 <= power <= 3:
            return [list(chain(*parts)) for parts in cross(*[_expand(left, place_of)] * power)]
        case _:
            return [[(expr, False)]]


def _term(factors: list[Factor], place_of: Callable[[str], str]) -> Term | None:
    sides: dict[str, list[Factor]] = {"pre": [], "post": [], "weight": []}
    for factor in factors:
        side = side_of(factor[0], place_of)
        if side == "mixed":
            return None
        sides[{"constant": "weight", "sample": "pre"}.get(side, side)].append(factor)
    pre, post = (expressions.product(sides[side]) if sides[side] else None for side in ("pre", "post"))
    return Term(pre, post, expressions.product(sides["weight"]))


def merged(terms: list[Term], side: str) -> list[Term]:
    """Terms that differ only in their factor of one side, added up: fewer matrix products."""
    other = "post" if side == "pre" else "pre"
    groups: dict[tuple, list[Term]] = {}
    for number, term in enumerate(terms):
        alone = getattr(term, side) is None
        key = (_text(getattr(term, other)), _text(term.weight), number if alone else None)
        groups.setdefault(key, []).append(term)
    return [Term(**{side: expressions.total([getattr(term, side) for term in group]) if len(group) > 1
                    else getattr(group[0], side), other: getattr(group[0], other), "weight": group[0].weight})
            for group in groups.values()]


def _text(expr: ast.expr | None) -> str:
    return "" if expr is None else ast.unparse(ast.fix_missing_locations(expr))


def simplified(expr: ast.expr, constants: Mapping[str, float]) -> ast.expr:
    """`expr` without powers whose constant exponent is 0 or 1."""
    def replace(node: ast.expr) -> ast.expr | None:
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)):
            return None
        if not expressions.names(node.right) <= constants.keys():
            return None
        power = expressions.evaluate(node.right, constants)
        return {0.0: ast.Constant(1.0), 1.0: simplified(node.left, constants)}.get(float(power))

    return expressions.rewrite(expr, replace)


def may_blow_up(expr: ast.expr | None, constants: Mapping[str, float]) -> bool:
    """Whether finite values can give infinity or NaN, by a division, a logarithm or a root."""
    if expr is None:
        return False
    for node in ast.walk(expr):
        match node:
            case ast.BinOp(op=ast.Div(), right=right) if not expressions.names(right) <= constants.keys():
                return True
            case ast.BinOp(op=ast.Pow(), right=right):
                if not expressions.names(right) <= constants.keys() or expressions.evaluate(right, constants) < 0:
                    return True
            case ast.Call(func=ast.Name(id="log" | "sqrt" | "log1p")):
                return True
    return False
