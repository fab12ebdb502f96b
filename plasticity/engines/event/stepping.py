"""Source for what a rule does in every step (`on_step`), reductions over the postsynaptic population included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from plasticity import language
from plasticity.engines.event import loops
from plasticity.engines.event.collecting import apply, stamp
from plasticity.engines.event.learning import change
from plasticity.engines.event.loops import INDEX
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.writer import Writer
from plasticity.errors import RefusedError
from plasticity.rule import Statement


def on_step(code: Writer, plastic: Plastic) -> None:
    lines = plastic.rule.statements.get("on_step", ())
    if not lines:
        return
    with code.block(f"if {plastic.runs}:"):
        stamp(code, plastic)
        with code.each():
            _record_past(code, plastic)
            names = plastic.names("on_step")
            at_synapses = [line for line in lines if line.place == "syn"]
            if at_synapses:
                _synapses(code, plastic, at_synapses, names)
            for side in ("pre", "post"):
                _neurons(code, plastic, [line for line in lines if line.place == side], side, names)
        apply(code, plastic)


def _record_past(code: Writer, plastic: Plastic) -> None:
    """Writes the variables of which delayed copies are read."""
    for name, (variable, _) in plastic.rule.delayed.items():
        ring, place = f"{plastic.s}_{name}", plastic.rule.place_of(name)
        slot = f"age % {ring}.shape[0]"
        if place == "global":
            code(f"{ring}[{slot}, 0] = {plastic.current(variable, '')}")
        else:
            with code.block(f"for {INDEX[place]} in range({ring}.shape[1]):"):
                code(f"{ring}[{slot}, {INDEX[place]}] = {plastic.current(variable, INDEX[place])}")


def _synapses(code: Writer, plastic: Plastic, lines: list[Statement], names: dict[str, str]) -> None:
    lines, reductions = _without_reductions(plastic, lines)
    if any("noise" in language.names(line.expr) for line in lines):
        _draws_noise(code, plastic)
    if not reductions:
        with _where_it_can_change(code, plastic, lines, names):
            _noise(code, plastic, lines)
            change(code, plastic, lines, names)
        return
    with loops.fibres(code, plastic.synapses) as fibre:
        _reduce(code, plastic, reductions, names, fibre)
        names = {**names, **{name: f"{plastic.s}_{name}[{fibre.member}]" for name in reductions}}
        with fibre.loop(), code.blocks(["if k >= 0:"] if plastic.synapses.listed else []):
            _noise(code, plastic, lines)
            change(code, plastic, lines, names)


def _reduce(code: Writer, plastic: Plastic, reductions: dict[str, tuple[str, ast.expr]], names: dict[str, str],
            fibre: loops.Fibre) -> None:
    """Each reduction's argument, then the reduction in place; weights and states are 0 where there is no synapse."""
    w = plastic.synapses.w
    if plastic.synapses.listed:
        w = f"{w} if k >= 0 else 0.0"
        names = {**names, **{name: f"({names[name]} if k >= 0 else 0.0)" for name in plastic.rule.syn}}
    for name, (function, expr) in reductions.items():
        array = code.array(f"{plastic.s}_{name}", fibre.length)
        with fibre.loop():
            code(f"w = {w}", f"{array}[{fibre.member}] = {plastic.text(expr, names)}")
        code(f"{function}({array})")


@contextmanager
def _where_it_can_change(code: Writer, plastic: Plastic, lines: list[Statement],
                         names: dict[str, str]) -> Iterator[None]:
    """Runs over the synapses, but for those where a factor of every change is zero.

    A reward of zero, a neuron below a threshold, an input without a trace: factors that one neuron or the whole
    network shares are looked at once, before the loop over its synapses.
    """
    shared = _gate(plastic, lines, names, "global")
    with code.blocks([f"if {shared}:"] if shared else []):
        after, before = _gate(plastic, lines, names, "post"), _gate(plastic, lines, names, "pre")
        if plastic.synapses.listed or not (after or before):
            with loops.every(code, plastic.synapses):
                yield
            return
        live, s = f"{plastic.s}_live", plastic.s
        if after:
            code.array(live, plastic.synapses.shape[1], kind="int32")
            code("n_live = 0")
            with code.block(f"for j in range({s}_w.shape[1]):"), code.block(f"if {after}:"):
                code(f"{live}[n_live] = j", "n_live += 1")
        with code.blocks([f"for i in range({s}_w.shape[0]):", *([f"if {before}:"] if before else []),
                          "for a in range(n_live):" if after else f"for j in range({s}_w.shape[1]):"]):
            if after:
                code(f"j = {live}[a]")
            yield


