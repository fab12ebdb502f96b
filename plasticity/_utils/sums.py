"""Sums by name."""

from __future__ import annotations

from collections.abc import Hashable


def add_to(sums: dict, name: Hashable, amount) -> None:
    """Adds an amount (number, array, tensor, sparse matrix) to what there is of that name; the first becomes it as it
    is, so that nothing is added to 0."""
    sums[name] = sums[name] + amount if name in sums else amount
