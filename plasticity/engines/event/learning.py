"""Source for plasticity: traces, the events of a rule and their order, per-step change, bounds.

What is exactly zero is not visited: a presynaptic spike changes only synapses onto neurons that have spiked since the
presentation began, wherever the rule's text proves that the others do not change (`language.vanishes`), and the other
way round. Traces that only events of the own or the presynaptic side read decay when they are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from plasticity.engines.event import catching_up, loops, remembering
from plasticity.engines.event.changing import change
from plasticity.engines.event.collecting import apply, declare_collected, stamp
from plasticity.engines.event.loops import INDEX
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.sharing import Places, loop_invariant
from plasticity.engines.event.writer import Writer
from plasticity.errors import RefusedError
from plasticity.language.rule import ORDERS, Statement, Trace

LONGEST_TABLE = 1 << 16
SMALLEST_SCALE = 1e-12  # below it stored values, larger by its inverse, would leave the range of float32


def declare(code: Writer, plastic: Plastic) -> None:
    """The arrays of one rule."""
    rule, s, shape = plastic.rule, plastic.prefix, plastic.synapses.shape
    for side, n in (("pre", shape[0]), ("post", shape[1])):
        if plastic.listed_active(side):
            code.listing(plastic.active(side), f"{plastic.active(side)}n", n, flags=f"{s}_on{side}")
            code.array(f"{s}_on{side}", n, kind="uint8", per_sample=True)
        for name, trace in getattr(rule, side).items():
            _declare_trace(code, plastic, side, name, trace, n)
    for name in rule.delayed:
        n = {"pre": shape[0], "post": shape[1]}.get(rule.place_of(name), 1)
        code.array(f"{s}_{name}", plastic.lag(name) + 1, n, per_sample=True)
    for name, trace in rule.syn.items():
        code.array(f"{s}_{name}", *plastic.synapses.state_shape, per_sample=True, start=trace.initial)
        if plastic.scale(name):
            code.array(f"{s}_{name}_scale", 1, per_sample=True, start=1.0)
    declare_collected(code, plastic)
    if plastic.alone:
        catching_up.declare(code, plastic)
    elif plastic.remembers:
        remembering.declare(code, plastic)


def _declare_trace(code: Writer, plastic: Plastic, side: str, name: str, trace: Trace, n: int) -> None:
    s, rate = plastic.prefix, plastic.synapses.network.dt / trace.tau
    code.array(f"{s}_{name}", n, per_sample=True, start=trace.initial)
    if name not in plastic.spiking:
        return
    if plastic.lazy(name):
        length = LONGEST_TABLE if rate == 0 else min(LONGEST_TABLE, int(750 / rate) + 2)
        code.array(f"{s}_{name}_tab", length, values=np.exp(-rate * np.arange(length)))
        code.array(f"{s}_{name}_t", n, kind="int64", per_sample=True)
        code.constants[f"{s}_{name}_rate"] = rate
    if plastic.mixed:
        longest = int(np.max(getattr(plastic.synapses, "axonal" if side == "pre" else "dendritic"), initial=0))
        for moment in ("before", "after"):
            code.array(f"{s}_{name}_{moment}", longest + 1, n, per_sample=True, start=trace.initial)
    elif name in plastic.rule.read_after_own_rise:
        code.array(f"{s}_{name}_b", n, per_sample=True)


def start(code: Writer, plastic: Plastic) -> None:
    """Traces and synaptic states back to their initial values."""
    for name, state in plastic.rule.syn.items():
        if not state.keep:
            _restart_state(code, plastic, name)
    for side in ("pre", "post"):
        _restart_traces(code, plastic, side)


def _restart_state(code: Writer, plastic: Plastic, name: str) -> None:
    """Looks only at neurons that have spiked, where nothing else can have changed the state."""
    s, synapses, sides = plastic.prefix, plastic.synapses, plastic.nonzero_support[name]
    if "pre" in sides:
        after = plastic.active("post") if "post" in sides else ""
        with loops.members(code, "i", plastic.active("pre"), ""), loops.onto(code, synapses, after):
            code(f"{plastic.syn(name)} = 0.0")
    else:
        code(f"copy_into({s}_{name}, start_{s}_{name})")
    code(*([f"{plastic.scale(name)} = 1.0"] if plastic.scale(name) else []))


def _restart_traces(code: Writer, plastic: Plastic, side: str) -> None:
    rule, s = plastic.rule, plastic.prefix
    lazy_reset = plastic.listed_active(side)
    names = [name for name in getattr(rule, side) if name in plastic.spiking]
    if lazy_reset:
        active = plastic.active(side)
        with code.block(f"for a in range({active}n[0]):"):
            code(f"{s}_on{side}[{active}[a]] = 0", *(f"{s}_{name}[{active}[a]] = 0.0" for name in names))
        code(f"{active}n[0] = 0")
    for name, trace in getattr(rule, side).items():
        if trace.keep or (lazy_reset and name in names):
            continue
        code(f"copy_into({s}_{name}, start_{s}_{name})")
        if plastic.mixed and name in plastic.spiking:
            code(*(f"copy_into({s}_{name}_{when}, start_{s}_{name}_{when})" for when in ("before", "after")))


def decay(code: Writer, plastic: Plastic) -> None:
    """Exact decay of everything that does not decay when it is read."""
    rule, s = plastic.rule, plastic.prefix
    with code.block(f"if {plastic.runs}:"):
        for side in ("pre", "post"):
            names = [name for name, trace in getattr(rule, side).items() if not plastic.lazy(name)
                     and math.isfinite(trace.tau)]
            listed = plastic.listed_active(side) and not plastic.dense_in_time
            on_list = [name for name in names if name in plastic.spiking and listed]
            _decay_names(code, plastic, on_list, side, plastic.active(side))
            _decay_names(code, plastic, [name for name in names if name not in on_list], side, "")
            if plastic.mixed:
                _remember(code, plastic, side, "before")
        for name, trace in rule.syn.items():
            if plastic.scale(name):
                code.constants[f"{s}_{name}_decay"] = math.exp(-plastic.synapses.network.dt / trace.tau)
                code(f"{plastic.scale(name)} *= {s}_{name}_decay")
                with code.block(f"if {plastic.scale(name)} < {SMALLEST_SCALE}:"):
                    code(f"{s}_{name} *= {plastic.scale(name)}", f"{plastic.scale(name)} = 1.0")


def _decay_names(code: Writer, plastic: Plastic, names: list[str], side: str, active: str) -> None:
    if not names:
        return
    s, index = plastic.prefix, INDEX[side]
    for name in names:
        code.constants[f"{s}_{name}_decay"] = math.exp(-plastic.synapses.network.dt / plastic.rule.variables[name].tau)
    header = f"for a in range({active}n[0]):" if active else f"for {index} in range({s}_{names[0]}.shape[0]):"
    with code.block(header):
        if active:
            code(f"{index} = {active}[a]")
        code(*(f"{s}_{name}[{index}] *= {s}_{name}_decay" for name in names))


def _remember(code: Writer, plastic: Plastic, side: str, moment: str) -> None:
    for name, at in plastic.spiking.items():
        if at == side:
            ring = f"{plastic.prefix}_{name}_{moment}"
            code(f"{ring}[tick % {ring}.shape[0]] = {plastic.prefix}_{name}")


def phases(code: Writer, plastic: Plastic) -> None:
    """The events of one step in the rule's order."""
    if plastic.mixed:
        with code.block(f"if {plastic.runs}:"), code.each():
            for side in ("pre", "post"):
                _rise(code, plastic, side)
                _remember(code, plastic, side, "after")
    for phase in ORDERS[plastic.rule.order]:
        kind, side = phase.split("_")
        with code.block(f"if {plastic.runs}:"):
            if kind == "on" and phase in plastic.rule.statements:
                _event(code, plastic, phase, side)
            elif kind == "rise" and not plastic.mixed and (plastic.listed_active(side)
                                                           or side in plastic.spiking.values()):
                with code.each():
                    _rise(code, plastic, side)


