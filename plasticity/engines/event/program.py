"""Writes the whole step loop of a network as one Python function, for Numba to compile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from plasticity.engines.event import catching_up, due, learning, loops, populations, remembering, stepping
from plasticity.engines.event.collecting import bounded
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.populations import Group
from plasticity.engines.event.sources import Source
from plasticity.engines.event.synapses import Synapses
from plasticity.engines.event.transmission import transmit
from plasticity.engines.event.writer import Array, Writer
from plasticity.network.network import Network, Signal

HEADER = '''"""Generated: the step loop of a network. Edits are overwritten."""

import math

from plasticity.engines.event.support import *  # noqa: F403
from plasticity.engines.event.subnormal import as_before, flush_subnormal
from plasticity.engines.event.support import step_loop


@step_loop
def run({arguments}):
'''


@dataclass(frozen=True)
class Parts:
    """A network as its program knows it: each part by its name, with the names that its arrays carry.

    plastic: projections that learn. signals: signal -> its array.
    """

    network: Network
    groups: Mapping[str, Group]
    sources: Mapping[str, Source]
    synapses: Mapping[str, Synapses]
    plastic: Mapping[str, Plastic]
    signals: Mapping[str, str]


@dataclass(frozen=True)
class Program:
    """Source text, the arrays it takes in order, the constants in order, and the parts whose arrays these are."""

    source: str
    arrays: tuple[Array, ...]
    constants: tuple[float, ...]
    parts: Parts


def write(network: Network, batched: bool) -> Program:
    """The program of a network for single samples in a stream, or for samples side by side."""
    code = Writer(batched)
    parts = _parts(network, code)
    _declare(code, parts)
    _body(code, parts)
    return Program(_assembled(code), tuple(code.arrays.values()), tuple(code.constants.values()), parts)


def _parts(network: Network, code: Writer) -> Parts:
    groups = populations.groups(network)
    sources = _sources(network, groups)
    signals = {signal.name: f"g{k}" for k, signal in enumerate(network.signals)}
    synapses = {projection.name: Synapses(network, projection, f"s{k}", sources[projection.pre],
                                          sources[projection.post])
                for k, projection in enumerate(network.projections)}
    plastic = {projection.name: Plastic(synapses[projection.name], groups, signals, code)
               for projection in network.projections if projection.rule}
    return Parts(network, groups, sources, synapses, plastic, signals)


def _sources(network: Network, groups: dict[str, Group]) -> dict[str, Source]:
    def longest(name: str) -> int:
        delays = [projection.axonal_delay for projection in network.projections if projection.pre == name]
        delays += [projection.dendritic_delay for projection in network.plastic if projection.post == name]
        return max((int(np.rint(np.max(delay, initial=0) / network.dt)) for delay in delays), default=0)

    return {name: Source(name, f"r{k}", n, longest(name), groups.get(name))
            for k, (name, n) in enumerate(network.sizes.items())}


def _declare(code: Writer, parts: Parts) -> None:
    for group in parts.groups.values():
        populations.declare(code, group)
    for source in parts.sources.values():
        source.declare(code)
    for signal in parts.network.signals:
        code.array(parts.signals[signal.name], *((1, 1, 1) if signal.n else (1, 1)))
    for synapses in parts.synapses.values():
        synapses.declare(code)
    for plastic in parts.plastic.values():
        learning.declare(code, plastic)


def _body(code: Writer, parts: Parts) -> None:
    with code.block("for s in range(first, last):"):
        with code.block("if t_start == 0 and reset:"):
            code("age = 0")
            with code.each():
                _start(code, parts)
        with code.block("for t in range(t_start, t_stop):"):
            _step(code, parts)
            code("now += 1", "age += 1", "tick += learn")
        with code.block("if learn and t_stop == steps:"):
            for name, synapses in parts.synapses.items():
                if synapses.projection.normalize is not None:
                    _normalize(code, synapses, parts.plastic.get(name))


def _start(code: Writer, parts: Parts) -> None:
    """Everything that does not outlive a presentation, as it is at the beginning of one."""
    for group in parts.groups.values():
        populations.start(code, group)
    for source in parts.sources.values():
        source.start(code)
    for plastic in parts.plastic.values():
        with code.block(f"if {plastic.runs}:"):
            learning.start(code, plastic)


def _step(code: Writer, parts: Parts) -> None:
    """One step, in the order of `plasticity.neurons.neuron`."""
    groups, plastic_parts = parts.groups.values(), parts.plastic.values()
    with code.each():
        for signal in parts.network.signals:
            _drive(code, signal, parts)
        for group in groups:
            if group.neuron.reset_delay:
                populations.resets(code, group)
        for plastic in plastic_parts:
            learning.decay(code, plastic)
        for group in groups:
            populations.integrate(code, group)
    for group in groups:
        if group.neuron.reset_delay:
            populations.add_shared(code, group)
        populations.integrate_slow(code, group)
    for plastic in plastic_parts:
        (remembering if plastic.remembers else stepping).on_step(code, plastic)
    with code.each():
        _spikes(code, parts)
    for plastic in plastic_parts:
        learning.phases(code, plastic)
    with code.each():
        for group in groups:
            if not group.neuron.reset_delay:
                populations.resets(code, group)
    for group in groups:
        if not group.neuron.reset_delay:
            populations.add_shared(code, group)
    for plastic in plastic_parts:
        if plastic.defers:
            due.begin_again(code, plastic)


def _spikes(code: Writer, parts: Parts) -> None:
    """Who spikes, and what arrives."""
    for group in parts.groups.values():
        populations.thresholds(code, group)
    for source in parts.sources.values():
        source.fired(code)
    for plastic in parts.plastic.values():
        if plastic.defers:
            (remembering if plastic.remembers else catching_up).before_arrivals(code, plastic)
    for name, synapses in parts.synapses.items():
        if synapses.projection.onto:
            transmit(code, synapses, parts.groups[synapses.projection.post], parts.plastic.get(name))


def _drive(code: Writer, signal: Signal, parts: Parts) -> None:
    """Writes a signal to the variable it drives."""
    if not signal.drives:
        return
    where, _, variable = signal.drives.partition(".")
    target, array = f"{parts.groups[where].prefix}_{variable}", parts.signals[signal.name]
    sample = "s + b" if code.batched else "s"
    with code.block(f"for j in range({target}.shape[0]):"):
        code(f"{target}[j] = {array}[{sample}, t{', j' if signal.n else ''}]")


def _normalize(code: Writer, synapses: Synapses, plastic: Plastic | None) -> None:
    """Columns of |w| scaled to their sum, within bounds; only columns that can have changed.

    A column that a bound keeps from its sum changes again at the next time: while there is one, all are visited.
    """
    code.scratch(f"{synapses.prefix}_sums", synapses.columns)
    code.array(f"{synapses.prefix}_short", 1, kind="int64")
    code.constants[f"{synapses.prefix}_total"] = float(synapses.projection.normalize)
    if plastic and _keeps_to_active_columns(code, plastic):
        with code.block(f"if {synapses.prefix}_short[0] == 0:"):
            _scale_columns(code, synapses, plastic, plastic.active("post"))
        with code.block("else:"):
            _scale_columns(code, synapses, plastic, "")
    else:
        _scale_columns(code, synapses, plastic, "")


def _scale_columns(code: Writer, synapses: Synapses, plastic: Plastic | None, active: str) -> None:
    s = synapses.prefix
    code(f"{s}_sums[:] = 0.0")
    with loops.weights(code, synapses, active) as weight:
        code(f"{s}_sums[j] += abs({weight})")
    with code.block(f"for a in range({active}n[0]):" if active else f"for j in range({s}_sums.shape[0]):"):
        if active:
            code(f"j = {active}[a]")
        code(f"{s}_sums[j] = {s}_total / {s}_sums[j] if {s}_sums[j] > 0.0 else 1.0")
    code("short = 0")
    with loops.weights(code, synapses, active) as weight:
        code(f"w = {weight} * {s}_sums[j]")
        kept = bounded(code, plastic, "w") if plastic else "w"
        if kept != "w":
            code(f"change = {kept}", "short += change != w", "w = change")
        code(f"{weight} = w")
    code(f"{s}_short[0] = short")


def _keeps_to_active_columns(code: Writer, plastic: Plastic) -> bool:
    """Whether only weights onto neurons that spiked in this presentation can have changed."""
    untouched_before = "on_pre" not in plastic.rule.statements or plastic.visits_active("on_pre")
    return bool(untouched_before and not code.batched and not plastic.synapses.listed
                and plastic.listed_active("post") and "on_step" not in plastic.rule.statements)


def _assembled(code: Writer) -> str:
    arguments = ["n_batch", "first", "last", "steps", "t_start", "t_stop", "now", "age", "tick", "idle", "seed",
                 "learn", "reset", "reduction", "constants"]
    arrays = [code.argument(array) for array in code.arrays.values()]
    starts = [f"start_{array.name}" for array in code.arrays.values() if array.start is not None]
    top = [f"{name} = constants[{k}]" for k, name in enumerate(code.constants)] + code.views()
    body = [*top, "before = flush_subnormal()", *code.lines, "as_before(before)", "return now, age, tick"]
    return HEADER.format(arguments=", ".join(arguments + arrays + starts)) + "".join(f"    {line}\n" for line in body)
