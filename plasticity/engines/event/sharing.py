"""What the synapses of a neuron share in a step: parts of an expression that read one neuron alone, and zeros."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from plasticity.errors import RefusedError
from plasticity.language import expressions
from plasticity.language.rule import Rule, Statement

#: name in rewritten statements -> (function, argument)
Reductions = dict[str, tuple[str, ast.expr]]


@dataclass(frozen=True)
class Places:
    """Where each name of a rule's statements lives. post: names that stand for one value per postsynaptic neuron.

    Such are the reductions that read postsynaptic neurons alone: they are the same at all presynaptic ones. apart:
    names of neurons that each of their synapses sees after a delay of its own.
    """

    rule: Rule
    post: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

    def and_post(self, names: Iterable[str]) -> Places:
        return replace(self, post=self.post | frozenset(names))

    def at(self, expr: ast.expr) -> frozenset[str]:
        """The places that an expression reads; none where it is the same for the whole run."""
        changing = expressions.names(expr) - {*self.rule.constants, "dt"}
        return frozenset("post" if name in self.post else "syn" if name in self.apart else self.rule.place_of(name)
                         for name in changing)

    def lives_at(self, expr: ast.expr, place: str) -> bool:
        """Whether an expression reads something that changes, all of it at this place (or the same everywhere)."""
        read = self.at(expr)
        return place in read and read <= {place, "global"}


def without_reductions(rule: Rule, lines: Iterable[Statement]) -> tuple[list[Statement], Reductions]:
    """Statements in which each reduction is a name; equal ones are one."""
    reductions: Reductions = {}
    names: dict[tuple[str, str], str] = {}

    def renamed(node: ast.expr) -> ast.expr | None:
        if not (isinstance(node, ast.Call) and node.func.id in expressions.REDUCTIONS):
            return None
        if expressions.calls(node.args[0]) & expressions.REDUCTIONS:
            raise RefusedError(f"rule {rule.name!r}: a reduction within a reduction")
        name = names.setdefault((node.func.id, ast.dump(node.args[0])), f"reduced_{len(names)}")
        reductions[name] = (node.func.id, node.args[0])
        return ast.Name(id=name, ctx=ast.Load())

    return [replace(line, expr=expressions.rewrite(line.expr, renamed)) for line in lines], reductions


def loop_invariant(lines: Iterable[Statement], places: Places,
                   side: str) -> tuple[list[Statement], dict[str, ast.expr]]:
    """Statements in which each largest part that reads one side's neuron alone is a name: name -> part."""
    parts: dict[str, ast.expr] = {}
    names: dict[str, str] = {}

    def renamed(node: ast.AST) -> ast.expr | None:
        if isinstance(node, ast.Name) or not isinstance(node, ast.expr):
            return None
        if not places.lives_at(node, side):
            return _product(node)
        return named(node)

    def _product(node: ast.expr) -> ast.expr | None:
        """Of a product, the factors of this side and constants as one."""
        factors = expressions.product_factors(node)
        own = [factor for factor in factors if not places.at(factor[0]) - {side}]
        if len(own) < 2 or not any(places.lives_at(factor, side) for factor, _ in own):
            return None
        rest = [(expressions.rewrite(factor, renamed), below) for factor, below in factors
                if (factor, below) not in own]
        return expressions.product([(named(expressions.product(own)), False), *rest])

    def named(node: ast.expr) -> ast.expr:
        name = names.setdefault(ast.dump(node), f"{side}_part_{len(names)}")
        parts[name] = node
        return ast.Name(id=name, ctx=ast.Load())

    return [replace(line, expr=expressions.rewrite(line.expr, renamed)) for line in lines], parts


def added(line: Statement) -> ast.expr:
    """What a statement adds: of "w + change" the change; of another new value, something that is never zero."""
    if line.kind != "assign":
        return line.expr
    terms = expressions.sum_terms(line.expr)
    rest = [term for term in terms if not (isinstance(term, ast.Name) and term.id == line.target)]
    return expressions.total(rest) if len(rest) == len(terms) - 1 else ast.Name(id="w", ctx=ast.Load())


