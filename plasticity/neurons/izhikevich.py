"""Izhikevich's simple model."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from plasticity._utils.typed import checked
from plasticity.errors import choice
from plasticity.neurons._parts import seconds
from plasticity.neurons.neuron import Neuron


class Pattern(NamedTuple):
    """The four numbers of a firing pattern."""

    a: float
    b: float
    c: float
    d: float


#: firing pattern -> parameters (figure 2 of the paper)
PATTERNS: Mapping[str, Pattern] = MappingProxyType({
    "regular_spiking": Pattern(0.02, 0.2, -65.0, 8.0),
    "intrinsically_bursting": Pattern(0.02, 0.2, -55.0, 4.0),
    "chattering": Pattern(0.02, 0.2, -50.0, 2.0),
    "fast_spiking": Pattern(0.1, 0.2, -65.0, 2.0),
    "low_threshold_spiking": Pattern(0.02, 0.25, -65.0, 2.0),
})


@checked
def izhikevich(pattern: str = "regular_spiking", tau_s: float = 3e-3, current: bool = False) -> Neuron:
    """Two equations in millivolts and milliseconds that show the firing patterns of cortical neurons.

    dv/dt = 0.04 v^2 + 5 v + 140 - u + I;  du/dt = a (b v - u) (per ms);  spike where v >= 30; then v = c, u += d
    tau_s dI/dt = -I

    pattern: one of `PATTERNS`. tau_s: seconds. Variables are plain numbers, v in mV, as in the paper; project onto "I".
    current: adds a variable `I_ext` that a signal can drive. Integrated by forward Euler, dt of 0.5 ms or less.

    Source: Izhikevich 2003, IEEE Transactions on Neural Networks 14:1569, equations 1-3; the paper steps v twice by
    half a millisecond, the synaptic current is this library's.
    """
    numbers = PATTERNS[choice("pattern", pattern, PATTERNS)]
    return Neuron(
        f"""dv/dt = (0.04*v**2 + 5*v + 140 - u + I{' + I_ext' * current})/ms : 1
            du/dt = a*(b*v - u)/ms : 1
            dI/dt = -I/tau_s : 1
            {'I_ext : 1' * current}""",
        threshold="v >= 30", reset="v = c; u += d", method="euler", params=numbers._asdict() | seconds(tau_s=tau_s),
        initial={"v": -65.0, "u": -65.0 * numbers.b}, name="izhikevich", source=f"Izhikevich 2003 ({pattern})")
