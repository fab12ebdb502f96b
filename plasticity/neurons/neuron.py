"""A neuron is data: Brian2 equations (or a discrete map), a threshold, a reset, a refractory period.

One step on every engine (Brian2's schedule): signals are written; with reset_delay=1, neurons that spiked in the last
step are reset; integrate what arrived up to the previous step; spike where the threshold condition holds and the neuron
is not refractory; receive this step's synaptic input; reset, then adapt.
A variable marked `(unless refractory)` is held, and takes no synaptic input, from the spike until `refractory` is over:
a neuron that spiked in step t may spike again in step t + round(refractory/dt).
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Annotated

from plasticity._utils.keeping import Kept
from plasticity._utils.ranges import DELAY, FINITE, SECONDS, require
from plasticity._utils.seconds import warn_of_milliseconds
from plasticity._utils.texts import require_short
from plasticity._utils.typed import require_fields
from plasticity.errors import LanguageError, PlasticityError, choice, quoted
from plasticity.language import draws, expressions
from plasticity.neurons.units import UNITS, si

_EQUATION = re.compile(r"(?:d(?P<rate>\w+)/dt|(?P<name>\w+))\s*(?:=(?P<text>[^:]+))?:(?P<unit>[\w*/ .-]+)"
                       r"(?:\((?P<flags>[\w ,]+)\))?")
_ASSIGNMENT = re.compile(r"(?P<name>\w+)\s*(?P<op>[-+*/]?=)(?P<text>[^=].*)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: what no variable or parameter of a neuron can be called
RESERVED = frozenset({*UNITS, *expressions.NEURON_FUNCTIONS, *expressions.RANDOM, *keyword.kwlist, "dt", "t", "i", "N",
                      "xi"})
METHODS = ("exact", "exponential_euler", "euler", "rk2", "rk4")


@dataclass(frozen=True)
class Equation:
    """One line of a model: kind is "ode", "subexpression" or "parameter"."""

    name: str
    kind: str
    text: str
    unit: str
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assignment:
    """target = expr, checked."""

    target: str
    expr: ast.expr = field(compare=False, repr=False)


def statements(text: str, random: bool = False) -> tuple[Assignment, ...]:
    """The assignments of a text like "v = v_reset; theta += theta_plus". random: whether they may draw numbers."""
    assignments, functions = [], expressions.NEURON_FUNCTIONS | (expressions.RANDOM if random else frozenset())
    for line in filter(None, map(str.strip, re.split(r"[;\n]", text))):
        match = _ASSIGNMENT.fullmatch(line)
        if not match:
            raise LanguageError(f"{quoted(line)} is not an assignment; write 'v = v_reset' or 'v -= threshold'")
        expr = expressions.parse(match["text"], functions, logic=True)
        if match["op"] != "=":
            combined = expressions.parse(f"{match['name']} {match['op'][0]} _rhs", expressions.NEURON_FUNCTIONS)
            expr = expressions.substitute(combined, {"_rhs": expr})
        assignments.append(Assignment(match["name"], expr))
    return tuple(assignments)


@dataclass(frozen=True)
class Neuron(Kept):
    """A point neuron.

    equations: Brian2 equations with units, one per line ("dv/dt = (v_rest - v)/tau : volt (unless refractory)");
        `name : unit` declares a variable that inputs, signals or initial values set.
    update: for a discrete map instead of differential equations: assignments made each step (may read `dt`). They and
        `output` may draw numbers, see `plasticity.language.draws`.
    threshold: condition for a spike. reset: assignments at a spike.
    refractory: seconds during which no further spike can occur (0: none).
    method: how Brian2 discretises: exact, exponential_euler, euler, rk2, rk4.
    params: name -> SI number (dimensionless) or text with unit ("20*ms").
    initial: variable -> text or number at the start of a presentation (else 0).
    adapt: assignments at a spike that are learning (a homeostatic threshold): left out when learning is off.
    slow: variables that live on between presentations and are frozen when learning is off (the theta of Diehl & Cook).
    reset_delay: 0 for a reset at the end of the spike's own step, 1 for one at the start of the next step (before
        integration), as in Bellec et al. 2020.
    output: graded output expression instead of the spike (for maps and rate units); empty for the spike.

    Raises LanguageError for texts outside the language; Brian2 checks units when the neuron is first discretised.
    """

    equations: str = ""
    threshold: str = "v > 1"
    reset: str = ""
    refractory: Annotated[float, DELAY] = 0.0
    method: str = "exact"
    params: Mapping[str, float | str] = field(default_factory=dict)
    initial: Mapping[str, float | str] = field(default_factory=dict)
    adapt: str = ""
    slow: tuple[str, ...] = ()
    update: str = ""
    reset_delay: int = 0
    output: str = ""
    name: str = "neuron"
    source: str = ""

    def __post_init__(self):
        require_fields(self)
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))
        object.__setattr__(self, "initial", MappingProxyType(dict(self.initial)))
        choice("method", self.method, METHODS)
        if self.reset_delay not in (0, 1):
            raise PlasticityError(f"reset_delay must be 0 or 1 steps, got {self.reset_delay!r}")
        self._check_names()
        known = {*self.variables, *self.constants, *self.subexpressions, *self.drawn, "dt"}
        for text, expr in self._texts():
            expressions.require_known(text, expr, known)
            expressions.require_bounded(text, self.inlined(expr))
        self._check_values()

    def _check_names(self) -> None:
        for text in (self.equations, self.update, self.reset, self.adapt):
            require_short(text, "a text of a neuron", LanguageError)
        lines = [equation.name for equation in self.model]
        for name in (*lines, *self.variables, *self.params):
            if not _NAME.fullmatch(name) or name in RESERVED or name.startswith(draws.PREFIX):
                raise LanguageError(f"{quoted(name)} of neuron {self.name!r} cannot be a name: use letters, digits and "
                                    "_, starting with a letter, and no unit, function or word of Python")
            if lines.count(name) > 1 or (name in self.params and name in (*lines, *self.variables)):
                raise LanguageError(f"{name!r} of neuron {self.name!r} is given twice")
        targets = [line.target for line in (*self.at_reset, *self.at_adapt)]
        for name in (*self.slow, *self.initial, *targets):
            if name not in self.variables:
                raise LanguageError(f"{quoted(name)} is not a variable of the neuron (known: "
                                    f"{', '.join(self.variables)})")

    def _check_values(self) -> None:
        """First values have to be numbers, time constants positive, and a threshold has to say when."""
        require(FINITE, **{f"initial[{name!r}] of neuron {self.name!r}": value for name, value in self.start.items()})
        named = {name: f"{name} of neuron {self.name!r}" for name in (*self.time_constants, "refractory")}
        require(SECONDS, **{named[name]: self.constants[name] for name in self.time_constants})
        warn_of_milliseconds(9.99, **{named[name]: self.constants[name] for name in self.time_constants
                                      if name not in self._slow_constants})
        warn_of_milliseconds(1.0, **{named["refractory"]: self.refractory})
        if not expressions.names(self.inlined(self.threshold_expr)) & {*self.variables}:
            raise LanguageError(f"threshold={quoted(self.threshold)} of neuron {self.name!r} reads no variable of the "
                                "neuron, so that it would spike in every step or never; write a condition as 'v > 1'")

    def __hash__(self) -> int:
        return hash((self.equations, self.update, self.threshold, self.reset, self.adapt, self.method, self.refractory))

    def __reduce__(self):
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return _rebuild, ({k: dict(v) if isinstance(v, Mapping) else v for k, v in fields.items()},)

    def _texts(self):
        yield self.threshold, self.threshold_expr
        for text, lines in ((self.reset, self.at_reset), (self.adapt, self.at_adapt), (self.update, self.moves)):
            for line in lines:
                yield text, line.expr
        if self.output:
            yield self.output, self.output_expr
        for equation in self.model:
            if equation.text:
                yield equation.text, expressions.parse(equation.text, expressions.NEURON_FUNCTIONS, logic=True)

    @cached_property
    def model(self) -> tuple[Equation, ...]:
        """The lines of `equations`."""
        lines = []
        for line in self.equations.splitlines():
            stripped = line.split("#")[0].strip()
            if not stripped:
                continue
            match = _EQUATION.fullmatch(stripped)
            if not match or not match["unit"].strip():
                raise LanguageError(f"{quoted(stripped)} is not an equation; write 'dv/dt = ... : volt', "
                                    "'name = ... : unit' or 'name : unit'")
            kind = "ode" if match["rate"] else "subexpression" if match["text"] else "parameter"
            flags = tuple(flag.strip() for flag in (match["flags"] or "").split(",") if flag.strip())
            lines.append(Equation(match["rate"] or match["name"], kind, (match["text"] or "").strip(),
                                  match["unit"].strip(), flags))
        return tuple(lines)

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """State variables, in the order of the equations."""
        mapped = [line.target for line in statements(self.update, random=True)]
        return tuple(dict.fromkeys([eq.name for eq in self.model if eq.kind != "subexpression"] + mapped))

    @cached_property
    def gated(self) -> frozenset[str]:
        """Variables that are held while the neuron is refractory."""
        return frozenset(eq.name for eq in self.model if "unless refractory" in eq.flags)

    @cached_property
    def subexpressions(self) -> Mapping[str, ast.expr]:
        """name -> expression over variables and constants."""
        done: dict[str, ast.expr] = {}
        for eq in self.model:
            if eq.kind == "subexpression":
                expr = expressions.parse(eq.text, expressions.NEURON_FUNCTIONS, logic=True)
                expressions.require_known(eq.text, expr, {*self.variables, *self.constants, *done, "dt"})
                done[eq.name] = expressions.substitute(expr, done)
                expressions.require_bounded(eq.text, done[eq.name])
        return done

    @cached_property
    def constants(self) -> Mapping[str, float]:
        """Parameters and units as SI numbers."""
        return {**UNITS, **{name: si(value) for name, value in self.params.items()}}

    @property
    def time_constants(self) -> tuple[str, ...]:
        """Parameters that are time constants, as their names say: tau, tau_m, ..."""
        return tuple(name for name in self.params if name.partition("_")[0] == "tau")

    @property
    def _slow_constants(self) -> frozenset[str]:
        """What the equations of slow variables read."""
        texts = [eq.text for eq in self.model if eq.name in self.slow] + [
            expressions.render(line.expr) for line in self.moves if line.target in self.slow]
        parsed = (expressions.parse(text, expressions.NEURON_FUNCTIONS, logic=True) for text in texts if text)
        return frozenset().union(*map(expressions.names, parsed))

    @cached_property
    def start(self) -> Mapping[str, float]:
        """variable -> value at the start of a presentation (SI)."""
        values = {}
        for name in self.variables:
            value = self.initial.get(name, 0.0)
            values[name] = (expressions.number_of(value, self.constants, expressions.NEURON_FUNCTIONS)
                            if isinstance(value, str) else float(value))
        return values

    @cached_property
    def threshold_expr(self) -> ast.expr:
        return expressions.parse(self.threshold, expressions.NEURON_FUNCTIONS, logic=True)

    def inlined(self, expr: ast.expr) -> ast.expr:
        """`expr` with subexpressions replaced by what they stand for."""
        return expressions.substitute(expr, self.subexpressions)

    @cached_property
    def at_reset(self) -> tuple[Assignment, ...]:
        return statements(self.reset)

    @cached_property
    def at_adapt(self) -> tuple[Assignment, ...]:
        return statements(self.adapt)

    @cached_property
    def _with_draws(self) -> tuple[tuple[Assignment, ...], ast.expr | None, Mapping[str, draws.Kind]]:
        """`update` and `output` with names in place of random numbers, and what these names are."""
        drawn: dict[str, draws.Kind] = {}
        moves = tuple(Assignment(line.target, draws.named(line.expr, drawn, self.constants))
                      for line in statements(self.update, random=True))
        functions = expressions.NEURON_FUNCTIONS | (expressions.RANDOM if self.update else frozenset())
        sent = expressions.parse(self.output, functions, logic=True) if self.output else None
        return moves, sent and draws.named(sent, drawn, self.constants), MappingProxyType(drawn)

    @property
    def moves(self) -> tuple[Assignment, ...]:
        """The assignments of `update`, with names in place of random numbers."""
        return self._with_draws[0]

    @property
    def output_expr(self) -> ast.expr | None:
        """`output`, with names in place of random numbers; None where the spike is sent."""
        return self._with_draws[1]

    @property
    def drawn(self) -> Mapping[str, draws.Kind]:
        """name -> the random function whose number it is, in every step anew for each neuron."""
        return self._with_draws[2]

    def with_(self, **changes) -> Neuron:
        """A copy with fields replaced; `params` are merged into the present ones."""
        if "params" in changes:
            changes["params"] = {**self.params, **changes["params"]}
        return replace(self, **changes)


def _rebuild(fields: dict) -> Neuron:
    return Neuron(**fields)