def needed(expr: ast.expr, name: str, fixed: Mapping[str, float]) -> list[ast.expr] | None:
    """Expressions that are all 0 where the value of `name` in `expr` does not matter; None if it may always do.

    fixed: names whose value is known.
    """
    cofactors = _cofactors(expr, name)
    if cofactors is None:
        return None
    products = [[factor for whole in factors for factor in _may_vanish(whole, fixed)] for factors in cofactors]
    if not all(products):
        return None
    return [expressions.product((factor, False) for factor in product) for product in products]


def _may_vanish(expr: ast.expr, fixed: Mapping[str, float]) -> list[ast.expr]:
    """Factors that together are 0 exactly where a product is, without those that are known not to be."""
    if isinstance(expr, ast.Call) and expr.func.id in ("sqrt", "abs"):
        return _may_vanish(expr.args[0], fixed)
    factors = [factor for factor, below in expressions.product_factors(expr) if not below]
    if len(factors) > 1:
        return [vanishing for factor in factors for vanishing in _may_vanish(factor, fixed)]
    known = expressions.names(expr) <= set(fixed) and expressions.evaluate(expr, fixed) != 0
    return [] if known else factors


def _cofactors(expr: ast.expr, name: str) -> list[list[ast.expr]] | None:
    """What `name` is multiplied with, wherever it stands in a sum of products; None if it stands elsewhere."""
    if name not in expressions.names(expr):
        return []
    match expr:
        case ast.Name():
            return [[]]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _cofactors(operand, name)
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            both = _cofactors(left, name), _cofactors(right, name)
            return None if None in both else [*both[0], *both[1]]
        case ast.BinOp(op=ast.Mult(), left=left, right=right) if name not in expressions.names(right):
            return _multiplied(left, [right], name)
        case ast.BinOp(op=ast.Mult(), left=left, right=right) if name not in expressions.names(left):
            return _multiplied(right, [left], name)
        case ast.BinOp(op=ast.Div(), left=left, right=right) if name not in expressions.names(right):
            return _multiplied(left, [], name)
    return None


def _multiplied(expr: ast.expr, factors: list[ast.expr], name: str) -> list[list[ast.expr]] | None:
    cofactors = _cofactors(expr, name)
    return None if cofactors is None else [each + factors for each in cofactors]


def nonzero_support(rule: Rule, listed: Iterable[str]) -> dict[str, frozenset[str]]:
    """State of synapses -> sides whose neurons have to have spiked before it can be anything but 0.

    listed: the sides whose traces are 0 until their neuron first spikes. All states are taken to wait for these, and
    each that some statement moves without such a spike does not, until nothing changes.
    """
    listed = frozenset(listed)
    support = {name: listed if state.initial == 0 and not state.keep else frozenset()
               for name, state in rule.syn.items()}
    while True:
        smaller = {name: frozenset(side for side in sides if _stays(rule, name, side, support))
                   for name, sides in support.items()}
        if smaller == support:
            return support
        support = smaller


def zeros(rule: Rule, side: str, support: dict[str, frozenset[str]]) -> set[str]:
    """What is 0 at a neuron of a side that has not spiked yet: its traces, and states of synapses."""
    traces = {name for name, trace in getattr(rule, side).items() if trace.rise != "none"}
    return traces | {name for name, sides in support.items() if side in sides}


def is_no_op(line: Statement, zero: Collection[str]) -> bool:
    """Whether a statement provably changes nothing where every name in `zero` is 0."""
    stays = line.kind == "assign" and line.target in zero and expressions.vanishes(line.expr, zero)
    return stays or expressions.vanishes(added(line), zero)


def _stays(rule: Rule, name: str, side: str, support: dict[str, frozenset[str]]) -> bool:
    """Whether nothing moves a state of synapses whose neuron of this side has not spiked."""
    zero = zeros(rule, side, support)
    return all(event == f"on_{side}" or is_no_op(line, zero)
               for event, lines in rule.statements.items() for line in lines if line.target == name)