def _gate(plastic: Plastic, lines: list[Statement], names: dict[str, str], place: str) -> str:
    """A condition without which nothing changes, over what is known at one place; empty if there is none."""
    found = []
    for line in lines:
        factors = [factor for factor, below in language.product_factors(_increment(line)) if not below
                   and _lives_at(plastic, factor, place)]
        if not factors:
            return ""
        found.append(plastic.text(language.product((factor, False) for factor in factors), names))
    return " or ".join(f"{text} != 0.0" for text in found)


def _increment(line: Statement) -> ast.expr:
    """What a statement adds: of "w + change" the change; of another new value, something that is never gated."""
    if line.kind != "assign":
        return line.expr
    terms = language.sum_terms(line.expr)
    rest = [term for term in terms if not (isinstance(term, ast.Name) and term.id == line.target)]
    return language.total(rest) if len(rest) == len(terms) - 1 else ast.Name(id="w", ctx=ast.Load())


def _lives_at(plastic: Plastic, factor: ast.expr, place: str) -> bool:
    """Whether a factor reads something that changes, all of it at this place (or the same for the whole network)."""
    fixed = {*plastic.rule.constants, "dt"}
    places = {plastic.rule.place_of(name) for name in language.names(factor) - fixed}
    return place in places and places <= {place, "global"}


def _draws_noise(code: Writer, plastic: Plastic) -> None:
    code.constants["noise_scale"] = plastic.synapses.network.dt**-0.5
    code("key = stream_key(seed, now)")


def _noise(code: Writer, plastic: Plastic, lines: list[Statement]) -> None:
    if any("noise" in language.names(line.expr) for line in lines):
        code(f"noise = noise_scale * normal(key, {plastic.synapses.noise_index(code)})")


def _without_reductions(plastic: Plastic, lines: list[Statement]):
    """Statements in which each reduction is a name, and name -> (function, argument)."""
    found: dict[str, tuple[str, ast.expr]] = {}

    def replace(node: ast.expr) -> ast.expr | None:
        if not (isinstance(node, ast.Call) and node.func.id in language.REDUCTIONS):
            return None
        name = f"reduced_{len(found)}"
        if language.calls(node.args[0]) & language.REDUCTIONS:
            raise RefusedError(f"rule {plastic.rule.name!r}: a reduction within a reduction")
        found[name] = (node.func.id, node.args[0])
        return ast.Name(id=name, ctx=ast.Load())

    new = [Statement(line.target, line.place, line.kind, line.text, language.rewrite(line.expr, replace))
           for line in lines]
    return new, found


def _neurons(code: Writer, plastic: Plastic, lines: list[Statement], side: str, names: dict[str, str]) -> None:
    """Variables of one value per neuron."""
    if not lines:
        return
    if any(language.calls(line.expr) & language.REDUCTIONS for line in lines):
        raise RefusedError(f"rule {plastic.rule.name!r}: a reduction in the change of a neuron's variable")
    index, s = INDEX[side], plastic.s
    with code.block(f"for {index} in range({s}_{lines[0].target}.shape[0]):"):
        for line in lines:
            text = plastic.text(line.expr, names)
            old = names[line.target]
            if line.kind == "rate":
                code.constants["dt"] = plastic.synapses.network.dt
                text = f"{old} + dt * ({text})"
            code(f"new_{line.target} = {text}")
        code(*(f"{names[line.target]} = new_{line.target}" for line in lines))
