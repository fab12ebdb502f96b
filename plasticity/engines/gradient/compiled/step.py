"""One step of a population as assignments, in the order of `plasticity.engines.gradient.stepping`.

Names by stage: S__ values at the start (the end of the last step), B__ after a reset that was due, A__ after the
equations (as the threshold sees them), u the distance above threshold, C__ with what arrived, E__ at the end.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from plasticity.engines.gradient.cells import as_step, margin_of
from plasticity.engines.gradient.compiled.ssa import Printer, SsaAssignment, activity, merged, to_ssa
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

    drives, straight_through: variables that receive from outside, and over which credit returns within the step only.
    records: variables that are recorded. refractory: whether there are refractory steps.
    """

    neuron: Neuron
    dt: float
    refractory: bool
    surrogate: Surrogate
    paths: Paths
    drives: tuple[str, ...]
    straight_through: tuple[str, ...]
    loops: tuple[Loop, ...]
    records: tuple[str, ...]

    @property
    def received(self) -> tuple[str, ...]:
        """Variables that anything arrives at, in the neuron's order."""
        onto = {*self.drives, *self.straight_through, *(loop.onto for loop in self.loops)}
        return tuple(name for name in self.neuron.variables if name in onto)


class Step:
    """The assignments of a shape, and which of their names carry credit."""

    def __init__(self, shape: Shape):
        self.shape, self.neuron = shape, shape.neuron
        gate = self.neuron.gated if shape.refractory else frozenset()
        self.psi = _inner(shape.surrogate)
        self.printer = Printer({**self.neuron.constants, "dt": shape.dt,
                                **{f"psi__{name}": value for name, value in shape.surrogate.params.items()}}, self.psi)
        self.at_start = {name: f"S__{name}" for name in self.neuron.variables}
        due = self._reset(self.at_start, "was", "B__") if self.neuron.reset_delay else ([], self.at_start, {})
        self.due, self.after_due_reset, self.due_jump = due
        self.moving, self.at_threshold = self._integrated(gate)
        margin, self.strict = margin_of(self.neuron)
        self.firing = [SsaAssignment("u", self._named(margin, self.at_threshold))]
        if self.neuron.output_expr is not None:
            self.firing.append(SsaAssignment("out", self._named(self.neuron.output_expr, self.at_threshold)))
        self.receiving, self.after_arrivals = self._received(gate)
        self.resetting, self.at_end, self.jump = ([], self.after_arrivals, {}) if self.neuron.reset_delay else (
            self._reset(self.after_arrivals, "hit", "E__"))

    def _expr(self, expr: ast.expr) -> ast.expr:
        inlined = self.neuron.inlined(expr)
        return expressions.rewrite(inlined, as_step) if self.neuron.update and self.shape.paths.reset else inlined

    def _named(self, expr: ast.expr, names: Mapping[str, str]) -> ast.expr:
        return expressions.substitute(self._expr(expr), {old: ast.Name(new, ast.Load()) for old, new in names.items()})

    def _reset(self, names: Mapping[str, str], condition: str, prefix: str) -> tuple[list[SsaAssignment], dict, dict]:
        """Assignments of the reset, names after it, and {variable: name as the reset alone makes it}."""
        lines, jumped = to_ssa(self.neuron.at_reset, self._expr, names, "J")
        chosen, after = merged(condition, jumped, names, prefix)
        return lines + chosen, after, {name: jumped[name] for name in names if jumped[name] != names[name]}

    def _integrated(self, gate: Iterable[str]) -> tuple[list[SsaAssignment], dict[str, str]]:
        before, moves = self.after_due_reset, dict.fromkeys(gate, "free")
        lines, names = to_ssa(discretise(self.neuron), self._expr, before, "M", moves)
        clamped = discretise_held(self.neuron) if gate else ()
        if not clamped:
            return lines, names
        still, clamped_names = to_ssa(clamped, self._expr, before, "H")
        chosen, names = merged("free", names, clamped_names, "A__")
        return lines + still + chosen, names

    def _received(self, gate: frozenset[str]) -> tuple[list[SsaAssignment], dict[str, str]]:
        sums = []
        for name in self.shape.received:
            before = self.at_threshold[name]
            total = ast.BinOp(ast.Name(before, ast.Load()), ast.Add(), ast.Name(f"in__{name}", ast.Load()))
            sums.append(SsaAssignment(f"C__{name}", total, ("open", before) if name in gate else None))
        return sums, {**self.at_threshold, **{name: f"C__{name}" for name in self.shape.received}}

    @property
    def drawing(self) -> list[str]:
        """Statements of the program that draw the random numbers of sample b in step t, a row for each name."""
        return [f"draw({name}, keys, {call}, t, np.int64(sample + b) * n, {kind.normal}, {kind.off!r})"
                for call, (name, kind) in enumerate(self.neuron.drawn.items())]

    @property
    def drawn_rows(self) -> list[str]:
        """Statements that make these rows."""
        return [f"{name} = np.empty(n, transmitted.dtype)" for name in self.neuron.drawn]

    @property
    def drawn_from(self) -> list[str]:
        """Arguments of a program that draws."""
        return ["keys", "sample"] if self.neuron.drawn else []

    @property
    def assignments(self) -> list[SsaAssignment]:
        return [*self.due, *self.moving, *self.firing, *self.receiving, *self.resetting]

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
        after = self.after_due_reset if self.neuron.reset_delay else self.at_end
        begin = {f"in__{name}" for name in self.shape.received} | {after[name] for name in self.credited}
        while True:
            passing = activity(self.assignments, begin)
            more = {self.at_start[name] for name in self.at_start if self.at_end[name] in passing} - begin
            if not more:
                return passing
            begin |= more


def _inner(surrogate: Surrogate) -> ast.expr:
    """psi as an expression of u, its parameters under names of their own."""
    return expressions.substitute(expressions.parse(surrogate.text, expressions.NEURON_FUNCTIONS), {
        name: ast.Name(f"psi__{name}", ast.Load()) for name in surrogate.params})
