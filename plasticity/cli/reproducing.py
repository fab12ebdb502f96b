"""plasticity reproduce."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from plasticity.cli.output import quiet_stdout, say, table, write_json
from plasticity.comparison.run import Interrupted
from plasticity.errors import PlasticityError
from plasticity.reproduction import chosen, figure, ledger, ours, reproduce, word

COLUMNS = ("name", "published", "ours", "seeds", "what")


def show(as_json: bool) -> None:
    """All rows with what this library has reached."""
    rows = ledger()
    if as_json:
        write_json({"rows": rows}, sys.stdout)
        return
    table(f"{len(rows)} published numbers", COLUMNS, [
        (row["name"], figure(row, row["published"]), ours(row), str(row["seeds"] or "-"), row["what"])
        for row in rows], sys.stdout)


def execute(name: str | None, seeds: int, quick: bool, validation: bool, out: Path | None, as_json: bool) -> None:
    """Runs a row, or all rows of a system."""
    if name is None:
        raise PlasticityError("reproduce takes a NAME, of a published number or of a system; see: plasticity reproduce "
                              "--list")
    rows = chosen(name)
    kind = "quick" * quick + "validation" * validation
    with quiet_stdout() as stdout:
        found = []
        for row in rows:
            folder = (out or Path("runs") / "reproduce") / "-".join(filter(None, (row.name, kind)))
            try:
                found.append(reproduce(row, folder, seeds, quick, validation, say, sys.stderr.isatty()))
            except Interrupted as stopped:
                say(f"stopped; the same command goes on from {stopped.path}")
                raise typer.Exit(130) from None
        if as_json:
            write_json(found[0] if len(found) == 1 else {"rows": found}, stdout)
        else:
            table(f"{name}: {'a quick look, ' * quick}held-out {found[0]['held_out']} part",
                  ("name", "published", "ours", "seeds", "reached"),
                  [(row["name"], figure(row, row["published"]), ours(row), str(row["seeds"]), word(row["reached"]))
                   for row in found], stdout)
