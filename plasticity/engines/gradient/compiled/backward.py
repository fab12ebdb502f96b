"""The program that sends credit back through all steps of a batch: the exact adjoint of the forward program."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from plasticity.engines.gradient.compiled.body import Body, flushed
from plasticity.engines.gradient.compiled.lines import Line, needed, reads_of_slopes
from plasticity.engines.gradient.compiled.step import Step
from plasticity.language import expressions

SAMPLES = 4  # side by side where weights bring credit back (see add_products), so that these are read once for all


class Backward:
    """One step backwards: what resets and what arrived (`late`), then thresholds and equations (`early`).

    Credit goes by two marks: d_ along all open paths; f_, only with hints, from what a neuron sends to what arrived in
    the step before, and no further.
    """

    def __init__(self, step: Step):
        self.step, self.shape, self.scribe = step, step.shape, step.scribe
        self.late = [*step.receiving, *step.resetting]
        self.early = [*step.due, *step.moving, *step.sight]
        self.marks = ("d_", "f_") if step.shape.hints else ("d_",)
        self.loops = [k for k, loop in enumerate(step.shape.loops) if loop.credit != "none"]
        self.alive = [name for name in step.neuron.variables if {step.S[name], step.A[name]} & step.active]

    @property
    def delayed(self) -> bool:
        return bool(self.step.neuron.reset_delay)

    @property
    def spiking(self) -> bool:
        """Whether it matters who spiked, or nearly did."""
        return not self.step.neuron.output or bool(self.step.neuron.at_reset) or self.shape.rest

    def _change(self, name: str) -> ast.expr:
        """What a reset adds to a variable."""
        jumped, before = (self.step.due_jump, self.step.S) if self.delayed else (self.step.jump, self.step.C)
        return ast.BinOp(ast.Name(jumped[name], ast.Load()), ast.Sub(), ast.Name(before[name], ast.Load()))

    def _looked_up(self, lines: list[Line], resets: bool) -> tuple[list[str], list[Line]]:
        """Kept values that running `lines` backwards takes, and the lines that have to be computed again."""
        step = self.step
        leaves = {*step.S.values(), *step.A.values(), *step.C.values()}
        asked = set(reads_of_slopes(lines, step.active))
        for name in step.credited if resets else ():
            asked |= expressions.names(self._change(name))
        again = needed([line for line in [*self.early, *self.late] if line.name not in leaves], asked - leaves)
        return sorted((asked | {name for line in again for name in line.reads}) & leaves), again

    def kept(self) -> tuple[str, ...]:
        """Names whose values of every step the way back looks up."""
        found, _ = self._looked_up([*self.early, *self.late], True)
        return (*(["u"] if self.spiking else []), *(["free"] if self.shape.rest else []), *found)

    def bodies(self) -> list[Body]:
        """The loops over neurons; one if no credit returns over loops of projections, which needs all of `late`."""
        late = Body("late" if self.loops else "back")
        self._values(late, [*self.late, *([] if self.loops else self.early)], not self.delayed or not self.loops)
        bars = self._settle(late)
        if not self.loops:
            self._ahead(late, bars)
            return [late]
        for name in self.alive:
            place = self.step.A[name]
            late.store(f"d_of_{name}", f"d_of_{name}[s]", f"d_{place}" if place in bars["d_"] else "zero")
        early, bars = Body("early"), {mark: set() for mark in self.marks}
        self._values(early, self.early, self.delayed)
        for name in self.alive:
            early.load(f"d_{self.step.A[name]}", f"d_of_{name}", f"d_of_{name}[s]")
            bars["d_"].add(self.step.A[name])
        self._ahead(early, bars)
        return [late, early]

    def _values(self, body: Body, lines: list[Line], resets: bool) -> None:
        """Loads and computes again what the way back looks up."""
        names, again = self._looked_up(lines, resets)
        crossed = "u > zero" if self.step.strict else "u >= zero"
        if self.spiking:
            body.load("u", "kept_u", "kept_u[b, t]")
        if self.shape.rest:
            body.load("free", "kept_free", "kept_free[b, t]")
            body("free = free != 0", f"hit = {crossed} and free", "open = free and not hit")
        elif self.spiking:
            body(f"hit = {crossed}")
        if self.delayed and self.spiking:
            before = f"{body.row('before_u', 'kept_u[b, t - 1]')} {crossed[2:]}"
            rested = f" and {body.row('before_free', 'kept_free[b, t - 1]')} != 0" if self.shape.rest else ""
            body(f"was = {before}{rested}")
        for name in names:
            body.load(name, f"kept_{name}", f"kept_{name}[b, t]")
        body(*self.scribe.forwards(again))

    def _settle(self, body: Body) -> dict[str, set[str]]:
        """Back over the reset and what arrived."""
        step, bars = self.step, {}
        for mark in self.marks:
            bars[mark] = set()
            for name in self.alive:
                body.load(f"{mark}{step.E[name]}", f"{mark}of_{name}", f"{mark}of_{name}[s]")
                bars[mark].add(step.E[name])
            if mark == "d_" and not self.delayed and step.credited:
                self._credit_spike(body, step.E, "e")
                if self.loops:
                    body.store("e_", "e_[s]", "e")
            body(*self.scribe.backwards(self.late, step.active, mark, bars[mark]))
            for name in step.shape.received if mark == "d_" else step.shape.hints:
                got = f"in__{name}" in bars[mark]
                body.store(f"{mark}in_{name}", f"{mark}in_{name}[b, t]", f"{mark}in__{name}" if got else "zero")
            if mark == "f_" or not step.shape.paths.time:
                bars[mark] = set()
        return bars

    def _credit_spike(self, body: Body, after: dict[str, str], local: str) -> None:
        """Credit of the spike that made the reset, along the open paths."""
        body(f"{local} = " + " + ".join(f"d_{after[name]} * ({self.scribe.text(self._change(name))})"
                                        for name in self.step.credited))

    def _ahead(self, body: Body, bars: dict[str, set[str]]) -> None:
        """Back over threshold, output and equations, and a reset that was due."""
        step = self.step
        if self.spiking:
            psi = self.scribe.text(step.psi)
            body(f"psi = ({psi}) if free else zero" if self.shape.rest else f"psi = {psi}")
        body.load("sent", "d_sent", "d_sent[b, t]")
        heard = f" + {body.row('heard', 'heard[s]')}" if self.loops else ""
        own = "e" if step.credited else ""
        if step.credited and (self.delayed or self.loops):
            body.load("e", "e_", "e_[s]")
        for mark in self.marks:
            self._credit_sight(body, mark, bars[mark], own if mark == "d_" else "", heard if mark == "d_" else "")
            body(*self.scribe.backwards([*step.moving, *step.sight], step.active, mark, bars[mark]))
            if mark == "d_" and self.delayed and step.credited:
                for name in step.credited:
                    if step.B[name] not in bars[mark]:
                        body(f"d_{step.B[name]} = zero")
                        bars[mark].add(step.B[name])
                self._credit_spike(body, step.B, "due")
                body.store("e_", "e_[s]", "due")
            body(*self.scribe.backwards(step.due, step.active, mark, bars[mark]))
            for name in self.alive:
                place = flushed(f"{mark}{step.S[name]}") if step.S[name] in bars[mark] else "zero"
                body.store(f"{mark}of_{name}", f"{mark}of_{name}[s]", place)

    def _credit_sight(self, body: Body, mark: str, bars: set[str], own: str, heard: str) -> None:
        """Credit of spikes, graded outputs and records to what they are functions of."""
        if self.step.neuron.output:
            body(f"{mark}out = sent{heard}")
            bars.add("out")
            if own:
                body(f"{mark}u = psi * {own}")
                bars.add("u")
        else:
            body(f"{mark}u = psi * (sent{heard}{f' + {own}' if own else ''})")
            bars.add("u")
        for name in self.shape.records:
            place, seen = self.step.A[name], body.row(f"d_seen_{name}", f"d_seen_{name}[b, t]")
            if place in self.step.active:
                body(f"{mark}{place} = {f'{mark}{place} + ' if place in bars else ''}{seen}")
                bars.add(place)

    def arguments(self) -> list[str]:
        """The program's arguments, in order."""
        shape = self.shape
        return ["first", "last", "truncate", "c", "d_sent", *(f"kept_{name}" for name in self.kept()),
                *(f"d_seen_{name}" for name in shape.records), *(f"d_in_{name}" for name in shape.received),
                *(f"f_in_{name}" for name in shape.hints),
                *(argument for k in self.loops for argument in (f"way_{k}", f"delay_{k}"))]

    def program(self, bodies: list[Body]) -> list[str]:
        """The function `backward`."""
        rows = [f"{mark}of_{name}" for mark in self.marks for name in self.alive] + ["e_"]
        samples = SAMPLES if self.loops else 1
        lines = ["@kept_on_disk", f"def backward({', '.join(self.arguments())}):", "    zero = c[0]",
                 "    steps, n = d_sent.shape[1], d_sent.shape[2]"]
        lines += [f"    {row} = np.zeros(({samples}, n), d_sent.dtype)"
                  for row in [*rows, *(["heard", "there"] if self.loops else [])]]
        lines += [f"    for group in range(first, last, {samples}):", f"        here = min({samples}, last - group)"]
        lines += [f"        {row}[:] = zero" for row in rows]
        lines += ["        for t in range(steps - 1, -1, -1):",
                  "            if truncate > 0 and (t + 1) % truncate == 0:"]
        lines += [f"                {row}[:] = zero" for row in rows]
        lines += ["            for s in range(here):", "                b = group + s",
                  f"                {bodies[0].call}"]
        if self.loops:
            lines += ["            heard[:] = zero", *(line for k in self.loops for line in self._hear(k)),
                      "            for s in range(here if t > 0 else 0):", "                b = group + s",
                      f"                {bodies[1].call}"]
        return [*lines, "", ""]

    def _hear(self, k: int) -> Iterable[str]:
        """Credit that comes back over a loop."""
        loop = self.shape.loops[k]
        yield f"            if t + delay_{k} < steps:"
        yield "                for s in range(here):"
        yield f"                    there[s] = d_in_{loop.onto}[group + s, t + delay_{k}]"
        if loop.credit == "dense":
            yield f"                add_products(heard, there, way_{k})"
        else:
            yield "                for s in range(here):"
            yield "                    for j in range(n):"
            yield f"                        heard[s, j] += there[s, j] * way_{k}[j]"