def _rise(code: Writer, plastic: Plastic, side: str) -> None:
    s, index, synapses = plastic.prefix, INDEX[side], plastic.synapses
    names = [name for name, at in plastic.spiking.items() if at == side]
    if plastic.mixed:  # neuron by neuron at the moment of the spike; synapses read it later from the ring
        source = synapses.source if side == "pre" else synapses.target
        spikes = source.arriving(code)
        with code.block("for q in range(lo, hi):"):
            code(f"{index} = {spikes}[q]", *(f"{s}_{name}[{index}] = {_after(plastic, name, index)}" for name in names))
        return
    with loops.arrivals(code, synapses, side):
        for name in names:
            if name in plastic.rule.read_after_own_rise:
                code(f"{s}_{name}_b[{index}] = {plastic.value(name, index)}")
            code(f"{s}_{name}[{index}] = {_after(plastic, name, index)}")
            if plastic.lazy(name):
                code(f"{s}_{name}_t[{index}] = tick")
        if plastic.listed_active(side):
            active = plastic.active(side)
            with code.block(f"if {s}_on{side}[{index}] == 0:"):
                code(f"{s}_on{side}[{index}] = 1", f"{active}[{active}n[0]] = {index}", f"{active}n[0] += 1")


def _after(plastic: Plastic, name: str, index: str) -> str:
    plastic.code.constants["one"] = 1.0
    return "one" if plastic.rule.variables[name].rise == "set" else f"{plastic.value(name, index)} + one"


