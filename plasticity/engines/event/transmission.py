"""Source for transmission: what the spikes that arrive in a step add to the neurons."""

from __future__ import annotations

from plasticity.engines.event import loops
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.populations import Group, hold, release
from plasticity.engines.event.synapses import Synapses
from plasticity.engines.event.writer import Writer


def transmit(code: Writer, synapses: Synapses, group: Group, plastic: Plastic | None) -> None:
    """Adds scale * w to the target variable for every spike that arrives; refractory neurons take no gated input.

    The efficacy of a rule multiplies this.
    """
    efficacy = plastic.efficacy() if plastic else ""
    projection, s = synapses.projection, synapses.prefix
    target = f"{group.prefix}_{projection.onto}"
    code.constants[f"{s}_scale"] = projection.scale
    gated = [projection.onto] if projection.onto in group.gated else []
    if synapses.packed == "one_to_one":
        hold(code, group, gated)
        with loops.arrivals(code, synapses, "pre"):
            code(f"{target}[i] += {s}_scale * {s}_w[i]{f' * ({efficacy})' if efficacy else ''}")
        release(code, group, gated)
    elif synapses.packed == "all_but_self":
        _all_but_self(code, synapses, group, target, gated)
    else:
        _sum_rows(code, synapses, group, target, gated, efficacy)


def _all_but_self(code: Writer, synapses: Synapses, group: Group, target: str, gated: list[str]) -> None:
    s = synapses.prefix
    spikes = synapses.source.arriving(code, synapses.lag("pre"))
    with code.block("if hi > lo:"):
        hold(code, group, gated)
        with code.block("for q in range(lo, hi):"):
            code(f"{s}_acc[q - lo] = {target}[{spikes}[q]] + {s}_scale * {s}_w[0] * (hi - lo - 1)")
        code(f"step = {s}_scale * {s}_w[0] * (hi - lo)")
        with code.block(f"for j in range({target}.shape[0]):"):
            code(f"{target}[j] += step")
        with code.block("for q in range(lo, hi):"):
            code(f"{target}[{spikes}[q]] = {s}_acc[q - lo]")
        release(code, group, gated)


def _sum_rows(code: Writer, synapses: Synapses, group: Group, target: str, gated: list[str], efficacy: str) -> None:
    s = synapses.prefix
    adds = "=" if synapses.projection.connect == "max_pool" else "+="  # any spike in the window is as good as many
    code("arrived = False")
    with loops.arrivals(code, synapses, "pre"):
        with code.block("if not arrived:"):
            code("arrived = True", f"{s}_acc[:] = 0.0")
        code(*([f"efficacy = {efficacy}"] if efficacy else []))
        with loops.row(code, synapses):
            code(f"{s}_acc[j] {adds} {synapses.w}{' * efficacy' if efficacy else ''}")
    with code.block("if arrived:"):
        hold(code, group, gated)
        with code.block(f"for j in range({target}.shape[0]):"):
            code(f"{target}[j] += {s}_scale * {s}_acc[j]")
        release(code, group, gated)
