"""Writes docs/published.md, every published number with what this library reaches, and the table of each system on its
page in docs/systems: python scripts/ledger.py"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from pathlib import Path

from _tables import head, replaced, row

from plasticity.reproduction import figure, ledger, ours, word

DOCS = Path(__file__).resolve().parent.parent / "docs"
TARGET = DOCS / "published.md"
HEAD = """# Published systems, and what this library reaches

Written by `python scripts/ledger.py` from the results that come with the library; each line is made again by its
command, `plasticity reproduce NAME --seeds 3` (all of them: `plasticity reproduce --list`). "Ours" is the mean over
trainings from scratch with its standard deviation, on the published test part, after the last pass. Settings are
those that were published, as far as they were; what had to be chosen for the chorales was chosen on their validation
part. A dash is a number that nobody published, or that was not made yet, of which the settings are a first guess; what
cannot be made says what is missing.

"""
TITLES = {"convolutional": "Convolutional spiking networks", "speech": "Spoken words", "excess": "Excess output",
          "softlif": "Soft LIF units that go on as spikes", "units": "Spiking neural units: digits",
          "chorales": "Spiking neural units: Bach's chorales", "words": "Spiking neural units: Penn Treebank",
          "local": "Local learning on the same tasks"}
COLUMNS = ("name", "what", "published", "ours", "seeds", "reached", "data", "budget")


def systems() -> dict[str, list[Mapping]]:
    """System -> its lines."""
    return {system: list(lines) for system, lines in groupby(ledger(), lambda line: line["system"])}


def page() -> str:
    """The whole ledger."""
    return "".join([HEAD, *(part(system, lines) for system, lines in systems().items())]).rstrip("\n") + "\n"


def part(system: str, lines: list[Mapping]) -> str:
    """One system: heading, table, notes."""
    return (f"## {TITLES[system]}\n\nPublished by {lines[0]['source']}. The system, its figures and what was seen: "
            f"[{system}](systems/{system}.md).\n\n{table(lines)}")


def table(lines: list[Mapping]) -> str:
    return "".join([head(*COLUMNS), *(row(*_cells(line)) for line in lines), "\n", *_notes(lines)])


def pages() -> dict[Path, str]:
    """Page of a system -> its text, with the table as it is now."""
    found = {DOCS / "systems" / f"{system}.md": lines for system, lines in systems().items()}
    return {path: replaced(path.read_text(encoding="utf-8"), "ledger", table(lines).rstrip("\n") + "\n")
            for path, lines in found.items()}


def _cells(line: Mapping) -> tuple[str, ...]:
    return (f"`{line['name']}`", line["what"], figure(line, line["published"]), ours(line), str(line["seeds"] or "-"),
            word(line["reached"]), line["data"] or f"missing: {line['missing']}", line["budget"] or "-")


def _notes(lines: list[Mapping]) -> list[str]:
    """What is to be known of the published numbers, each once."""
    notes = dict.fromkeys(line["note"] for line in lines if line["note"])
    return [f"{note[0].upper()}{note[1:]}.\n\n" for note in notes]


if __name__ == "__main__":
    for path, text in {TARGET: page(), **pages()}.items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(DOCS.parent)}")