@contextmanager
def _arriving(code: Writer, plastic: Plastic, event: str, lines: list[Statement],
              names: dict[str, str]) -> Iterator[tuple[list[Statement], dict[str, str]]]:
    """Runs over one side's spikes. What presynaptic ones read of the postsynaptic neurons of a matrix is computed once
    for all that arrive in a step: answers the statements and names that read this."""
    synapses, parts = plastic.synapses, {}
    if event == "on_pre" and not synapses.listed:
        lines, parts = loop_invariant(lines, Places(plastic.rule), "post")
    if parts:
        arrays = {name: code.scratch(f"{plastic.prefix}_at_{name}", synapses.shape[1]) + "[j]" for name in parts}
        synapses.source.arriving(code, synapses.lag("pre"))
        with code.block("if hi > lo:"), \
                loops.members(code, "j", plastic.visits_active(event), str(synapses.shape[1])):
            code(*(f"{arrays[name]} = {plastic.text(part, names)}" for name, part in parts.items()))
        names = {**names, **arrays}
    with loops.arrivals(code, synapses, event[3:]):
        yield lines, names


def _event(code: Writer, plastic: Plastic, event: str, side: str) -> None:
    """One side's spikes arrive and change their synapses."""
    index, synapses, lines = INDEX[side], plastic.synapses, plastic.rule.statements[event]
    loop = loops.row if side == "pre" else loops.column
    names = plastic.names(event)
    per_neuron = [line for line in lines if line.place == side]
    if per_neuron and plastic.mixed:
        raise RefusedError(f"{event} changes {per_neuron[0].target!r} per neuron, but its synapses differ in delay, so "
                           "there is no single moment of arrival")
    stamp(code, plastic)
    at_synapses = [line for line in lines if line.place == "syn"]
    with code.each(), _arriving(code, plastic, event, at_synapses, names) as (at_synapses, names):
        if not plastic.mixed:
            code(*(f"own_{name} = {plastic.own(name, index)}" for name, at in plastic.spiking.items()
                   if at == side and name in plastic.reads(event)))
        code(*(f"new_{line.target} = {names[line.target]} + ({plastic.text(line.expr, names)})" for line in per_neuron))
        if at_synapses:
            late = plastic.remembers and event == "on_post"
            if late:
                remembering.at_spike(code, plastic, names)
            with loop(code, synapses, plastic.visits_active(event)), \
                    code.blocks([remembering.up_to_date(plastic)] if late else []):
                if plastic.alone:
                    catching_up.before_change(code, plastic, event)
                change(code, plastic, at_synapses, names)
        code(*(f"{names[line.target]} = new_{line.target}" for line in per_neuron))
    apply(code, plastic)
