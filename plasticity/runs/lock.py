"""One writer per folder, by a lock that the system takes back when its process ends, however it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plasticity.errors import PlasticityError, cannot_write

LOCK = ".lock"


@contextmanager
def one_writer(folder: Path) -> Iterator[None]:
    """While it lasts, nobody else writes into the folder, which is created.

    Raises PlasticityError, naming the process, where somebody does.
    """
    from filelock import FileLock, Timeout

    place = folder / LOCK
    lock = FileLock(place, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise PlasticityError(f"{folder} is being written by process {_writer(place)}, which goes on; wait for it, or "
                              "end it first") from None
    except OSError as error:
        raise cannot_write(folder, error) from None
    try:
        with suppress(OSError):  # it only tells others who writes
            place.write_text(str(os.getpid()))
        yield
    finally:
        with suppress(OSError):  # while it is held, so that nobody waits for a file that is gone
            place.unlink()
        lock.release()


def require_empty(folder: Path, config: str) -> None:
    """Raises PlasticityError unless the folder can be begun in: it is not there, or holds a lock at most.

    config: the file by which something to go on with is told.
    """
    if folder.exists() and not (folder.is_dir() and all(each.name == LOCK for each in folder.iterdir())):
        begun = (folder / config).exists()
        raise PlasticityError(f"{folder} is not an empty folder; choose another --out"
                              + (f", or go on with --resume {folder}" if begun else ""))


def _writer(place: Path) -> str:
    with suppress(OSError, ValueError):
        return str(int(place.read_text()))
    return "?"
