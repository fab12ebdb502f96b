"""All published numbers by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from plasticity.errors import unknown
from plasticity.reproduction import chorales, convolutional, excess, local, softlif, speech, units, words
from plasticity.reproduction.row import Row

#: name -> row, in the order of the systems
ROWS: Mapping[str, Row] = MappingProxyType({row.name: row for rows in (
    convolutional.ROWS, speech.ROWS, excess.ROWS, softlif.ROWS, units.ROWS, chorales.ROWS, words.ROWS,
    local.ROWS) for row in rows})


def chosen(name: str) -> tuple[Row, ...]:
    """The row of that name, or all rows of the system of that name that can be run.

    Raises PlasticityError for an unknown name, with the nearest match.
    """
    if name in ROWS:
        return (ROWS[name],)
    rows = tuple(row for row in ROWS.values() if row.system == name and row.settings)
    if not rows:
        raise unknown("published number or system", name, [*ROWS, *{row.system: None for row in ROWS.values()}])
    return rows
