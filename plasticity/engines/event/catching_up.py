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


def declare(code: Writer, plastic: Plastic) -> None:
    s, synapses = plastic.prefix, plastic.synapses
    code.scratch(f"{s}_h", 1)
    code.scratch(f"{s}_at", *(synapses.state_shape if _single(plastic) else synapses.shape[:1]))
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
    with due.rows(code, plastic, "longest"):
        _row(code, plastic)
        if not _single(plastic):
            code(f"{plastic.prefix}_at[i] = {plastic.prefix}_h[0]")


def before_change(code: Writer, plastic: Plastic, event: str) -> None:
    """Brings one synapse, which a postsynaptic spike is about to change, up to date."""
    if event != "on_post":
        return
    s = plastic.prefix
    code(f"left = {s}_h[0] - {_at(plastic)}")
    with code.block("if left > zero:"):
        code(*_series())
        _leap(code, plastic)
        _take(code, plastic, "")
        with code.block("if not whole_leap:"):
            _advance(code, plastic)
        code(f"{_at(plastic)} = {s}_h[0]")


def _single(plastic: Plastic) -> bool:
    """Whether single synapses are visited between the visits of their rows."""
    return any(line.place == "syn" for line in plastic.rule.statements.get("on_post", ()))


def _at(plastic: Plastic) -> str:
    return f"{plastic.prefix}_at[{plastic.synapses.at if _single(plastic) else 'i'}]"


def _member(plastic: Plastic) -> str:
    """A synapse's place in the list of what a row leaves to make up for."""
    s = plastic.prefix
    return f"k - {s}_rows[i, 0]" if plastic.synapses.listed else "j"


def _row(code: Writer, plastic: Plastic) -> None:
    """All synapses of input `i`: in one go where that can be, then the others step by step."""
    s, single = plastic.prefix, _single(plastic)
    if not single:
        code(f"left = {s}_h[0] - {s}_at[i]", *_series())
    code("missed = False")
    with code.blocks([] if single else ["if left > zero:"]), loops.onto(code, plastic.synapses):
        if single:
            code(f"left = {s}_h[0] - {_at(plastic)}", *_series())
        _leap(code, plastic)
        _take(code, plastic, f"{s}_left[{_member(plastic)}]")
        if single:
            code(f"{_at(plastic)} = {s}_h[0]")
    with code.block("if missed:"), loops.onto(code, plastic.synapses):
        code(f"left = {s}_left[{_member(plastic)}]")
        with code.block("if left > zero:"):
            _advance(code, plastic)


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


def _take(code: Writer, plastic: Plastic, left: str) -> None:
    """Keeps what a leap made, or notes in `left` how many steps there are to make one by one."""
    for name in (*plastic.alone.moved, *plastic.alone.fading):
        code(f"{_stored(plastic, name)} = {name}_k if whole_leap else {name}_0")
    if left:
        code(f"{left} = zero if whole_leap else left", "missed |= not whole_leap")


def _advance(code: Writer, plastic: Plastic) -> None:
    """Makes up for the `left` steps of one synapse, one by one, until the rest can be made at once or nothing moves."""
    alone = plastic.alone
    with code.block("while left > zero:"):
        with code.block("for _ in range(int(min(left, stride))):"):
            _one_step(code, plastic)
        code("left -= min(left, stride)")
        with code.block("if left > zero:"):
            code(*_series())
            _leap(code, plastic)
            with code.block("if whole_leap:"):
                code(*(f"{_stored(plastic, name)} = {name}_k" for name in (*alone.moved, *alone.fading)), "left = zero")


def _one_step(code: Writer, plastic: Plastic) -> None:
    alone, s = plastic.alone, plastic.prefix
    here = {name: f"{name}_0" for name in ("w", *plastic.rule.syn)}
    code(*(f"{_stored(plastic, name)} *= {s}_{name}_decay" for name in alone.fading))
    code(*(f"{name}_0 = {_stored(plastic, name)}" for name in here))
    quiet = _quiet(plastic, here)
    if quiet:
        plastic.code.constants["noise_scale"] = plastic.synapses.network.dt**-0.5
        code("noise = zero")
        with code.block(f"if not ({quiet}):"):
            code(f"key = stream_key(seed, {s}_step[0] - int(left) + 1 + _)",
                 f"noise = noise_scale * normal(key, {plastic.synapses.noise_index(code)})")
    for each in alone.growths:
        code(f"{each.target}_d0 = {_growth(plastic, each, here, 'noise')}")
    for name in alone.moved:
        total = f"{name}_0 + {name}_d0"
        code(f"{_stored(plastic, name)} = {bounded(code, plastic, total) if name == 'w' else total}")


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
