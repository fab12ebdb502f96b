"""A neuron that no longer learns by itself."""

from __future__ import annotations

import re

from plasticity.neurons.neuron import Neuron, statements


def frozen(neuron: Neuron) -> Neuron:
    """The same neuron with its slow variables held: as every engine runs it while learning is off.

    A slow variable keeps the value that it has at the start of a presentation (a population's `initial`), whatever
    spikes and time would do to it, and nothing adapts. A neuron that does not learn by itself stays as it is.
    """
    if not (neuron.slow or neuron.adapt):
        return neuron
    lines = [_held(line, neuron.slow) for line in neuron.equations.splitlines()]
    return neuron.with_(equations="\n".join(lines), update=_without(neuron.update, neuron.slow, keep=True), adapt="",
                        reset=_without(neuron.reset, neuron.slow), slow=())


def _held(line: str, slow: tuple[str, ...]) -> str:
    """An equation "dtheta/dt = ... : volt" as the mere variable "theta : volt"."""
    rate = re.match(r"\s*d(\w+)/dt\s*=[^:]*:\s*([^(]*)", line.split("#")[0])
    return f"{rate[1]} : {rate[2].strip()}" if rate and rate[1] in slow else line


def _without(text: str, slow: tuple[str, ...], keep: bool = False) -> str:
    """Assignments without those to slow variables; keep: in an update, which declares them, they stay what they are."""
    kept = []
    for line in filter(str.strip, re.split(r"[;\n]", text)):
        (assignment,) = statements(line, random=True)
        if assignment.target not in slow:
            kept.append(line.strip())
        elif keep:
            kept.append(f"{assignment.target} = {assignment.target}")
    return "; ".join(kept)
