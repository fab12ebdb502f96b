"""The program that sends credit back through all steps of a batch: the exact adjoint of the forward program."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from plasticity.engines.gradient.compiled.body import Body, flushed
from plasticity.engines.gradient.compiled.ssa import SsaAssignment, needed, reads_of_slopes
from plasticity.engines.gradient.compiled.step import Step
from plasticity.language import expressions

SAMPLES = 4  # side by side where weights bring credit back (see add_products), so that these are read once for all


class Backward:
    """One step backwards: resets and what arrived (`after_threshold`), then the rest of the step (`up_to_threshold`).

    Cotangents have two prefixes: d_ along all open paths; f_, only with straight-through terms, from what a neuron
    transmits to what arrived in the step before, and no further.
    """

    def __init__(self, step: Step):
        self.step, self.shape, self.printer = step, step.shape, step.printer
        self.after_threshold = [*step.receiving, *step.resetting]
        self.up_to_threshold = [*step.due, *step.moving, *step.firing]
        self.prefixes = ("d_", "f_") if step.shape.straight_through else ("d_",)
        self.loops = [k for k, loop in enumerate(step.shape.loops) if loop.credit != "none"]
        self.alive = [name for name in step.neuron.variables
                      if {step.at_start[name], step.at_threshold[name]} & step.active]

    @property
    def delayed(self) -> bool:
        return bool(self.step.neuron.reset_delay)

    @property
    def spiking(self) -> bool:
        """Whether it matters who spiked, or nearly did."""
        return not self.step.neuron.output or bool(self.step.neuron.at_reset) or self.shape.refractory

    def _change(self, name: str) -> ast.expr:
        """What a reset adds to a variable."""
        step = self.step
        jumped, before = (step.due_jump, step.at_start) if self.delayed else (step.jump, step.after_arrivals)
        return ast.BinOp(ast.Name(jumped[name], ast.Load()), ast.Sub(), ast.Name(before[name], ast.Load()))

    def _looked_up(self, assignments: list[SsaAssignment], resets: bool) -> tuple[list[str], list[SsaAssignment]]:
        """Kept values that running `assignments` backwards takes, and what has to be computed again."""
        step = self.step
        leaves = {*step.at_start.values(), *step.at_threshold.values(), *step.after_arrivals.values()}
        looked_up = set(reads_of_slopes(assignments, step.active))
        for name in step.credited if resets else ():
            looked_up |= expressions.names(self._change(name))
        inner = [line for line in [*self.up_to_threshold, *self.after_threshold] if line.name not in leaves]
        recomputed = needed(inner, looked_up - leaves)
        return sorted((looked_up | {name for line in recomputed for name in line.reads}) & leaves), recomputed

    def _drawn(self, assignments: list[SsaAssignment], recomputed: list[SsaAssignment]) -> list[str]:
        """Random numbers that are looked up: they are drawn again."""
        read = reads_of_slopes(assignments, self.step.active).union(*(line.reads for line in recomputed))
        return sorted(read & {*self.step.neuron.drawn})

    def kept(self) -> tuple[str, ...]:
        """Names whose values of every step the way back looks up."""
        read, _ = self._looked_up([*self.up_to_threshold, *self.after_threshold], True)
        return (*(["u"] if self.spiking else []), *(["free"] if self.shape.refractory else []), *read)

    def bodies(self) -> list[Body]:
        """The loops over neurons; one if no credit returns over loops of projections, which needs all resets first."""
        after = Body("after_threshold" if self.loops else "back")
        assignments = [*self.after_threshold, *([] if self.loops else self.up_to_threshold)]
        self._values(after, assignments, not self.delayed or not self.loops)
        cotangents = self._reset(after)
        if not self.loops:
            self._equations(after, cotangents)
            return [after]
        for name in self.alive:
            place = self.step.at_threshold[name]
            after.store(f"d_of_{name}", f"d_of_{name}[s]", f"d_{place}" if place in cotangents["d_"] else "zero")
        before, cotangents = Body("up_to_threshold"), {prefix: set() for prefix in self.prefixes}
        self._values(before, self.up_to_threshold, self.delayed)
        for name in self.alive:
            before.load(f"d_{self.step.at_threshold[name]}", f"d_of_{name}", f"d_of_{name}[s]")
            cotangents["d_"].add(self.step.at_threshold[name])
        self._equations(before, cotangents)
        return [after, before]

    def _values(self, body: Body, assignments: list[SsaAssignment], resets: bool) -> None:
        """Loads and computes again what the way back looks up."""
        names, recomputed = self._looked_up(assignments, resets)
        crossed = "u > zero" if self.step.strict else "u >= zero"
        if self.spiking:
            body.load("u", "kept_u", "kept_u[b, t]")
        if self.shape.refractory:
            body.load("free", "kept_free", "kept_free[b, t]")
            body("free = free != 0", f"hit = {crossed} and free", "open = free and not hit")
        elif self.spiking:
            body(f"hit = {crossed}")
        if self.delayed and self.spiking:
            before = f"{body.row('before_u', 'kept_u[b, t - 1]')} {crossed[2:]}"
            was_free = f" and {body.row('before_free', 'kept_free[b, t - 1]')} != 0" if self.shape.refractory else ""
            body(f"was = {before}{was_free}")
        for name in names:
            body.load(name, f"kept_{name}", f"kept_{name}[b, t]")
        for name in self._drawn(assignments, recomputed):
            body.load(name, f"of_{name}", name)
        body(*self.printer.forwards(recomputed))

    def _reset(self, body: Body) -> dict[str, set[str]]:
        """Back over the reset and what arrived."""
        step, cotangents = self.step, {}
        for prefix in self.prefixes:
            cotangents[prefix] = set()
            for name in self.alive:
                body.load(f"{prefix}{step.at_end[name]}", f"{prefix}of_{name}", f"{prefix}of_{name}[s]")
                cotangents[prefix].add(step.at_end[name])
            if prefix == "d_" and not self.delayed and step.credited:
                self._credit_spike(body, step.at_end, "e")
                if self.loops:
                    body.store("e_", "e_[s]", "e")
            body(*self.printer.backwards(self.after_threshold, step.active, prefix, cotangents[prefix]))
            for name in step.shape.received if prefix == "d_" else step.shape.straight_through:
                text = f"{prefix}in__{name}" if f"in__{name}" in cotangents[prefix] else "zero"
                body.store(f"{prefix}in_{name}", f"{prefix}in_{name}[b, t]", text)
            if prefix == "f_" or not step.shape.paths.time:
                cotangents[prefix] = set()
        return cotangents

    def _credit_spike(self, body: Body, after: dict[str, str], local: str) -> None:
        """Credit of the spike that made the reset, along the open paths."""
        body(f"{local} = " + " + ".join(f"d_{after[name]} * ({self.printer.text(self._change(name))})"
                                        for name in self.step.credited))

    def _equations(self, body: Body, cotangents: dict[str, set[str]]) -> None:
        """Back over threshold, output and equations, and a reset that was due."""
        step = self.step
        if self.spiking:
            psi = self.printer.text(step.psi)
            body(f"psi = ({psi}) if free else zero" if self.shape.refractory else f"psi = {psi}")
        body.load("credit", "d_transmitted", "d_transmitted[b, t]")
        returned = f" + {body.row('returned', 'returned[s]')}" if self.loops else ""
        own = "e" if step.credited else ""
        if step.credited and (self.delayed or self.loops):
            body.load("e", "e_", "e_[s]")
        for prefix in self.prefixes:
            also = (own, returned) if prefix == "d_" else ("", "")
            self._credit_firing(body, prefix, cotangents[prefix], *also)
            body(*self.printer.backwards([*step.moving, *step.firing], step.active, prefix, cotangents[prefix]))
            if prefix == "d_" and self.delayed and step.credited:
                for name in step.credited:
                    if step.after_due_reset[name] not in cotangents[prefix]:
                        body(f"d_{step.after_due_reset[name]} = zero")
                        cotangents[prefix].add(step.after_due_reset[name])
                self._credit_spike(body, step.after_due_reset, "due")
                body.store("e_", "e_[s]", "due")
            body(*self.printer.backwards(step.due, step.active, prefix, cotangents[prefix]))
            for name in self.alive:
                place = step.at_start[name]
                text = flushed(f"{prefix}{place}") if place in cotangents[prefix] else "zero"
                body.store(f"{prefix}of_{name}", f"{prefix}of_{name}[s]", text)

    def _credit_firing(self, body: Body, prefix: str, cotangents: set[str], own: str, returned: str) -> None:
        """Credit of spikes, graded outputs and records to what they are functions of."""
        if self.step.neuron.output:
            body(f"{prefix}out = credit{returned}")
            cotangents.add("out")
            if own:
                body(f"{prefix}u = psi * {own}")
                cotangents.add("u")
        else:
            body(f"{prefix}u = psi * (credit{returned}{f' + {own}' if own else ''})")
            cotangents.add("u")
        for name in self.shape.records:
            place, seen = self.step.at_threshold[name], body.row(f"d_seen_{name}", f"d_seen_{name}[b, t]")
            if place in self.step.active:
                body(f"{prefix}{place} = {f'{prefix}{place} + ' if place in cotangents else ''}{seen}")
                cotangents.add(place)

    def arguments(self) -> list[str]:
        """The program's arguments, in order."""
        shape = self.shape
        return ["first", "last", "truncate", "c", "d_transmitted", *(f"kept_{name}" for name in self.kept()),
                *(f"d_seen_{name}" for name in shape.records), *(f"d_in_{name}" for name in shape.received),
                *(f"f_in_{name}" for name in shape.straight_through), *self.step.drawn_from,
                *(argument for k in self.loops for argument in (f"feedback_{k}", f"delay_{k}"))]

    def program(self, bodies: list[Body]) -> list[str]:
        """The function `backward`."""
        rows = [f"{prefix}of_{name}" for prefix in self.prefixes for name in self.alive] + ["e_"]
        samples = SAMPLES if self.loops else 1
        lines = ["@kept_on_disk", f"def backward({', '.join(self.arguments())}):", "    zero = c[0]",
                 "    steps, n = d_transmitted.shape[1], d_transmitted.shape[2]"]
        lines += [f"    {row} = np.zeros(({samples}, n), d_transmitted.dtype)"
                  for row in [*rows, *(["returned", "errors"] if self.loops else [])]]
        lines += [f"    {row}".replace("transmitted", "d_transmitted") for row in self.step.drawn_rows]
        lines += [f"    for group in range(first, last, {samples}):", f"        here = min({samples}, last - group)"]
        lines += [f"        {row}[:] = zero" for row in rows]
        lines += ["        for t in range(steps - 1, -1, -1):",
                  "            if truncate > 0 and (t + 1) % truncate == 0:"]
        lines += [f"                {row}[:] = zero" for row in rows]
        drawing = [f"                {line}" for line in self.step.drawing]
        lines += ["            for s in range(here):", "                b = group + s", *drawing,
                  f"                {bodies[0].call}"]
        if self.loops:
            lines += ["            returned[:] = zero", *(line for k in self.loops for line in self._return_credit(k)),
                      "            for s in range(here if t > 0 else 0):", "                b = group + s",
                      *drawing, f"                {bodies[1].call}"]
        return [*lines, "", ""]

    def _return_credit(self, k: int) -> Iterable[str]:
        """Credit that comes back over a loop."""
        loop = self.shape.loops[k]
        yield f"            if t + delay_{k} < steps:"
        yield "                for s in range(here):"
        yield f"                    errors[s] = d_in_{loop.onto}[group + s, t + delay_{k}]"
        if loop.credit == "dense":
            yield f"                add_products(returned, errors, feedback_{k})"
        else:
            yield "                for s in range(here):"
            yield "                    for j in range(n):"
            yield f"                        returned[s, j] += errors[s, j] * feedback_{k}[j]"
