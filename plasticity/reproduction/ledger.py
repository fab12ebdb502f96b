"""What this library has reached, row by row: results that come with it, written by `plasticity reproduce`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from plasticity.errors import DataError
from plasticity.readout.scores import SCORES
from plasticity.reproduction.catalogue import ROWS
from plasticity.reproduction.row import Row
from plasticity.runs.files import parsed

#: what a line of the ledger says of a result
SAID = ("ours", "sd", "seeds", "date", "reached")


def ledger() -> list[dict[str, object]]:
    """A line for each row."""
    return [line(row, result(row.name)) for row in ROWS.values()]


def line(row: Row, found: Mapping[str, object] | None) -> dict[str, object]:
    """A row and what was found, as plain values; None where nothing was."""
    said = {name: None if found is None else found[name] for name in SAID}
    return {"name": row.name, "system": row.system, "what": row.what, "published": row.published, **said,
            "score": row.score, "better": row.better, "data": row.data, "budget": row.budget, "note": row.note,
            "missing": row.missing, "source": row.source, "command": row.command}


def figure(row: Mapping, number: float | None) -> str:
    """A number of a line or result as it is said."""
    return "-" if number is None else SCORES[row["score"]].text(number, 2)


def ours(row: Mapping) -> str:
    """What this library has reached, with the spread over trainings."""
    return figure(row, row["ours"]) + ("" if row["sd"] is None else f" ± {figure(row, row['sd'])}")


def word(reached: bool | None) -> str:
    """Whether a published number was reached."""
    return {None: "-", True: "yes", False: "no"}[reached]


def result(name: str) -> dict[str, object] | None:
    """The result of a row that comes with the library; None where there is none.

    Raises DataError for a file that is no result, and for one that says nothing of the published number.
    """
    file = resources.files("plasticity.reproduction") / "results" / f"{name}.json"
    if not file.is_file():
        return None
    found = parsed(file.read_bytes())
    missing = [name for name in (*SAID, "figures", "quick", "held_out") if name not in found]
    if missing:
        raise DataError(f"{file} is no result of plasticity reproduce: it lacks {missing[0]!r}")
    if found["quick"] or found["held_out"] != "test":
        raise DataError(f"{file} is of a quick look or of the {found['held_out']} part; only whole trainings asked "
                        "about the test part stand beside published numbers")
    return found
