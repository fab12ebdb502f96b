"""Source for synapses that make up for steps in which nothing happened to them; see `deferring` for what that needs.

`h` counts steps since all synapses were last up to date, `at` says up to which of them a row is (or a synapse, where a
postsynaptic spike changes single synapses). Counts are numbers of the simulation's type, so that the loops over a row
are of one type throughout and use all lanes of the processor.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from plasticity.engines.event import due, loops
from plasticity.engines.event.collecting import bounded
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.sharing import needed
from plasticity.engines.event.writer import Writer
from plasticity.language import expressions

LONGEST = 4096  # steps after which all synapses are brought up to date
STRIDE = 16  # steps that are made one by one before many are tried at once again
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
    code.constants |= {"zero": 0.0, "one": 1.0, "half": 0.5, "third": 1 / 3, "longest": LONGEST, "stride": STRIDE,
                       "dt": synapses.network.dt}
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
        _advance(code, plastic)
        code(f"{_own(plastic)} = {s}_h[0]")


def _single(plastic: Plastic) -> bool:
    """Whether single synapses are visited between the visits of their rows."""
    return any(line.place == "syn" for line in plastic.rule.statements.get("on_post", ()))


def _own(plastic: Plastic) -> str:
    """Up to which step a single synapse is, where such are visited; its row's mark holds for it if that is later."""
    return f"{plastic.prefix}_own[{plastic.synapses.at}]"


def _left(plastic: Plastic) -> str:
    """How many steps a synapse of the row that is due has to make up for."""
    return f"{plastic.prefix}_left[{f'k - {plastic.prefix}_rows[i, 0]' if plastic.synapses.listed else 'j'}]"


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
        code(f"{_left(plastic)} = {_behind(plastic)}")
    with code.block("while most > zero:"):
        code("missed = 0")
        with loops.onto(code, plastic.synapses):
            code(f"left = {_left(plastic)}", *_series())
            _leap(code, plastic)
            code("whole_leap |= left <= zero")
            _take(code, plastic)
            code(f"{_left(plastic)} = zero if whole_leap else left", "missed += not whole_leap")
        with code.block(f"if missed <= {size // FEW}:"):
            code("break")
        with code.block("for done in range(int(min(stride, most))):"):
            code("gone = float_like(zero, done)")
            _row_draws(code, plastic)
            with loops.onto(code, plastic.synapses):
                code(f"left = {_left(plastic)} - gone")
                _one_step(code, plastic, "left > zero")
        with loops.onto(code, plastic.synapses):
            code(f"{_left(plastic)} = max({_left(plastic)} - stride, zero)")
        code("most -= stride")
    with code.block("if missed > 0:"), loops.onto(code, plastic.synapses):
        code(f"left = {_left(plastic)}")
        with code.block("if left > zero:"):
            _advance(code, plastic)


def _row_draws(code: Writer, plastic: Plastic) -> None:
    """The noise of a whole row, if it matters at one of its synapses."""
    quiet = _quiet(plastic, _after_fading(plastic))
    if not quiet:
        return
    s = plastic.prefix
    code.scratch(f"{s}_noise", plastic.synapses.shape[1])
    code.constants["noise_scale"] = plastic.synapses.network.dt**-0.5
    code("asked = False")
    with loops.onto(code, plastic.synapses):
        _load(code, plastic)
        code(f"asked |= ({_left(plastic)} > gone) & (not ({quiet}))")
    with code.block("if asked:"), loops.onto(code, plastic.synapses):
        code(f"key = stream_key(seed, {s}_step[0] - int({_left(plastic)} - gone) + 1)",
             f"{_drawn(plastic)} = noise_scale * normal(key, {plastic.synapses.noise_index(code)})")


def _drawn(plastic: Plastic) -> str:
    return _left(plastic).replace("_left[", "_noise[")


def _after_fading(plastic: Plastic) -> dict[str, str]:
    """Names of states in a step: as they are, those that only decay as they are by then."""
    return {name: f"{name}_0" for name in ("w", *plastic.rule.syn)} | {name: f"{name}_1"
                                                                       for name in plastic.alone.fading}


def _load(code: Writer, plastic: Plastic) -> None:
    code(*(f"{name}_0 = {_stored(plastic, name)}" for name in ("w", *plastic.rule.syn)),
         *(f"{name}_1 = {name}_0 * {plastic.prefix}_{name}_decay" for name in plastic.alone.fading))


def _series() -> Iterable[str]:
    """How often each growth and its differences count."""
    yield "pairs = left * (left - one) * half"
    yield "triples = pairs * (left - one - one) * third"


