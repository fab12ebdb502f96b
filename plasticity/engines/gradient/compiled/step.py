"""One step of a population as straight lines, in the order of `plasticity.engines.gradient.stepping`.

Names by stage: S values at the end of the last step, B after a reset that was due, A after the equations (as the
threshold sees them), u the distance above threshold, C with what arrived, E at the end of the step.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from plasticity.engines.gradient.cells import as_step, margin_of
from plasticity.engines.gradient.compiled.lines import Line, Scribe, activity, merged, straight
from plasticity.engines.gradient.surrogates import Surrogate
from plasticity.language import expressions
from plasticity.neurons.discretise import discretise, discretise_held
from plasticity.neurons.neuron import Neuron
from plasticity.rules.paths import Paths


@dataclass(frozen=True)
class Loop:
    """A projection of the population onto itself: variable it drives; credit "none", "dense" or "diagonal"."""

    onto: str
    credit: str


@dataclass(frozen=True)
class Shape:
    """What decides the text of a population's programs.

    drives, hints: variables that receive from outside, and over which credit returns within the step only.
    records: variables that are recorded. rest: whether there are refractory steps.
    """

    neuron: Neuron
    dt: float
    rest: bool
    surrogate: Surrogate
    paths: Paths
    drives: tuple[str, ...]
    hints: tuple[str, ...]
    loops: tuple[Loop, ...]
    records: tuple[str, ...]

    @property
    def received(self) -> tuple[str, ...]:
        """Variables that anything arrives at, in the neuron's order."""
        onto = {*self.drives, *self.hints, *(loop.onto for loop in self.loops)}
        return tuple(name for name in self.neuron.variables if name in onto)


class Step:
    """The lines of a shape, and which of their names carry credit."""

    def __init__(self, shape: Shape):
        self.shape, self.neuron = shape, shape.neuron
        gate = self.neuron.gated if shape.rest else frozenset()
        self.psi = _inner(shape.surrogate)
        self.scribe = Scribe({**self.neuron.constants, "dt": shape.dt,
                              **{f"psi__{name}": value for name, value in shape.surrogate.params.items()}}, self.psi)
        self.S = {name: f"S__{name}" for name in self.neuron.variables}
        due = self._reset(self.S, "was", "B__") if self.neuron.reset_delay else ([], self.S, {})
        self.due, self.B, self.due_jump = due
        self.moving, self.A = self._integrated(gate)
        margin, self.strict = margin_of(self.neuron)
        self.sight = [Line("u", self._named(margin, self.A))]
        if self.neuron.output:
            output = expressions.parse(self.neuron.output, expressions.NEURON_FUNCTIONS, logic=True)
            self.sight.append(Line("out", self._named(output, self.A)))
        self.receiving, self.C = self._received(gate)
        late = ([], self.C, {}) if self.neuron.reset_delay else self._reset(self.C, "hit", "E__")
        self.resetting, self.E, self.jump = late

    def _expr(self, expr: ast.expr) -> ast.expr:
        inlined = self.neuron.inlined(expr)
        return expressions.rewrite(inlined, as_step) if self.neuron.update and self.shape.paths.reset else inlined

    def _named(self, expr: ast.expr, names: Mapping[str, str]) -> ast.expr:
        return expressions.substitute(self._expr(expr), {old: ast.Name(new, ast.Load()) for old, new in names.items()})

    def _reset(self, names: Mapping[str, str], condition: str, mark: str) -> tuple[list[Line], dict, dict]:
        """Lines of the reset, names after it, and {variable: name as the reset alone makes it}."""
        lines, jumped = straight(self.neuron.at_reset, self._expr, names, "J")
        chosen, after = merged(condition, jumped, names, mark)
        return lines + chosen, after, {name: jumped[name] for name in names if jumped[name] != names[name]}

    def _integrated(self, gate: Iterable[str]) -> tuple[list[Line], dict[str, str]]:
        lines, names = straight(discretise(self.neuron), self._expr, self.B, "M", dict.fromkeys(gate, "free"))
        held = discretise_held(self.neuron) if gate else ()
        if not held:
            return lines, names
        still, kept = straight(held, self._expr, self.B, "H")
        chosen, names = merged("free", names, kept, "A__")
        return lines + still + chosen, names

    def _received(self, gate: frozenset[str]) -> tuple[list[Line], dict[str, str]]:
        lines = []
        for name in self.shape.received:
            total = ast.BinOp(ast.Name(self.A[name], ast.Load()), ast.Add(), ast.Name(f"in__{name}", ast.Load()))
            lines.append(Line(f"C__{name}", total, ("open", self.A[name]) if name in gate else None))
        return lines, {**self.A, **{name: f"C__{name}" for name in self.shape.received}}

    @property
    def lines(self) -> list[Line]:
        return [*self.due, *self.moving, *self.sight, *self.receiving, *self.resetting]

    @cached_property
    def credited(self) -> tuple[str, ...]:
        """Variables that a spike resets along an open path."""
        paths = self.shape.paths
        changed = self.due_jump or self.jump
        return tuple(name for name in changed
                     if (paths.reset if name == self.neuron.variables[0] else paths.adaptation))

    @cached_property
    def active(self) -> frozenset[str]:
        """Names that credit may pass."""
        after = self.B if self.neuron.reset_delay else self.E
        begin = {f"in__{name}" for name in self.shape.received} | {after[name] for name in self.credited}
        while True:
            found = activity(self.lines, begin)
            more = {self.S[name] for name in self.S if self.E[name] in found} - begin
            if not more:
                return found
            begin |= more


def _inner(surrogate: Surrogate) -> ast.expr:
    """psi as an expression of u, its parameters under names of their own."""
    return expressions.substitute(expressions.parse(surrogate.text, expressions.NEURON_FUNCTIONS), {
        name: ast.Name(f"psi__{name}", ast.Load()) for name in surrogate.params})
