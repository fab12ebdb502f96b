"""Source for what a rule does in every step (`on_step`), reductions over the postsynaptic population included."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from plasticity.engines.event import catching_up, loops
from plasticity.engines.event.changing import change
from plasticity.engines.event.collecting import apply, stamp
from plasticity.engines.event.loops import INDEX
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.sharing import Places, Reductions, added, loop_invariant, needed, without_reductions
from plasticity.engines.event.writer import Writer
from plasticity.errors import RefusedError
from plasticity.language import expressions
from plasticity.language.rule import Statement


def on_step(code: Writer, plastic: Plastic) -> None:
    lines = plastic.rule.statements.get("on_step", ())
    if not lines:
        return
    with code.block(f"if {plastic.runs}:"):
        stamp(code, plastic)
        with code.each():
            record_past(code, plastic)
            names = plastic.names("on_step")
            at_synapses = [line for line in lines if line.place == "syn"]
            if plastic.alone:
                catching_up.count(code, plastic)
            elif at_synapses:
                _synapses(code, plastic, at_synapses, names)
            for side in ("pre", "post"):
                neurons(code, plastic, [line for line in lines if line.place == side], side, names)
        apply(code, plastic)


def record_past(code: Writer, plastic: Plastic) -> None:
    """Writes the variables of which delayed copies are read."""
    for name, (variable, _) in plastic.rule.delayed.items():
        ring, place = f"{plastic.prefix}_{name}", plastic.rule.place_of(name)
        slot = f"age % {ring}.shape[0]"
        if place == "global":
            code(f"{ring}[{slot}, 0] = {plastic.current(variable, '')}")
        else:
            code(f"slot = {slot}")
            with code.block(f"for {INDEX[place]} in range({ring}.shape[1]):"):
                code(f"{ring}[slot, {INDEX[place]}] = {plastic.current(variable, INDEX[place])}")
        code(f"{ring}_slot = {plastic.past(name)}")


def _synapses(code: Writer, plastic: Plastic, lines: list[Statement], names: dict[str, str]) -> None:
    lines, reductions = without_reductions(plastic.rule, lines)
    places = Places(plastic.rule, apart=frozenset(plastic.spiking if plastic.mixed else ()))
    common = {name: (function, expr) for name, (function, expr) in reductions.items()
              if not plastic.synapses.shared and places.lives_at(expr, "post")}
    own = {name: reduction for name, reduction in reductions.items() if name not in common}
    reduce_once(code, plastic, common, names)
    names = {**names, **{name: f"{plastic.prefix}_{name}[j]" for name in common}}
    _draws_noise(code, plastic, lines)
    if not own:
        _where_it_can_change(code, plastic, lines, names, places.and_post(common))
        return
    with loops.fibres(code, plastic.synapses) as fibre:
        reduce(code, plastic, own, names, fibre)
        names = {**names, **{name: f"{plastic.prefix}_{name}[{fibre.member}]" for name in own}}
        with fibre.loop(), code.blocks(["if k >= 0:"] if plastic.synapses.listed else []):
            noise(code, plastic, lines, names)
            change(code, plastic, lines, names)


def reduce_once(code: Writer, plastic: Plastic, reductions: Reductions, names: dict[str, str]) -> None:
    """Reductions that read postsynaptic neurons alone: the same for all presynaptic ones."""
    for name, (function, expr) in reductions.items():
        array = code.scratch(f"{plastic.prefix}_{name}", plastic.synapses.shape[1])
        with code.block(f"for j in range({array}.shape[0]):"):
            code(f"{array}[j] = {plastic.text(expr, names)}")
        code(f"{function}({array})")


def reduce(code: Writer, plastic: Plastic, reductions: Reductions, names: dict[str, str], fibre: loops.Fibre) -> None:
    """Each reduction's argument, then the reduction in place; weights and states are 0 where there is no synapse."""
    w = plastic.synapses.w
    if plastic.synapses.listed:
        w = f"{w} if k >= 0 else 0.0"
        names = {**names, **{name: f"({names[name]} if k >= 0 else 0.0)" for name in plastic.rule.syn}}
    for name, (function, expr) in reductions.items():
        array = code.scratch(f"{plastic.prefix}_{name}", fibre.length)
        with fibre.loop():
            code(f"w = {w}", f"{array}[{fibre.member}] = {plastic.text(expr, names)}")
        code(f"{function}({array})")


def _where_it_can_change(code: Writer, plastic: Plastic, lines: list[Statement], names: dict[str, str],
                         places: Places) -> None:
    """Changes synapses, but for those where a factor of every change is zero.

    A reward of zero, a neuron below a threshold, an input without a trace: factors that one neuron or the whole
    network shares are looked at once, before the loop over its synapses. Neurons that have to spike first are not
    looked at before they do. What reads one neuron alone is computed once for all of its synapses.
    """
    shared = gate(plastic, lines, names, places, "global")
    with code.blocks([f"if {shared}:"] if shared else []):
        inner, after = loop_invariant(lines, places, "post")
        visited = _postsynaptic(code, plastic, lines, names, places, after)
        inner, before = loop_invariant(inner, places.and_post(after), "pre")
        known = {**names, **{name: f"{plastic.prefix}_{name}[j]" for name in after}, **{name: name for name in before}}
        with _presynaptic(code, plastic, gate(plastic, lines, names, places, "pre"), lines):
            code(*(f"{name} = {plastic.text(part, names)}" for name, part in before.items()))
            with loops.onto(code, plastic.synapses, visited):
                noise(code, plastic, inner, known)
                change(code, plastic, inner, known)


