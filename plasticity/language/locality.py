"""How local a rule is: what its changes depend on, and what it keeps while it learns."""

from __future__ import annotations

import ast

from plasticity.language import expressions
from plasticity.language.statements import Declared, Statement


def information(rule: Declared) -> dict[str, tuple[str, ...]]:
    """event -> the kinds of information its change uses."""
    names = {event: frozenset().union(*(expressions.names(line.expr) for line in lines))
             for event, lines in rule.statements.items()}
    return {event: tuple(sorted({_kind(rule, name) for name in read} - {""})) for event, read in names.items()}


def _kind(rule: Declared, name: str) -> str:
    if name in ("w",):
        return "weight"
    if name in rule.pre or name in rule.post:
        return f"{rule.place[name]}synaptic trace"
    if name in rule.syn:
        return "synaptic state"
    if name in rule.reads:
        return f"{rule.reads[name]}synaptic variable {name}"
    if name in rule.signals:
        return f"third factor {name} ({rule.signals[name]})"
    return "noise" if name == "noise" else ""


def needs(rule: Declared) -> tuple[str, ...]:
    """What a change of the weight depends on, in the words of `plasticity.rules.NEEDS`."""
    lines = [line for lines in rule.statements.values() for line in lines]
    read = frozenset().union(*map(_depends_on, lines))
    rates = {name: name.rpartition("_")[2] for name in rule.reads}
    own = {name for name in rule.reads if rule.reads[name] == "post" and rates[name] != "post"}
    kinds = {"pre": {name for name in rule.place if rule.place[name] == "pre"} - {*rule.signals},
             "post": {name for name in rule.place if rule.place[name] == "post"} - {*rule.signals} - own,
             "weight": {"w"}, "own voltage": own, "third factor": {*rule.signals}, "past": {*rule.syn}}
    needed = [kind for kind, names in kinds.items() if names & read]
    if any(expressions.calls(line.expr) & expressions.REDUCTIONS for line in lines):
        needed.insert(sum(kind in needed for kind in ("pre", "post", "weight", "own voltage")), "other neurons")
    return tuple(needed)


def _depends_on(line: Statement) -> frozenset[str]:
    """The names that a change depends on; "w + change" does not depend on w itself."""
    terms = [term for term in expressions.sum_terms(line.expr) if ast.unparse(term) != line.target]
    return frozenset().union(*map(expressions.names, terms))


def memory(rule: Declared) -> str:
    """What is kept while a rule learns: values per neuron and synapse, whatever the number of steps."""
    counts = ((len(rule.pre), "pre"), (len(rule.post), "post"), (len(rule.syn), "synapse"))
    kept = [f"{count} per {place}" for count, place in counts if count]
    return f"{', '.join(kept) or 'nothing but weights'}; O(1) in T"
