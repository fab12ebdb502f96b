"""Source for one synapse that makes several steps at once, or one, while nothing happens to it; see `deferring`."""

from __future__ import annotations

from collections.abc import Iterable

from plasticity.engines.event.collecting import bounded
from plasticity.engines.event.deferring import Growth
from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.sharing import needed
from plasticity.engines.event.writer import Writer
from plasticity.language import expressions

STRIDE = 16  # steps that are made one by one before many are tried at once again


def left(plastic: Plastic) -> str:
    """How many steps a synapse of the row that is due has to make up for."""
    return _of_row(plastic, "left")


def drawn(plastic: Plastic) -> str:
    """The noise of a synapse of that row."""
    return _of_row(plastic, "noise")


def _of_row(plastic: Plastic, name: str) -> str:
    place = f"k - {plastic.prefix}_rows[i, 0]" if plastic.synapses.listed else "j"
    return f"{plastic.prefix}_{name}[{place}]"


def after_fading(plastic: Plastic) -> dict[str, str]:
    """Names of states in a step: as they are, those that only decay as they are by then."""
    return {name: f"{name}_0" for name in ("w", *plastic.rule.syn)} | {name: f"{name}_1"
                                                                       for name in plastic.alone.fading}


def load(code: Writer, plastic: Plastic) -> None:
    code(*(f"{name}_0 = {stored(plastic, name)}" for name in ("w", *plastic.rule.syn)),
         *(f"{name}_1 = {name}_0 * {plastic.prefix}_{name}_decay" for name in plastic.alone.fading))


def series() -> Iterable[str]:
    """How often each growth and its differences count."""
    yield "pairs = left * (left - one) * half"
    yield "triples = pairs * (left - one - one) * third"


def leap(code: Writer, plastic: Plastic) -> None:
    """What `left` steps make of a synapse, and whether this is what they would make one by one."""
    alone, s = plastic.alone, plastic.prefix
    first = {name: f"{name}_0" for name in ("w", *plastic.rule.syn)}
    code(*(f"{name}_0 = {stored(plastic, name)}" for name in first))
    for name in alone.fading:
        code(f"{name}_1 = {name}_0 * {s}_{name}_decay",
             f"{name}_k = {name}_0 * {s}_{name}_tab[int(left)]",
             f"{name}_past = {name}_k * {s}_{name}_decay")
    start = first | {name: f"{name}_1" for name in alone.fading}
    silent = quiet(plastic, start)
    code("whole_leap = True" if not silent else f"whole_leap = {silent}")
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


def take(code: Writer, plastic: Plastic) -> None:
    """Keeps what a leap made, if it is what the steps would have made."""
    for name in (*plastic.alone.moved, *plastic.alone.fading):
        code(f"{stored(plastic, name)} = {name}_k if whole_leap else {name}_0")


def advance(code: Writer, plastic: Plastic) -> None:
    """Makes up for the `left` steps of one synapse, some one by one until the rest can be made at once."""
    with code.block("while left > zero:"):
        code(*series())
        leap(code, plastic)
        take(code, plastic)
        with code.block("if whole_leap:"):
            code("break")
        with code.block("for _ in range(int(min(left, stride))):"):
            one_step(code, plastic)
            code("left -= one")


def one_step(code: Writer, plastic: Plastic, where: str = "") -> None:
    """A step of a synapse that has `left` to make, this one included; `where`: only if this holds."""
    alone, s = plastic.alone, plastic.prefix
    here = after_fading(plastic)
    load(code, plastic)
    silent = quiet(plastic, here)
    if silent and where:
        code(f"noise = {drawn(plastic)}")
    elif silent:
        plastic.code.constants["noise_scale"] = plastic.synapses.network.dt**-0.5
        code("noise = zero")
        with code.block(f"if not ({silent}):"):
            code(f"key = stream_key(seed, {s}_step[0] - int(left) + 1)",
                 f"noise = noise_scale * normal(key, {plastic.synapses.noise_index(code)})")
    for each in alone.growths:
        code(f"{each.target}_d0 = {_growth(plastic, each, here, 'noise')}")
    new = {name: f"{name}_0 + {name}_d0" for name in alone.moved} | {name: f"{name}_1" for name in alone.fading}
    for name, value in new.items():
        value = bounded(code, plastic, value) if name == "w" else value
        code(f"{stored(plastic, name)} = {f'{value} if {where} else {name}_0' if where else value}")


def stored(plastic: Plastic, name: str) -> str:
    return plastic.synapses.w if name == "w" else plastic.syn(name)


def _growth(plastic: Plastic, each: Growth, here: dict[str, str], noise: str = "zero") -> str:
    text = plastic.text(each.expr, {**here, "noise": noise})
    return f"dt * ({text})" if each.rate else text


def quiet(plastic: Plastic, here: dict[str, str]) -> str:
    """A condition under which noise does not matter; empty where there is none."""
    noisy = [each.expr for each in plastic.alone.growths if "noise" in expressions.names(each.expr)]
    questions = [question for expr in noisy for question in needed(expr, "noise", plastic.rule.constants) or ()]
    return " & ".join(f"({plastic.text(question, here)} == 0.0)" for question in questions)
