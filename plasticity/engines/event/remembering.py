"""Source for rows of synapses that make up for the steps since their input's last spike, from what these steps held.

What a step reads outside the synapses is written down when it happens: of neurons one number each, so little beside
the synapses. A row is visited when its input spikes, for all steps since then, while it lies in the processor's
nearest memory. Postsynaptic spikes are written down likewise and act between the steps; on rows that are up to date
they act at once.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from plasticity.engines.event import due, loops, stepping
from plasticity.engines.event.changing import change
from plasticity.engines.event.loops import INDEX
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.sharing import Places, Reductions, loop_invariant, without_reductions
from plasticity.engines.event.writer import Writer
from plasticity.language import expressions
from plasticity.language.rule import Statement

NEAR = 1 << 14  # numbers of postsynaptic neurons that are kept, as many as stay near the processor
FEWEST = 16  # steps that are kept at least


@dataclass(frozen=True)
class Memory:
    """What has to be written down in each step, and the statements that read it.

    lines: statements of a step, and the reductions in them. common, own: reductions that read postsynaptic neurons
    alone, and others. step: the statements with names for what one postsynaptic neuron's synapses share, and what these
    names stand for. spike: statements of a postsynaptic spike.
    """

    plastic: Plastic

    @cached_property
    def lines(self) -> tuple[list[Statement], Reductions]:
        lines = [line for line in self.plastic.rule.statements["on_step"] if line.place == "syn"]
        return without_reductions(self.plastic.rule, lines)

    @cached_property
    def common(self) -> Reductions:
        places = Places(self.plastic.rule)
        return {name: each for name, each in self.lines[1].items() if places.lives_at(each[1], "post")}

    @cached_property
    def own(self) -> Reductions:
        return {name: each for name, each in self.lines[1].items() if name not in self.common}

    @cached_property
    def places(self) -> Places:
        return Places(self.plastic.rule, apart=frozenset(self.own)).and_post(self.common)

    @cached_property
    def step(self) -> tuple[list[Statement], dict[str, ast.expr]]:
        return loop_invariant(self.lines[0], self.places, "post")

    @cached_property
    def spike(self) -> list[Statement]:
        return [line for line in self.plastic.rule.statements.get("on_post", ()) if line.place == "syn"]

    def kept(self, place: str) -> list[str]:
        """Names of one place that synapses read in a step, or of inputs and signals at a postsynaptic spike."""
        exprs = [*(line.expr for line in self.step[0]), *(expr for _, expr in self.own.values())]
        if place != "post":
            exprs += [line.expr for line in self.spike]
        return sorted(name for name in _names(exprs) if self._place(name) == place)

    def kept_at_spikes(self) -> list[str]:
        return sorted(name for name in _names(line.expr for line in self.spike) if self._place(name) == "post")

    def _place(self, name: str) -> str:
        if name in self.common or name in self.step[1]:
            return "post"
        constant = name in self.plastic.rule.constants or name in self.own or name in ("dt", "noise", "w")
        return "" if constant or name in self.plastic.rule.syn else self.plastic.rule.place_of(name)


def _names(exprs: Iterable[ast.expr]) -> frozenset[str]:
    return frozenset().union(*(expressions.names(expr) for expr in exprs))


def declare(code: Writer, plastic: Plastic) -> None:
    s, (n_pre, n_post), memory = plastic.prefix, plastic.synapses.shape, Memory(plastic)
    steps = max(NEAR // (n_post * max(len(memory.kept("post")), 1)), FEWEST)
    for name in ("h", "all", "first"):
        code.scratch(f"{s}_{name}", 1, kind="int64")
    code.scratch(f"{s}_at", n_pre, kind="int64")
    code.scratch(f"{s}_spiking", steps, kind="int64")
    if memory.spike:
        code.scratch(f"{s}_spikes", steps, n_post, kind="int32")
    for place, n in (("pre", n_pre), ("post", n_post), ("global", 1)):
        for name in memory.kept(place):
            code.scratch(f"{s}_past_{name}", steps, n)
    for name in memory.kept_at_spikes():
        code.scratch(f"{s}_spike_{name}", steps, n_post)


def on_step(code: Writer, plastic: Plastic) -> None:
    """Writes down what the step holds; variables of neurons change at once."""
    with code.block(f"if {plastic.runs}:"):
        names = plastic.names("on_step")
        stepping.record_past(code, plastic)
        _write_down(code, plastic, Memory(plastic), names)
        for side in ("pre", "post"):
            lines = [line for line in plastic.rule.statements["on_step"] if line.place == side]
            stepping.neurons(code, plastic, lines, side, names)


def _write_down(code: Writer, plastic: Plastic, memory: Memory, names: dict[str, str]) -> None:
    s = plastic.prefix
    code(f"{s}_h[0] += 1", f"u = {s}_h[0] - 1", f"{s}_spiking[u] = 0")
    with code.block("if u == 0:"):
        code(f"{s}_first[0] = now - idle")
    stepping.reduce_once(code, plastic, memory.common, names)
    names = {**names, **{name: f"{s}_{name}[j]" for name in memory.common}}
    texts = {name: plastic.text(part, names) for name, part in memory.step[1].items()}
    for place in ("pre", "post"):
        kept, index = memory.kept(place), INDEX[place]
        active = _waits(plastic) if place == "pre" else ""
        with code.blocks([] if kept else ["if False:"]), \
                loops.members(code, index, active, str(plastic.synapses.shape[place == "post"])):
            code(*(f"{s}_past_{name}[u, {index}] = {texts.get(name) or names[name]}" for name in kept))
    code(*(f"{s}_past_{name}[u, 0] = {names[name]}" for name in memory.kept("global")))


def before_arrivals(code: Writer, plastic: Plastic) -> None:
    """Brings the rows that are due up to date, this step included."""
    s, memory, waits = plastic.prefix, Memory(plastic), _waits(plastic)
    with due.rows(code, plastic, f"{s}_spiking.shape[0]"):
        with code.blocks([f"if {s}_onpre[i] != 0:"] if waits else []), \
                code.block(f"for u in range({s}_at[i], {s}_h[0]):"):
            code(*(f"past_{name} = {s}_past_{name}[u, {index}]" for place, index in (("pre", "i"), ("global", "0"))
                   for name in memory.kept(place)))
            _one_step(code, plastic, memory)
            if memory.spike:
                with code.block(f"if u < {s}_h[0] - 1:"):
                    _spikes(code, plastic, memory)
        code(f"{s}_at[i] = {s}_h[0]")


def at_spike(code: Writer, plastic: Plastic, names: dict[str, str]) -> None:
    """Writes a spike of postsynaptic neuron `j` down."""
    s, memory = plastic.prefix, Memory(plastic)
    code(f"u = {s}_h[0] - 1", f"{s}_spikes[u, {s}_spiking[u]] = j", f"{s}_spiking[u] += 1",
         *(f"{s}_spike_{name}[u, j] = {names[name]}" for name in memory.kept_at_spikes()))


def up_to_date(plastic: Plastic) -> str:
    """A condition under which a spike changes the synapses of input `i` at once."""
    return f"if {plastic.prefix}_at[i] == {plastic.prefix}_h[0]:"


def _one_step(code: Writer, plastic: Plastic, memory: Memory) -> None:
    """Step `u` of row `i`."""
    lines, names = memory.step[0], _remembered(plastic, memory)
    if any("noise" in expressions.names(line.expr) for line in lines):
        code.constants["noise_scale"] = plastic.synapses.network.dt**-0.5
        code(f"key = stream_key(seed, {plastic.prefix}_first[0] + u)")
    gates = [stepping.gate(plastic, lines, names, memory.places.and_post(memory.step[1]), place)
             for place in ("global", "pre")]
    asked, fading = " and ".join(f"({gate})" for gate in gates if gate), _decay(code, plastic)
    if asked and fading:
        with code.block(f"if not ({asked}):"), loops.onto(code, plastic.synapses):
            code(*fading)
    with code.blocks(["else:" if fading else f"if {asked}:"] if asked else []):
        lines, parts = loop_invariant(lines, memory.places.and_post(memory.step[1]), "pre")
        code(*(f"{name} = {plastic.text(part, names)}" for name, part in parts.items()))
        names = {**names, **{name: name for name in parts}}
        names |= _reduced(code, plastic, memory, names)
        with loops.onto(code, plastic.synapses):
            code(*fading)
            stepping.noise(code, plastic, lines, names)
            change(code, plastic, lines, names)


def _reduced(code: Writer, plastic: Plastic, memory: Memory, names: dict[str, str]) -> dict[str, str]:
    if not memory.own:
        return {}
    fibre = loops.Fibre(plastic.synapses.shape[1], "j", lambda: loops.row(code, plastic.synapses))
    stepping.reduce(code, plastic, memory.own, names, fibre)
    return {name: f"{plastic.prefix}_{name}[j]" for name in memory.own}


def _decay(code: Writer, plastic: Plastic) -> list[str]:
    lines = []
    for name, state in plastic.rule.syn.items():
        if math.isfinite(state.tau):
            factor = f"{plastic.prefix}_{name}_decay"
            code.constants[factor] = math.exp(-plastic.synapses.network.dt / state.tau)
            lines.append(f"{plastic.syn(name)} *= {factor}")
    return lines


def _spikes(code: Writer, plastic: Plastic, memory: Memory) -> None:
    """Postsynaptic spikes of step `u` at row `i`."""
    s, names = plastic.prefix, _remembered(plastic, memory)
    names |= {name: f"{s}_spike_{name}[u, j]" for name in memory.kept_at_spikes()}
    if plastic.synapses.listed:
        with code.block(f"for a in range({s}_spiking[u]):"), loops.onto(code, plastic.synapses), \
                code.block(f"if j == {s}_spikes[u, a]:"):
            change(code, plastic, memory.spike, names)
        return
    with code.block(f"for a in range({s}_spiking[u]):"):
        code(f"j = {s}_spikes[u, a]")
        change(code, plastic, memory.spike, names)


def _remembered(plastic: Plastic, memory: Memory) -> dict[str, str]:
    names, s = plastic.names("on_step"), plastic.prefix
    names |= {name: f"{s}_past_{name}[u, j]" for name in memory.kept("post")}
    return names | {name: f"past_{name}" for place in ("pre", "global") for name in memory.kept(place)}


def _waits(plastic: Plastic) -> str:
    """The list of inputs to keep to, as those that have not spiked change in no way; empty for all."""
    lines = [line for line in plastic.rule.statements["on_step"] if line.place == "syn"]
    spikes = any(line.place == "syn" for line in plastic.rule.statements.get("on_post", ()))
    waits = plastic.waits_for(lines, "pre")
    return waits if not spikes or plastic.visits_active("on_post") or not waits else ""
