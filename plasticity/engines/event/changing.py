"""Source for the change of one synapse: all increments, then the assignments, within bounds."""

from __future__ import annotations

from plasticity.engines.event.collecting import bounded, collect
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.writer import Writer
from plasticity.language import expressions
from plasticity.language.rule import Statement


def change(code: Writer, plastic: Plastic, lines: list[Statement], names: dict[str, str]) -> None:
    """Evaluates all increments of a synapse, then makes them."""
    code(f"w = {plastic.synapses.w}")
    read = frozenset().union(*(expressions.names(line.expr) for line in lines))
    local = {name: f"at_{name}" for name in plastic.spiking if name in read and "[" in names[name]}
    code(*(f"{there} = {names[name]}" for name, there in local.items()))
    names = {**names, **local}
    collected = [line for line in lines if line.target == "w"] if plastic.collects else []
    for number, line in enumerate(lines):
        value = plastic.text(line.expr, names)
        if line.kind == "rate":
            code.constants["dt"] = plastic.synapses.network.dt
            value = f"dt * ({value})"
        if line.kind == "assign" and line in collected:
            value = f"({value}) - w"
        elif line.kind != "assign" and line not in collected:
            value = f"{names[line.target]} + {value}"
        code(f"new_{number} = {value}")
    for number, line in enumerate(lines):
        _assign(code, plastic, line, f"new_{number}")


def _assign(code: Writer, plastic: Plastic, line: Statement, value: str) -> None:
    """A new value; of a weight whose increments are collected, one more of them."""
    if line.target != "w":
        divided = f" / {plastic.scale(line.target)}" if plastic.scale(line.target) else ""
        code(f"{plastic.syn(line.target)} = {value}{divided}")
    elif plastic.collects:
        collect(code, plastic, value)
    else:
        code(f"{plastic.synapses.w} = {bounded(code, plastic, value)}")
