"""What a rule of any kind does: plain text for a person, or a dictionary for a program."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from plasticity.engines import ENGINES
from plasticity.language.rule import ORDERS, Rule, Statement, Trace
from plasticity.methods.method import Method
from plasticity.rules import RuleLike
from plasticity.rules.paths import GradientRule

EVENTS = {"on_pre": "at a presynaptic spike", "on_post": "at a postsynaptic spike", "on_step": "in every step"}
_RISES = {"add": "+1 per spike", "set": "set to 1 by a spike", "none": "changed by the rule only"}
_OWNERS = {"pre": "one per presynaptic neuron", "post": "one per postsynaptic neuron", "syn": "one per synapse"}
_PHASES = {"on_pre": "presynaptic spikes act", "on_post": "postsynaptic spikes act",
           "rise_pre": "presynaptic traces rise", "rise_post": "postsynaptic traces rise"}
_COINCIDENT = {
    "brian2": "a coincident pair counts as pre before post",
    "strict": "a coincident pair does nothing",
    "inclusive": "a coincident pair counts both ways",
}


def explain(rule: RuleLike) -> str:
    """A rule as text: what it does (equations, or paths of credit), what a change needs to know, memory, source."""
    return "\n".join(_TOLD[rule.kind](describe(rule))) + "\n"


def describe(rule: RuleLike) -> dict:
    """A rule as plain data (strings, numbers, lists, dictionaries; infinite numbers as None), ready for JSON."""
    return {"name": rule.name, "kind": rule.kind, "words": rule.words, **_DETAILS[rule.kind](rule),
            "engines": engines(rule), "needs": list(rule.needs), "memory": rule.memory, "source": rule.source}


def _text(rule: Rule) -> dict:
    return {
        "family": rule.family,
        "equations": {event: [_equation(line) for line in lines] for event, lines in _in_order(rule.statements)},
        "definitions": dict(rule.let),
        "efficacy": f"w * ({rule.efficacy})" if rule.efficacy else "w",
        "traces": [_trace(name, rule.place[name], trace) for name, trace in rule.variables.items()],
        "parameters": [{"name": name, "value": value, "unit": rule.units.get(name, "")}
                       for name, value in rule.params.items()],
        "reads": [{"name": name, "of": place} for name, place in rule.reads.items()],
        "signals": [{"name": name, "of": place} for name, place in rule.signals.items()],
        "bounds": {"w_min": _finite(rule.w_min), "w_max": _finite(rule.w_max)},
        "order": {"name": rule.order, "phases": list(ORDERS[rule.order]), "coincident": _COINCIDENT[rule.order]},
        "locality": {event: list(kinds) for event, kinds in _in_order(rule.locality)},
        "state": {place: sum(rule.place[name] == place for name in rule.variables) for place in _OWNERS},
    }


def _credit(rule: GradientRule) -> dict:
    return {"paths": asdict(rule.paths), "teacher": rule.teacher, "feedback": rule.feedback,
            "broadcast": rule.broadcast, "transport": rule.transport, "online": rule.online}


def _method(rule: Method) -> dict:
    return {"keeps": rule.keeps, "cuts": rule.cuts, "takes": rule.form,
            "parameters": [{"name": name, "value": value, "unit": ""} for name, value in rule.options.items()]}


_DETAILS = {"synapse": _text, "credit": _credit, "network": _method}


def engines(rule: RuleLike) -> list[str]:
    """The engines that run a rule: of synapses on a dense projection (docs/engines.md has the reasons, and other
    projections); of credit, those that compute gradients; methods bring their own."""
    if rule.kind == "network":
        return ["autograd"]
    if rule.kind == "credit":
        return ["autograd"] if rule.online else ["compiled", "autograd"]
    return [name for name in ENGINES if not (name.startswith("brian2") and "other neurons" in rule.needs)]


def _in_order(events: Mapping) -> Iterator[tuple]:
    return ((event, events[event]) for event in EVENTS if event in events)


def _equation(line: Statement) -> str:
    left = {"increment": f"{line.target} +=", "rate": f"d{line.target}/dt =", "assign": f"{line.target} ="}[line.kind]
    return f"{left} {line.text}"


def _trace(name: str, place: str, trace: Trace) -> dict:
    return {"name": name, "of": place, "tau": _finite(trace.tau), "rise": trace.rise, "initial": trace.initial,
            "keep": trace.keep}


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _credit_lines(found: dict) -> Iterator[str]:
    yield f"{found['name']} (gradient rule)"
    yield found["words"]
    yield from _section("credit passes", [f"{name}: {'yes' if value is True else 'no' if value is False else value}"
                                          for name, value in found["paths"].items() if name != "truncate"])
    yield from _section("what brings the error", [f"{found['teacher']}, {found['feedback']} feedback"])
    yield from _common(found)


def _method_lines(found: dict) -> Iterator[str]:
    yield f"{found['name']} (brings its own network)"
    yield found["words"]
    yield from _section("credit it keeps", filter(None, [found["keeps"]]))
    yield from _section("paths of backpropagation that are closed", filter(None, [found["cuts"]]))
    yield from _section("parameters", (f"{p['name']} = {p['value']}" for p in found["parameters"]))
    yield from _section("samples", [found["takes"]])
    yield from _common(found)


def _common(found: dict) -> Iterator[str]:
    yield from _section("what a change depends on", [", ".join(found["needs"])])
    yield from _section("memory", [found["memory"]])
    yield from _section("engines", [", ".join(found["engines"])])
    yield f"\nsource: {found['source']}"


def _text_lines(found: dict) -> Iterator[str]:
    yield f"{found['name']} ({found['family']})"
    if found["words"]:
        yield found["words"]
    for event, equations in found["equations"].items():
        yield f"\n{EVENTS[event]}:"
        yield from (f"    {equation}" for equation in equations)
    if found["efficacy"] != "w":
        yield from _section("each presynaptic spike transmits", [found["efficacy"]])
    yield from _section("where", (f"{name} = {text}" for name, text in found["definitions"].items()))
    yield from _section("traces and states", map(_trace_line, found["traces"]))
    yield from _section("parameters", (f"{p['name']} = {p['value']:g}{_unit(p['unit'])}" for p in found["parameters"]))
    yield from _section("reads from outside", (
        f"{read['name']} ({read['of']})" for read in (*found["reads"], *found["signals"])))
    yield from _section("what a synapse must know", (
        f"{EVENTS[event]}: {', '.join(kinds) or 'nothing but the spike'}"
        for event, kinds in found["locality"].items()))
    yield from _section("order within a step", [f"{found['order']['name']}: {_phases(found)}"])
    low, high = found["bounds"]["w_min"], found["bounds"]["w_max"]
    yield f"\nbounds: {_bounds(low, high)}"
    if found["source"]:
        yield f"source: {found['source']}"


def _section(title: str, lines) -> Iterator[str]:
    lines = list(lines)
    if lines:
        yield f"\n{title}:"
        yield from (f"    {line}" for line in lines)


def _trace_line(trace: dict) -> str:
    decay = "no decay" if trace["tau"] is None else f"decays with {trace['tau'] * 1e3:g} ms"
    start = f", starts at {trace['initial']:g}" if trace["initial"] else ""
    keep = ", lives on between presentations" * trace["keep"]
    return f"{trace['name']}: {_OWNERS[trace['of']]}, {decay}, {_RISES[trace['rise']]}{start}{keep}"


def _phases(found: dict) -> str:
    """The phases that this rule has, and what follows for coincident spikes if both sides act."""
    sides = {trace["of"] for trace in found["traces"] if trace["rise"] != "none"}
    present = [phase for phase in found["order"]["phases"]
               if phase in found["equations"] or phase.removeprefix("rise_") in sides]
    both = {"on_pre", "on_post"} <= set(found["equations"]) and {"pre", "post"} <= sides
    steps = ["traces decay", *["every step's changes"] * ("on_step" in found["equations"]),
             *(_PHASES[phase] for phase in present)]
    return ", ".join(steps) + (f" ({found['order']['coincident']})" if both else "")


def _unit(unit: str) -> str:
    return {"": "", "1": " (no unit)", "w": " (unit of w)"}.get(unit, f" ({unit})")


def _bounds(low: float | None, high: float | None) -> str:
    below = "" if low is None else f"{low:g} <= "
    above = "" if high is None else f" <= {high:g}"
    return f"{below}w{above}" if below or above else "none"


_TOLD = {"synapse": _text_lines, "credit": _credit_lines, "network": _method_lines}
