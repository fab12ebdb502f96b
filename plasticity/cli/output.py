"""Messages go to stderr; stdout carries the result, and with --json one JSON object and nothing else."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TextIO

from plasticity.errors import PlasticityError


def say(line: str) -> None:
    """One line for the person who waits."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def quiet_stdout() -> Iterator[TextIO]:
    """While it lasts, whatever prints (compilers and child processes too) prints on stderr; gives the real stdout."""
    real = sys.stdout
    real.flush()
    kept = _moved_aside()
    try:
        with redirect_stdout(sys.stderr):
            yield real if kept is None else os.fdopen(os.dup(kept), "w", encoding="utf-8")
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)


def _moved_aside() -> int | None:
    """File descriptor 1 kept under another number, 1 itself sent to stderr; None where stdout is not a real file."""
    try:
        if sys.stdout.fileno() != 1:
            return None
        kept = os.dup(1)
        os.dup2(2, 1)
    except (OSError, ValueError):
        return None
    return kept


def new_folder(stem: str) -> Path:
    """A folder in runs/ that does not exist yet, named by what and when."""
    stem = f"{stem}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = [stem, *(f"{stem}-{k}" for k in range(2, 1000))]
    return next(path for path in (Path("runs") / name for name in names) if not path.exists())


def went_on(stored: Mapping[str, object], given: Mapping[str, object], typed: set[str], what: str) -> None:
    """Raises PlasticityError if an option that the person typed differs from what `what` was started with."""
    for name in sorted(typed & given.keys()):
        if given[name] != stored[name]:
            option = "TASK" if name == "task" else "--" + name.replace("_", "-")
            raise PlasticityError(f"{what} has {option} {stored[name]}, not {given[name]}; it goes on with the "
                                  "settings it was started with")


def write_json(content: Mapping[str, object], stdout: TextIO) -> None:
    from plasticity.runs.files import plain

    stdout.write(json.dumps(plain(content)) + "\n")
    stdout.flush()


def report(result: Mapping[str, object], as_json: bool, stdout: TextIO, title: str) -> None:
    """A result as JSON or as a table of names and values."""
    if as_json:
        write_json(result, stdout)
    else:
        rows = [(name, _text(value)) for name, value in result.items()]
        table(title, ("", ""), rows, stdout)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], stdout: TextIO) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    drawn = Table(title=escape(title), title_justify="left", show_header=any(columns), box=None, pad_edge=False)
    for k, column in enumerate(columns):
        drawn.add_column(column, overflow="fold", style="bold" if k == 0 else None, no_wrap=k == 0)
    for row in rows:
        drawn.add_row(*(escape(cell) for cell in row))
    Console(file=stdout).print(drawn)


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    return ", ".join(_text(item) for item in value) if isinstance(value, list | tuple) else str(value)
