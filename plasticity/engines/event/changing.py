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
    increments = []
    for number, line in enumerate(lines):
        value = plastic.text(line.expr, names)
        if line.kind == "rate":
            code.constants["dt"] = plastic.synapses.network.dt
            value = f"dt * ({value})"
        elif line.kind == "assign":
            value = f"({value}) - {names[line.target]}"
        code(f"change_{number} = {value}")
        increments.append((line.target, f"change_{number}"))
    for target, increment in increments:
        if target != "w":
            divided = f" / {plastic.scale(target)}" if plastic.scale(target) else ""
            code(f"{plastic.syn(target)} += {increment}{divided}")
        elif plastic.collects:
            collect(code, plastic, increment)
        else:
            code(f"{plastic.synapses.w} = {bounded(code, plastic, f'w + {increment}')}")
