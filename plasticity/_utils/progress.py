"""A progress bar on stderr, for a person who waits: silent when stderr goes to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def progress(total: int, done: int, verbose: bool) -> Iterator[Callable[[int, str], None]]:
    """Answers a function (how many more, note) that moves the bar.

    total, done: how many there are in all, and how many are done already. verbose: whether there is a bar at all.
    """
    if not verbose:
        yield lambda count, note: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
               TextColumn("{task.fields[note]}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("learning", total=total, completed=done, note="")
        yield lambda count, note: bar.update(task, advance=count, note=note)
