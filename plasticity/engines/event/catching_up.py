"""Source for synapses that make up for steps in which nothing happened to them; see `deferring` for what that needs.

`h` counts steps since all synapses were last up to date, `at` says up to which of them a row is (or a synapse, where a
postsynaptic spike changes single synapses). Counts are numbers of the simulation's type, so that the loops over a row
are of one type throughout and use all lanes of the processor.
"""

from __future__ import annotations

import math

import numpy as np

from plasticity.engines.event import due, leaping, loops
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.writer import Writer

LONGEST = 4096  # steps after which all synapses are brought up to date
FEW = 16  # of as many synapses of a row one, or fewer, go on alone


def declare(code: Writer, plastic: Plastic) -> None:
    s, synapses = plastic.prefix, plastic.synapses
    code.scratch(f"{s}_h", 1)
    code.scratch(f"{s}_at", synapses.shape[0])
    if _single(plastic):
        code.scratch(f"{s}_own", *synapses.state_shape)
    code.scratch(f"{s}_left", int(np.prod(synapses.state_shape[-1:])))
    code.scratch(f"{s}_step", 1, kind="int64")
    code.scratch(f"{s}_all", 1, kind="int64")
    code.constants |= {"zero": 0.0, "one": 1.0, "half": 0.5, "third": 1 / 3, "dt": synapses.network.dt,
                       "longest": LONGEST, "stride": leaping.STRIDE}
    for name in plastic.alone.fading:
        rate = synapses.network.dt / plastic.rule.syn[name].tau
        code.array(f"{s}_{name}_tab", LONGEST + 2, values=np.exp(-rate * np.arange(LONGEST + 2)))
        code.constants[f"{s}_{name}_decay"] = math.exp(-rate)


def count(code: Writer, plastic: Plastic) -> None:
    """One more step to make up for."""
    s = plastic.prefix
    code(f"{s}_h[0] += one", f"{s}_step[0] = now - idle")


def before_arrivals(code: Writer, plastic: Plastic) -> None:
    """Brings the rows that are due up to date."""
    s = plastic.prefix
    with due.rows(code, plastic, "longest"):
        _row(code, plastic)
        code(f"{s}_at[i] = {s}_h[0]")


def before_change(code: Writer, plastic: Plastic, event: str) -> None:
    """Brings one synapse, which a postsynaptic spike is about to change, up to date."""
    if event != "on_post":
        return
    s = plastic.prefix
    code(f"left = {_behind(plastic)}")
    with code.block("if left > zero:"):
        leaping.advance(code, plastic)
        code(f"{_own(plastic)} = {s}_h[0]")


def _single(plastic: Plastic) -> bool:
    """Whether single synapses are visited between the visits of their rows."""
    return any(line.place == "syn" for line in plastic.rule.statements.get("on_post", ()))


def _own(plastic: Plastic) -> str:
    """Up to which step a single synapse is, where such are visited; its row's mark holds for it if that is later."""
    return f"{plastic.prefix}_own[{plastic.synapses.at}]"


def _behind(plastic: Plastic) -> str:
    s = plastic.prefix
    return f"{s}_h[0] - max({s}_at[i], {_own(plastic)})" if _single(plastic) else f"{s}_h[0] - {s}_at[i]"


def _row(code: Writer, plastic: Plastic) -> None:
    """All synapses of input `i`: many steps at once, and where that cannot be some one by one.

    Where few synapses are left, these go on alone.
    """
    s, size = plastic.prefix, plastic.synapses.shape[1]
    code(f"most = {s}_h[0] - {s}_at[i]", "missed = 0")
    with loops.onto(code, plastic.synapses):
        code(f"{leaping.left(plastic)} = {_behind(plastic)}")
    with code.block("while most > zero:"):
        code("missed = 0")
        with loops.onto(code, plastic.synapses):
            code(f"left = {leaping.left(plastic)}", *leaping.series())
            leaping.leap(code, plastic)
            code("whole_leap |= left <= zero")
            leaping.take(code, plastic)
            code(f"{leaping.left(plastic)} = zero if whole_leap else left", "missed += not whole_leap")
        with code.block(f"if missed <= {size // FEW}:"):
            code("break")
        with code.block("for done in range(int(min(stride, most))):"):
            code("gone = float_like(zero, done)")
            _row_draws(code, plastic)
            with loops.onto(code, plastic.synapses):
                code(f"left = {leaping.left(plastic)} - gone")
                leaping.one_step(code, plastic, "left > zero")
        with loops.onto(code, plastic.synapses):
            code(f"{leaping.left(plastic)} = max({leaping.left(plastic)} - stride, zero)")
        code("most -= stride")
    with code.block("if missed > 0:"), loops.onto(code, plastic.synapses):
        code(f"left = {leaping.left(plastic)}")
        with code.block("if left > zero:"):
            leaping.advance(code, plastic)


def _row_draws(code: Writer, plastic: Plastic) -> None:
    """The noise of a whole row, if it matters at one of its synapses."""
    silent = leaping.quiet(plastic, leaping.after_fading(plastic))
    if not silent:
        return
    s = plastic.prefix
    code.scratch(f"{s}_noise", plastic.synapses.shape[1])
    code.constants["noise_scale"] = plastic.synapses.network.dt**-0.5
    code("asked = False")
    with loops.onto(code, plastic.synapses):
        leaping.load(code, plastic)
        code(f"asked |= ({leaping.left(plastic)} > gone) & (not ({silent}))")
    with code.block("if asked:"), loops.onto(code, plastic.synapses):
        code(f"key = stream_key(seed, {s}_step[0] - int({leaping.left(plastic)} - gone) + 1)",
             f"{leaping.drawn(plastic)} = noise_scale * normal(key, {plastic.synapses.noise_index(code)})")
