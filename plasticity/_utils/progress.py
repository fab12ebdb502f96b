"""A progress bar on stderr, for a person who waits; where stderr goes to a file, a line about compiling at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

COMPILING = "compiling (first time only)"


@contextmanager
def progress(total: int, done: int, verbose: bool) -> Iterator[Callable[[int, str], None]]:
    """Answers a function (how many more, note) that moves the bar, which tells of compiling while it goes on.

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

        def compiling(first: bool) -> None:
            if console.is_terminal:
                bar.update(task, description=COMPILING)
            elif first:
                console.print(COMPILING)

        with told_of_compiling(compiling, lambda: bar.update(task, description="learning")):
            yield lambda count, note: bar.update(task, advance=count, note=note)


@contextmanager
def told_of_compiling(begun: Callable[[bool], None], ended: Callable[[], None]) -> Iterator[None]:
    """Calls `begun` whenever Numba begins to compile what is not kept from before, and `ended` when it is done.

    begun is told whether it is the first time.
    """
    from numba.core.event import Listener, install_listener

    class Compiling(Listener):
        depth, times = 0, 0  # a function's compilation holds those that it calls

        def on_start(self, event):
            self.depth += 1
            if self.depth == 1:
                self.times += 1
                begun(self.times == 1)

        def on_end(self, event):
            self.depth -= 1
            if self.depth == 0:
                ended()

    with install_listener("numba:compile", Compiling()):
        yield
