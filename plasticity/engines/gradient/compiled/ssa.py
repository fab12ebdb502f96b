"""Assignments of one neuron in static single assignment form, each name once, and the same run backwards."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from plasticity.engines.gradient.compiled.derivative import derivative
from plasticity.engines.gradient.compiled.support import FUNCTIONS
from plasticity.language import expressions
from plasticity.language.constants import Constants


@dataclass(frozen=True)
class SsaAssignment:
    """name = expr, over names before it. choice: (condition, other name): `other` where the condition is not met."""

    name: str
    expr: ast.expr
    choice: tuple[str, str] | None = None

    @property
    def reads(self) -> frozenset[str]:
        return expressions.names(self.expr) | ({self.choice[1]} if self.choice else frozenset())


def to_ssa(assignments: Iterable, rewrite: Callable[[ast.expr], ast.expr], names: Mapping[str, str], prefix: str,
           gate: Mapping[str, str] | None = None) -> tuple[list[SsaAssignment], dict[str, str]]:
    """The assignments over `names` {variable: name}, and the variables' names after them.

    prefix: begins every new name. gate: {variable: condition under which it moves}.
    """
    now, ssa, temporary = dict(names), [], {}
    for number, line in enumerate(assignments):
        seen = {**temporary, **now}
        expr = expressions.substitute(rewrite(line.expr), {old: ast.Name(new, ast.Load()) for old, new in seen.items()})
        name = f"{prefix}{number}_{line.target}"
        condition = (gate or {}).get(line.target) if line.target in now else None
        ssa.append(SsaAssignment(name, expr, (condition, now[line.target]) if condition else None))
        (now if line.target in now else temporary)[line.target] = name
    return ssa, now


def merged(condition: str, met: Mapping[str, str], other: Mapping[str, str],
           prefix: str) -> tuple[list[SsaAssignment], dict]:
    """`met` where the condition holds, else `other`, for the variables in which they differ."""
    chosen = [SsaAssignment(f"{prefix}{name}", ast.Name(met[name], ast.Load()), (condition, other[name]))
              for name in met if met[name] != other[name]]
    return chosen, {**met, **{line.name.removeprefix(prefix): line.name for line in chosen}}


class Printer:
    """Prints expressions for the program; constants become the elements of one array, taken out once per call."""

    def __init__(self, constants: Mapping[str, float], psi: ast.expr):
        self.values, self.constants, self.psi = constants, Constants(constants, prefix="k"), psi

    def text(self, expr: ast.expr) -> str:
        """psi: what `slope(u)` stands for."""
        pulled = self.constants.pull(expressions.rewrite(expr, self._plain))
        return expressions.render(expressions.rewrite(pulled, _called))

    def _plain(self, node: ast.expr) -> ast.expr | None:
        """`int(u)` is u, as conditions are numbers already; `slope(u)` is the surrogate's."""
        match node:
            case ast.Call(func=ast.Name(id="int"), args=[argument]):
                return expressions.rewrite(argument, self._plain)
            case ast.Call(func=ast.Name(id="slope"), args=[argument]):
                return expressions.substitute(self.psi, {"u": expressions.rewrite(argument, self._plain)})
        return None

    def forwards(self, assignments: Iterable[SsaAssignment]) -> list[str]:
        return [f"{line.name} = {self._chosen(self.text(line.expr), line.choice)}" for line in assignments]

    @staticmethod
    def _chosen(text: str, choice: tuple[str, str] | None) -> str:
        return f"{text} if {choice[0]} else {choice[1]}" if choice else text

    def backwards(self, assignments: Iterable[SsaAssignment], active: frozenset[str], prefix: str,
                  cotangents: set[str]) -> list[str]:
        """Statements that pass the credit of names on to what they are functions of.

        cotangents: names that have one, as a local `prefix` + name; gains those that get one. active: names that may.
        """
        statements = []
        for line in reversed(list(assignments)):
            if line.name not in cotangents:
                continue
            cotangent = f"{prefix}{line.name}"
            if line.choice:
                condition, other = line.choice
                statements += self._add(prefix, other, f"zero if {condition} else {cotangent}", active, cotangents)
                statements.append(f"{cotangent} = {cotangent} if {condition} else zero")
            for name in sorted(expressions.names(line.expr) & active):
                slope = derivative(line.expr, name)
                if slope is not None:
                    statements += self._add(prefix, name, self.scaled(cotangent, slope), active, cotangents)
        return statements

    def scaled(self, cotangent: str, slope: ast.expr) -> str:
        if isinstance(slope, ast.Constant) and slope.value == 1:
            return cotangent
        return f"{cotangent} * ({self.text(slope)})"

    @staticmethod
    def _add(prefix: str, name: str, text: str, active: frozenset[str], cotangents: set[str]) -> list[str]:
        if name not in active:
            return []
        before = f"{prefix}{name} + " if name in cotangents else ""
        cotangents.add(name)
        return [f"{prefix}{name} = {before}({text})"]


