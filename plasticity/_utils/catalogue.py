"""Catalogue entries with options as one text: "pair_stdp" or "pair_stdp(a_plus=0.02, pairing=nearest)"."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from plasticity.errors import PlasticityError, unknown

if TYPE_CHECKING:
    from plasticity.language.rule import Rule


def parse(text: str, what: str = "a name") -> tuple[str, dict[str, object]]:
    """Name and options of an entry. Values are numbers, True, False, None, quoted texts or bare words.

    >>> parse("diehl_cook(variant=released, w_max=0.5)")
    ('diehl_cook', {'variant': 'released', 'w_max': 0.5})

    Raises PlasticityError for anything else, calling it `what`; nothing is evaluated.
    """
    if not isinstance(text, str):
        raise PlasticityError(f"{what} must be a text, NAME or NAME(option=value, ...), got {text!r}")
    name, bracket, inside = text.partition("(")
    if not bracket:
        return text, {}
    try:
        call = ast.parse(f"f({inside}", mode="eval").body
        if not isinstance(call, ast.Call) or call.args or not all(keyword.arg for keyword in call.keywords):
            raise ValueError("options are name=value")
        return name.strip(), {keyword.arg: _value(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError) as error:
        reason = getattr(error, "msg", error)
        raise PlasticityError(f"cannot read {text!r} ({reason}); write NAME or NAME(option=value, ...)") from None


def made(kind: str, catalogue: Mapping[str, Callable], name: str, options: Mapping[str, object]):
    """The entry `name` of a catalogue of functions, called with its options ("pair-stdp" is "pair_stdp").

    Raises PlasticityError for an unknown name, with the nearest match, and for an option the entry does not have.
    """
    found = catalogue.get(name.replace("-", "_"))
    if found is None:
        raise unknown(kind, name, catalogue)
    try:
        return found(**options)
    except TypeError as error:
        raise PlasticityError(f"{kind} {name!r}: {error}") from None


def rule_of(rule: str | Rule | None) -> Rule | None:
    """A rule of the catalogue, by its name with or without options; a Rule or None as it is."""
    from plasticity import rules
    from plasticity.language.rule import Rule

    if rule is None or isinstance(rule, Rule):
        return rule
    name, options = parse(rule, "rule, if no Rule,")
    return rules.make(name, **options)


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.Name):
        return node.id
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"{ast.unparse(node)!r} is not a number, a text or a word") from None
