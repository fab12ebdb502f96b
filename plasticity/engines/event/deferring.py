"""What the text of a rule says about steps in which nothing happens to a synapse: may they be made up for later?

A synapse is *left alone* while no spike reaches it. If a step then reads nothing but the synapse's own states and
constants, all steps since its last visit can be made at its next one, many of them at once:

    drift    a state grows by an amount that depends on comparisons alone: k steps are one product
    fading   a state only decays: k steps are one power
    smooth   a state's growth reads the state itself: the first three growths d0, d1, d2 give
             x + k d0 + C(k,2) (d1 - d0) + C(k,3) (d2 - 2 d1 + d0), Newton's series, where its last term shows that the
             next one is below rounding

All this holds as long as each comparison keeps its truth. A state that is left alone runs one way, so a comparison of
one state with constants that is true (false) at both ends is so in between. Where an end differs, or the series is
not exact, steps are made one by one.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from plasticity.engines.event.sharing import Places, added, needed, without_reductions
from plasticity.language import expressions
from plasticity.language.rule import Rule, Statement

#: functions with a kink where their argument is 0
_KINKS = frozenset({"abs", "clip"})


@dataclass(frozen=True)
class Growth:
    """What a step adds to a state; `rate`: per second."""

    target: str
    expr: ast.expr
    rate: bool


@dataclass(frozen=True)
class Alone:
    """How the states of a synapse that is left alone change in a step.

    growths: of each state that moves. fading: states that only decay. guards: comparisons of one state with constants
    that must keep their truth while several steps are made at once. drift: whether no growth reads a state outside
    comparisons.
    """

    growths: tuple[Growth, ...]
    fading: tuple[str, ...]
    guards: tuple[ast.Compare, ...]
    drift: bool

    @property
    def moved(self) -> tuple[str, ...]:
        return tuple(growth.target for growth in self.growths)


def alone(rule: Rule) -> Alone | None:
    """How a rule's synapses change while they are left alone; None where steps cannot be made several at once."""
    lines = [line for line in rule.statements.get("on_step", ()) if line.place == "syn"]
    if not lines or not all(_reads_itself(rule, line) for line in lines):
        return None
    growths = tuple(Growth(line.target, growth(line), line.kind == "rate") for line in lines)
    moved = {each.target for each in growths}
    fading = tuple(name for name, state in rule.syn.items() if name not in moved and math.isfinite(state.tau))
    moving = {*moved, *fading}
    guards = tuple({ast.dump(guard): guard for each in growths for guard in _guards(each.expr, moving)}.values())
    read = [_read_outside(each.expr, moving) for each in growths]
    apart = all(names <= {each.target} for each, names in zip(growths, read, strict=True))
    asked = [needed(each.expr, "noise", rule.constants) for each in growths if "noise" in expressions.names(each.expr)]
    if any(questions is None or any(_read_outside(question, moving) for question in questions) for questions in asked):
        return None
    decays = any(math.isfinite(rule.syn[name].tau) for name in moved & {*rule.syn})
    if not apart or decays or not all(_one_way(guard, moving) for guard in guards):
        return None
    return Alone(growths, fading, guards, not any(read))


def rowwise(rule: Rule, lines: Iterable[Statement], listed: bool) -> bool:
    """Whether the synapses of one input may make up for steps from what these held.

    Not where few synapses change in a step, those of neurons that a comparison or a winner selects: they are visited
    at once. And not where a postsynaptic spike reads what an input's neuron has become since the step began.
    """
    lines, reductions = without_reductions(rule, lines)
    places = Places(rule)
    common = {name for name, (_, expr) in reductions.items() if places.lives_at(expr, "post")}
    if listed and len(common) < len(reductions):
        return False
    places = Places(rule, apart=frozenset(reductions) - common).and_post(common)
    chosen = {name for name in common if reductions[name][0] in ("winner", "rank")}
    stepped = {line.target for line in rule.statements["on_step"]}
    later = {name for name, place in rule.reads.items() if place == "pre"} | {name for name in rule.pre
                                                                             if name in stepped}
    spikes = [line.expr for line in rule.statements.get("on_post", ()) if line.place == "syn"]
    return not any(expressions.names(expr) & later for expr in spikes) and not all(
        any(_selects(factor, chosen) for factor in _factors_at(line, places)) for line in lines)


def _factors_at(line: Statement, places: Places) -> list[ast.expr]:
    return [factor for factor, below in expressions.product_factors(added(line))
            if not below and places.lives_at(factor, "post")]


def _selects(factor: ast.expr, chosen: set[str]) -> bool:
    """Whether a factor is 0 at most neurons: it compares, or asks who has won."""
    compares = any(isinstance(node, ast.Compare) for node in ast.walk(factor))
    return compares or not expressions.names(factor).isdisjoint(chosen)


def growth(line: Statement) -> ast.expr:
    """What a statement adds to its target in a step, of a rate per second."""
    if line.kind != "assign":
        return line.expr
    terms = expressions.sum_terms(line.expr)
    own = next((term for term in terms if isinstance(term, ast.Name) and term.id == line.target), None)
    if own is None:
        return ast.BinOp(left=line.expr, op=ast.Sub(), right=ast.Name(id=line.target, ctx=ast.Load()))
    return expressions.total([term for term in terms if term is not own])


def _reads_itself(rule: Rule, line: Statement) -> bool:
    """Whether a statement reads nothing but the synapse's own states, constants and noise."""
    read = expressions.names(line.expr) - {*rule.constants, "dt", "noise", "w", *rule.syn}
    return not read and not expressions.calls(line.expr) & expressions.PRIMITIVES


def _guards(expr: ast.expr, moving: Iterable[str]) -> Iterator[ast.Compare]:
    """Comparisons that read what moves, and the places of kinks as comparisons with 0."""
    for node in ast.walk(expr):
        if not isinstance(node, ast.Compare | ast.Call) or expressions.names(node).isdisjoint(moving):
            continue
        if isinstance(node, ast.Compare):
            yield node
        elif node.func.id in _KINKS:
            first, *others = node.args
            for other in others or [ast.Constant(0.0)]:
                yield ast.Compare(left=first, ops=[ast.Gt()], comparators=[other])


def _one_way(guard: ast.Compare, moving: set[str]) -> bool:
    """Whether a comparison changes its truth at most once while its state runs one way."""
    sides = guard.left, guard.comparators[0]
    read = expressions.names(guard) & moving
    half_line = isinstance(guard.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE)
    return half_line and len(read) == 1 and all(_straight(side, read) for side in sides)


def _straight(expr: ast.expr, state: Iterable[str]) -> bool:
    """Whether an expression is a straight line in a state."""
    if expressions.names(expr).isdisjoint(state):
        return True
    match expr:
        case ast.Name():
            return True
        case ast.UnaryOp(operand=operand):
            return _straight(operand, state)
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            return _straight(left, state) and _straight(right, state)
        case ast.BinOp(op=ast.Mult(), left=left, right=right):
            fixed = [expressions.names(side).isdisjoint(state) for side in (left, right)]
            return any(fixed) and _straight(left, state) and _straight(right, state)
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            return expressions.names(right).isdisjoint(state) and _straight(left, state)
    return False


def _read_outside(expr: ast.expr, moving: set[str]) -> set[str]:
    """What of the things that move an expression reads outside comparisons."""
    hidden = expressions.rewrite(expr, lambda node: ast.Constant(1.0) if isinstance(node, ast.Compare) else None)
    return {*expressions.names(hidden)} & moving