def reads_of_slopes(assignments: Iterable[SsaAssignment], active: frozenset[str]) -> frozenset[str]:
    """The names that running the assignments backwards looks up."""
    read = set()
    for line in assignments:
        for name in expressions.names(line.expr) & active if line.name in active else ():
            slope = derivative(line.expr, name)
            read |= expressions.names(slope) if slope is not None else set()
    return frozenset(read)


def activity(assignments: Iterable[SsaAssignment], active: Iterable[str]) -> frozenset[str]:
    """The names that credit may pass, from those `active` at the beginning."""
    passing = set(active)
    for line in assignments:
        smooth = any(derivative(line.expr, name) is not None for name in expressions.names(line.expr) & passing)
        if smooth or (line.choice and line.choice[1] in passing):
            passing.add(line.name)
    return frozenset(passing)


def needed(assignments: Iterable[SsaAssignment], wanted: Iterable[str]) -> list[SsaAssignment]:
    """The assignments that `wanted` depend on."""
    kept, names = [], set(wanted)
    for line in reversed(list(assignments)):
        if line.name in names:
            names |= line.reads
            kept.append(line)
    return kept[::-1]


def _called(node: ast.expr) -> ast.expr | None:
    """Functions by the names they have in the program; conditions inside arithmetic as numbers."""
    if isinstance(node, ast.Call) and node.func.id == "where":
        condition, met, otherwise = node.args
        return ast.IfExp(test=_condition(condition), body=expressions.rewrite(met, _called),
                         orelse=expressions.rewrite(otherwise, _called))
    if isinstance(node, ast.Call):
        name, more = FUNCTIONS[node.func.id]
        return _call(name, [*(expressions.rewrite(argument, _called) for argument in node.args)], more)
    if _is_condition(node):
        return _call("truth", [_condition(node)], ("one", "zero"))
    return None


def _call(name: str, args: list[ast.expr], more: Iterable[str]) -> ast.expr:
    return ast.Call(func=ast.Name(name, ast.Load()), args=[*args, *(ast.Name(extra, ast.Load()) for extra in more)],
                    keywords=[])


def _is_condition(node: ast.expr) -> bool:
    negated = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return negated or isinstance(node, ast.Compare | ast.BoolOp)


def _condition(node: ast.expr) -> ast.expr:
    match node:
        case ast.Compare(left=left, ops=ops, comparators=[right]):
            return ast.Compare(left=expressions.rewrite(left, _called), ops=ops,
                               comparators=[expressions.rewrite(right, _called)])
        case ast.BoolOp(op=op, values=values):
            return ast.BoolOp(op=op, values=[_condition(value) for value in values])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return ast.UnaryOp(op=ast.Not(), operand=_condition(operand))
        case _:
            return ast.Compare(left=expressions.rewrite(node, _called), ops=[ast.NotEq()],
                               comparators=[ast.Name("zero", ast.Load())])
