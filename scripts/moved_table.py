"""Writes the table of moved modules into CHANGELOG.md: python scripts/moved_table.py"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from _tables import head, replaced, row

from plasticity._utils.moved import MOVED

TARGET = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def table() -> str:
    """Where each module went, those of one room together."""
    return head("before, in `plasticity`", "now, in `plasticity`") + "".join(_rows())


def _rows() -> Iterator[str]:
    by_room = sorted(MOVED.items(), key=lambda item: (item[1].split(".")[0], item[1], item[0]))
    for _, moves in groupby(by_room, key=lambda item: item[1].split(".")[0]):
        for old, new in moves:
            yield row(f"`{old}`", f"`{new}`")


def page(text: str) -> str:
    """The page with the table in its place."""
    return replaced(text, "moved_table", table())


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
    print(TARGET.name)
