"""The texts of a rule as checked statements: what they may change and read, definitions inlined, delays as names."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from plasticity.errors import LanguageError, quoted
from plasticity.language import expressions

_DERIVATIVE = re.compile(r"d(\w+)/dt")


class Declared(Protocol):
    """What a rule has declared, as far as its texts are concerned; see `plasticity.language.rule.Rule`."""

    let: Mapping[str, str]
    efficacy: str
    params: Mapping[str, float]
    pre: Mapping[str, object]
    post: Mapping[str, object]
    syn: Mapping[str, object]
    reads: Mapping[str, str]
    signals: Mapping[str, str]
    place: Mapping[str, str]
    variables: Mapping[str, object]
    constants: Mapping[str, float]
    statements: Mapping[str, tuple[Statement, ...]]
    efficacy_expr: ast.expr | None


@dataclass(frozen=True)
class Statement:
    """One checked line of a rule: what changes, where it lives, and by which expression."""

    target: str
    place: str
    kind: str  # "increment" at an event; "rate" (per second) or "assign" in a step
    text: str
    expr: ast.expr = field(compare=False, repr=False)


@dataclass(frozen=True)
class Texts:
    """events: event -> statements. delayed: name in them -> (variable it is a delayed copy of, delay in seconds)."""

    events: Mapping[str, tuple[Statement, ...]]
    delayed: Mapping[str, tuple[str, float]]


def texts(rule: Declared) -> Texts:
    """The rule's events. Raises LanguageError for a text that the language or the rule does not allow."""
    known, delayed = definitions(rule), {}
    events: dict[str, tuple[Statement, ...]] = {}
    for event, own in (("on_step", None), ("on_pre", "pre"), ("on_post", "post")):
        lines = getattr(rule, event)
        if lines:
            events[event] = tuple(_statement(rule, event, own, *line, known, delayed) for line in lines.items())
    return Texts(events, delayed)


def definitions(rule: Declared) -> dict[str, ast.expr]:
    """`let`, each with those before it inlined."""
    done: dict[str, ast.expr] = {}
    for name, text in rule.let.items():
        done[name] = _inlined(rule, text, done)
    return done


def _inlined(rule: Declared, text: str, known: Mapping[str, ast.expr]) -> ast.expr:
    """The expression of a text, checked, with comparisons as numbers and definitions inlined."""
    expr = expressions.parse(text)
    expressions.require_known(text, expr, {*rule.place, *known})
    _check_reductions(rule, text, expr, known)
    expr = expressions.substitute(expressions.numbers(expr), known)
    expressions.require_bounded(text, expr)
    return expr


def _check_reductions(rule: Declared, text: str, expr: ast.expr, known: Mapping[str, ast.expr]) -> None:
    """A function of a population needs something that its neurons differ in."""
    for node in ast.walk(expr):
        if isinstance(node, ast.Call) and node.func.id in expressions.REDUCTIONS:
            read = expressions.names(expressions.substitute(node, known))
            if all(rule.place[name] == "global" for name in read):
                raise LanguageError(f"{quoted(text)}: {node.func.id} runs over a population, but what it is given is "
                                    "the same for all of its neurons")


def efficacy_of(rule: Declared) -> ast.expr | None:
    """`efficacy`, definitions inlined; None where a spike transmits its weight."""
    if not rule.efficacy:
        return None
    return _inlined(rule, rule.efficacy, definitions(rule))


def check_efficacy(rule: Declared) -> None:
    """One value goes to all synapses, so it may read presynaptic variables alone, and these change by themselves."""
    if rule.efficacy_expr is None:
        return
    wrong = sorted(expressions.names(rule.efficacy_expr) - {*rule.pre, *rule.constants})
    if wrong or expressions.calls(rule.efficacy_expr) & expressions.PRIMITIVES:
        raise LanguageError(f"efficacy={quoted(rule.efficacy)} reads {', '.join(wrong) or 'a primitive'}: it may read "
                            "presynaptic variables and parameters only, as one value goes to all synapses")
    others = sorted({line.target for lines in rule.statements.values() for line in lines if line.place != "pre"})
    if others or rule.reads or rule.signals:
        raise LanguageError(f"a rule with an efficacy changes presynaptic variables alone, by themselves; "
                            f"this one has {', '.join([*others, *rule.reads, *rule.signals])}")


def _statement(rule: Declared, event: str, own: str | None, target: str, text: str, known: Mapping[str, ast.expr],
               delayed: dict[str, tuple[str, float]]) -> Statement:
    kind = "increment" if own else "assign"
    derivative = _DERIVATIVE.fullmatch(target)
    if derivative and not own:
        target, kind = derivative.group(1), "rate"
    place = _place_of_target(rule, event, own, target)
    expr = _inlined(rule, text, known)
    if "noise" in expressions.names(expr) and kind != "rate":
        raise LanguageError(f"{quoted(text)} reads noise, which means something only in a rate dX/dt of on_step")
    if own and expressions.calls(expr) & expressions.PRIMITIVES:
        raise LanguageError(f"{quoted(text)} in {event}: {', '.join(expressions.PRIMITIVES)} belong into on_step")
    _check_reads(rule, event, target, place, text, expr)
    return Statement(target, place, kind, text,
                     expressions.rewrite(expr, lambda node: _delayed(rule, text, node, delayed)))


def _place_of_target(rule: Declared, event: str, own: str | None, target: str) -> str:
    if target != "w" and target not in rule.variables:
        raise LanguageError(f"{event} changes {quoted(target)}, which is not w or a variable of this rule "
                            f"(known: {', '.join(['w', *rule.variables])})")
    place = "syn" if target == "w" else rule.place[target]
    if own and place not in ("syn", own):
        raise LanguageError(f"{event} changes {target!r}, which lives on the other neuron; only w, syn and {own} "
                            f"variables can change at this event")
    return place


def _check_reads(rule: Declared, event: str, target: str, place: str, text: str, expr: ast.expr) -> None:
    if place == "syn":
        return
    for name in expressions.names(expr):
        if rule.place[name] not in (place, "global"):
            raise LanguageError(f"{event}: {target!r} has one value per {place}synaptic neuron, so {quoted(text)} "
                                f"cannot read {name!r}, which lives in {rule.place[name]}; make {target!r} a syn "
                                "variable")


def _delayed(rule: Declared, text: str, node: ast.expr, aliases: dict[str, tuple[str, float]]) -> ast.expr | None:
    """delayed(v, tau) becomes a name of its own, which does not depend on the value of tau."""
    if not (isinstance(node, ast.Call) and node.func.id == "delayed"):
        return None
    variable, tau = node.args
    if not isinstance(variable, ast.Name) or variable.id not in {**rule.reads, **rule.signals}:
        raise LanguageError(f"{quoted(text)}: the first argument of delayed must be a name of reads or signals")
    if not expressions.names(tau) <= {*rule.params}:
        raise LanguageError(f"{quoted(text)}: the second argument of delayed must be a constant time (s)")
    delay = float(expressions.evaluate(tau, dict(rule.params)))
    if not 0 <= delay < math.inf:
        raise LanguageError(f"{quoted(text)}: the second argument of delayed must be a finite time of at least 0 (s), "
                            f"got {delay!r}")
    copy = variable.id, delay
    alias = next((name for name, known in aliases.items() if known == copy), f"{variable.id}_delayed_{len(aliases)}")
    aliases[alias] = copy
    return ast.Name(id=alias, ctx=ast.Load())
