"""Pieces that several neurons share."""

from __future__ import annotations

from plasticity._utils.ranges import FINITE, SECONDS, Range, require


def quantity(value: float, unit: str) -> str:
    """An SI number as the text with unit that Brian2 checks."""
    return f"{float(value)!r}*{unit}"


def quantities(unit: str, **values: float) -> dict[str, str]:
    """SI numbers with their unit. Raises PlasticityError for the first that is not finite."""
    require(Range(f"finite and in SI units ({unit})", FINITE.holds), **values)
    return {name: quantity(value, unit) for name, value in values.items()}


def volts(**values: float) -> dict[str, str]:
    return quantities("volt", **values)


def seconds(**values: float) -> dict[str, str]:
    require(SECONDS, **values)
    return {name: quantity(value, "second") for name, value in values.items()}
