"""Pieces that several neurons share."""

from __future__ import annotations

from plasticity.errors import PlasticityError


def quantity(value: float, unit: str) -> str:
    """An SI number as the text with unit that Brian2 checks."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PlasticityError(f"expected a number in SI units ({unit}), got {value!r}")
    return f"{float(value)!r}*{unit}"


def volts(**values: float) -> dict[str, str]:
    return {name: quantity(value, "volt") for name, value in values.items()}


def seconds(**values: float) -> dict[str, str]:
    for name, value in values.items():
        if not value > 0:
            raise PlasticityError(f"{name} must be positive (seconds), got {value!r}")
    return {name: quantity(value, "second") for name, value in values.items()}