def _leap(code: Writer, plastic: Plastic) -> None:
    """What `left` steps make of a synapse, and whether this is what they would make one by one."""
    alone, s = plastic.alone, plastic.prefix
    first = {name: f"{name}_0" for name in ("w", *plastic.rule.syn)}
    code(*(f"{name}_0 = {_stored(plastic, name)}" for name in first))
    for name in alone.fading:
        code(f"{name}_1 = {name}_0 * {s}_{name}_decay",
             f"{name}_k = {name}_0 * {s}_{name}_tab[int(left)]",
             f"{name}_past = {name}_k * {s}_{name}_decay")
    start = first | {name: f"{name}_1" for name in alone.fading}
    quiet = _quiet(plastic, start)
    code("whole_leap = True" if not quiet else f"whole_leap = {quiet}")
    for number in range(1 if alone.drift else 3):
        here = start | {name: f"{name}_{number}" for name in alone.moved}
        for each in alone.growths:
            code(f"{each.target}_d{number} = {_growth(plastic, each, here)}")
            if number < 2 and not alone.drift:
                code(f"{each.target}_{number + 1} = {each.target}_{number} + {each.target}_d{number}")
    for name in alone.moved:
        _end(code, plastic, name)
    end = first | {name: f"{name}_k" for name in alone.moved} | {name: f"{name}_past" for name in alone.fading}
    for guard in alone.guards:
        code(f"whole_leap &= ({plastic.text(guard, start)}) == ({plastic.text(guard, end)})")


def _end(code: Writer, plastic: Plastic, name: str) -> None:
    """A state after `left` steps by Newton's series, as far as it runs one way and its terms become small."""
    if plastic.alone.drift:
        code(f"{name}_k = {name}_0 + left * {name}_d0")
    else:
        code(f"{name}_second = pairs * ({name}_d1 - {name}_d0)",
             f"{name}_third = triples * ({name}_d2 - {name}_d1 - ({name}_d1 - {name}_d0))",
             f"{name}_k = {name}_0 + (left * {name}_d0 + ({name}_second + {name}_third))",
             f"exact = rounding({plastic.prefix}_w) * 8",
             f"whole_leap &= ({name}_d0 * {name}_d1 >= zero) & ({name}_d1 * {name}_d2 >= zero)",
             f"whole_leap &= (abs({name}_third) <= exact) | "
             f"({name}_third * {name}_third <= exact * abs({name}_second))")
    if name == "w":
        code(f"w_k = {bounded(code, plastic, 'w_k')}")


def _take(code: Writer, plastic: Plastic) -> None:
    """Keeps what a leap made, if it is what the steps would have made."""
    for name in (*plastic.alone.moved, *plastic.alone.fading):
        code(f"{_stored(plastic, name)} = {name}_k if whole_leap else {name}_0")


def _advance(code: Writer, plastic: Plastic) -> None:
    """Makes up for the `left` steps of one synapse, some one by one until the rest can be made at once."""
    with code.block("while left > zero:"):
        code(*_series())
        _leap(code, plastic)
        _take(code, plastic)
        with code.block("if whole_leap:"):
            code("break")
        with code.block("for _ in range(int(min(left, stride))):"):
            _one_step(code, plastic)
            code("left -= one")


def _one_step(code: Writer, plastic: Plastic, where: str = "") -> None:
    """A step of a synapse that has `left` to make, this one included; `where`: only if this holds."""
    alone, s = plastic.alone, plastic.prefix
    here = _after_fading(plastic)
    _load(code, plastic)
    quiet = _quiet(plastic, here)
    if quiet and where:
        code(f"noise = {_drawn(plastic)}")
    elif quiet:
        plastic.code.constants["noise_scale"] = plastic.synapses.network.dt**-0.5
        code("noise = zero")
        with code.block(f"if not ({quiet}):"):
            code(f"key = stream_key(seed, {s}_step[0] - int(left) + 1)",
                 f"noise = noise_scale * normal(key, {plastic.synapses.noise_index(code)})")
    for each in alone.growths:
        code(f"{each.target}_d0 = {_growth(plastic, each, here, 'noise')}")
    new = {name: f"{name}_0 + {name}_d0" for name in alone.moved} | {name: f"{name}_1" for name in alone.fading}
    for name, value in new.items():
        value = bounded(code, plastic, value) if name == "w" else value
        code(f"{_stored(plastic, name)} = {f'{value} if {where} else {name}_0' if where else value}")


def _stored(plastic: Plastic, name: str) -> str:
    return plastic.synapses.w if name == "w" else plastic.syn(name)


def _growth(plastic: Plastic, each, here: dict[str, str], noise: str = "zero") -> str:
    text = plastic.text(each.expr, {**here, "noise": noise})
    return f"dt * ({text})" if each.rate else text


def _quiet(plastic: Plastic, here: dict[str, str]) -> str:
    """A condition under which noise does not matter; empty where there is none."""
    noisy = [each.expr for each in plastic.alone.growths if "noise" in expressions.names(each.expr)]
    questions = [question for expr in noisy for question in needed(expr, "noise", plastic.rule.constants) or ()]
    return " & ".join(f"({plastic.text(question, here)} == 0.0)" for question in questions)
