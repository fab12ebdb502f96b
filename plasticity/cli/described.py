"""Tables with a sentence under each row, for whatever width the terminal has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import TextIO

GAP, INDENT, LEAST = 1, 4, 12


def described(title: str, columns: Mapping[str, int], rows: Sequence[Sequence[str]], sentences: Sequence[str],
              stdout: TextIO) -> None:
    """Prints rows of cells, wrapped within their columns, and below each row its sentence, over the whole width.

    columns: title -> widest; a column is no wider than its content, and the last gets what is left of the width.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stdout)
    widths = _widths(columns, rows, console.width)
    console.print(Text(title, style="italic"))
    console.print(Text("\n".join(_lines(list(columns), widths)), style="bold"))
    for cells, sentence in zip(rows, sentences, strict=True):
        first, *more = _lines(cells, widths)
        name = cells[0]
        console.print(Text.assemble((name, "bold"), first[len(name):]))
        told = wrap(sentence, console.width - INDENT)
        console.print(Text("\n".join([*more, *(" " * INDENT + line for line in told)])))


def _widths(columns: Mapping[str, int], rows: Sequence[Sequence[str]], total: int) -> list[int]:
    most = [max(len(text) for text in column) for column in zip(columns, *rows, strict=True)]
    widths = [min(content, limit) for content, limit in zip(most, columns.values(), strict=True)]
    left = total - sum(width + GAP for width in widths[:-1])
    return [*widths[:-1], max(min(widths[-1], left), LEAST)]


def _lines(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    wrapped = [wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    return [(" " * GAP).join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()
            for parts in zip_longest(*wrapped, fillvalue="")]