@contextmanager
def _presynaptic(code: Writer, plastic: Plastic, asked: str, lines: list[Statement]) -> Iterator[None]:
    """Runs over the presynaptic neurons `i` whose synapses may change."""
    with loops.members(code, "i", plastic.waits_for(lines, "pre"), str(plastic.synapses.shape[0])), \
            code.blocks([f"if {asked}:"] if asked else []):
        yield


def _postsynaptic(code: Writer, plastic: Plastic, lines: list[Statement], names: dict[str, str], places: Places,
                  parts: dict[str, ast.expr]) -> str:
    """Computes what synapses onto one neuron share, and lists the neurons whose synapses may change ("" for all)."""
    matrix, n, live = not plastic.synapses.listed, plastic.synapses.shape[1], f"{plastic.prefix}_live"
    asked = matrix and gate(plastic, lines, names, places, "post")
    waiting = plastic.waits_for(lines, "post") if matrix else ""
    computed = [f"{code.scratch(f'{plastic.prefix}_{name}', n)}[j] = {plastic.text(part, names)}"
                for name, part in parts.items()]
    if asked:
        code.scratch(live, n, kind="int32")
        code.scratch(f"{live}n", 1, kind="int64")
        code(f"{live}n[0] = 0")
        computed = [f"{live}[{live}n[0]] = j", f"{live}n[0] += 1", *computed]
    if asked and not waiting:  # one question to all of them at once is quicker than to list those that answer yes
        code("some = False")
        with loops.members(code, "j", "", str(n)):
            code(f"some |= {asked}")
    if computed:
        with code.blocks(["if some:"] if asked and not waiting else []), \
                loops.members(code, "j", waiting, str(n)), code.blocks([f"if {asked}:"] if asked else []):
            code(*computed)
    return live if asked else waiting


def gate(plastic: Plastic, lines: list[Statement], names: dict[str, str], places: Places, place: str) -> str:
    """A condition without which nothing changes, over what is known at one place; empty if there is none."""
    conditions = []
    for line in lines:
        factors = [factor for factor, below in expressions.product_factors(added(line)) if not below
                   and places.lives_at(factor, place)]
        if not factors:
            return ""
        conditions.append(plastic.text(expressions.product((factor, False) for factor in factors), names))
    return " or ".join(f"{text} != 0.0" for text in dict.fromkeys(conditions))


def _draws_noise(code: Writer, plastic: Plastic, lines: list[Statement]) -> None:
    if any("noise" in expressions.names(line.expr) for line in lines):
        code.constants["noise_scale"] = plastic.synapses.network.dt**-0.5
        code("key = stream_key(seed, now - idle)")


def noise(code: Writer, plastic: Plastic, lines: list[Statement], names: dict[str, str]) -> None:
    """Draws the noise of a synapse, if any statement multiplies it with something that is not zero.

    It goes by way of an array: with a plain variable LLVM computes both sides of the question for every synapse.
    """
    noisy = [line.expr for line in lines if "noise" in expressions.names(line.expr)]
    if not noisy:
        return
    drawn, stored = f"noise_scale * normal(key, {plastic.synapses.noise_index(code)})", f"{plastic.prefix}_noise"
    questions = [needed(expr, "noise", plastic.rule.constants) for expr in noisy]
    if None in questions:
        code(f"noise = {drawn}")
        return
    code.scratch(stored, 1)
    asked = " or ".join(f"{plastic.text(question, names)} != 0.0" for each in questions for question in each)
    code(f"w = {plastic.synapses.w}", f"{stored}[0] = 0.0")
    with code.block(f"if {asked}:"):
        code(f"{stored}[0] = {drawn}")
    code(f"noise = {stored}[0]")


def neurons(code: Writer, plastic: Plastic, lines: list[Statement], side: str, names: dict[str, str]) -> None:
    """Variables of one value per neuron."""
    if not lines:
        return
    if any(expressions.calls(line.expr) & expressions.REDUCTIONS for line in lines):
        raise RefusedError(f"rule {plastic.rule.name!r}: a reduction in the change of a neuron's variable")
    index, s = INDEX[side], plastic.prefix
    with code.block(f"for {index} in range({s}_{lines[0].target}.shape[0]):"):
        for line in lines:
            text = plastic.text(line.expr, names)
            old = names[line.target]
            if line.kind == "rate":
                code.constants["dt"] = plastic.synapses.network.dt
                text = f"{old} + dt * ({text})"
            code(f"new_{line.target} = {text}")
        code(*(f"{names[line.target]} = new_{line.target}" for line in lines))
