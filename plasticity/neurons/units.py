"""Physical quantities as texts ("100*ms"): checked against a table of units and turned into SI numbers."""

from __future__ import annotations

import ast

from plasticity._utils.ranges import FINITE, is_number, outside
from plasticity.errors import LanguageError, quoted
from plasticity.language import expressions

#: unit name -> factor to SI, by the names Brian2 knows them under.
UNITS: dict[str, float] = {
    "volt": 1.0, "mV": 1e-3,
    "amp": 1.0, "mA": 1e-3, "uA": 1e-6, "nA": 1e-9, "pA": 1e-12,
    "siemens": 1.0, "mS": 1e-3, "uS": 1e-6, "nS": 1e-9,
    "farad": 1.0, "uF": 1e-6, "nF": 1e-9, "pF": 1e-12,
    "ohm": 1.0, "kohm": 1e3, "Mohm": 1e6,
    "second": 1.0, "ms": 1e-3, "us": 1e-6,
    "hertz": 1.0, "Hz": 1.0, "kHz": 1e3,
}  # fmt: skip


def si(value: float | str) -> float:
    """The SI number of a quantity: si("100*ms") is 0.1. Numbers are dimensionless and stay as they are."""
    if isinstance(value, str):
        _require_plain_powers(value)
        return expressions.number_of(value, UNITS)
    if not is_number(value) or outside(FINITE, value):
        raise LanguageError(f"a parameter must be a finite number or a text like '20*ms', got {quoted(value)}")
    return float(value)


def _require_plain_powers(text: str) -> None:
    """A quantity has whole numbers as powers: 20**ms is none."""
    for node in ast.walk(expressions.parse(text, functions=())):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and expressions.names(node.right):
            raise LanguageError(f"{quoted(text)} has a unit as a power; write a number and units, as '20*ms'")
