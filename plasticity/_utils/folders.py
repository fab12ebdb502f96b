"""Where the library keeps what it made or fetched."""

from __future__ import annotations

import os
import stat
import warnings
from functools import lru_cache
from pathlib import Path

from plasticity.errors import CacheWarning

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def cache() -> Path:
    """$PLASTICITY_CACHE, else $XDG_CACHE_HOME/plasticity, else ~/.cache/plasticity; for who has no home, a temporary
    folder."""
    chosen = os.environ.get("PLASTICITY_CACHE")
    if chosen:
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plasticity"
    except RuntimeError:
        return temporary()


def temporary() -> Path:
    """A folder of this user for what need not last."""
    import tempfile  # slow to import, and seldom needed

    return Path(tempfile.gettempdir()) / f"plasticity-{os.geteuid() if hasattr(os, 'geteuid') else 'user'}"


def private(name: str) -> Path | None:
    """A folder in the cache that nobody else can write, or else in `temporary`; None where neither can be had.

    A CacheWarning says, once, why it is not the first.
    """
    return _private(cache() / name, temporary() / name)


@lru_cache(maxsize=8)
def _private(first: Path, second: Path) -> Path | None:
    place, reason = _first_usable(first, second)
    if reason is not None:
        where = "are not kept" if place is None else f"go to {place} instead"
        warn(f"{reason}: compiled programs {where}; set PLASTICITY_CACHE to a folder that is yours alone")
    return place


def usable(name: str) -> tuple[Path | None, str | None]:
    """What `private` answers, and why it is not the folder in the cache (None: it is)."""
    return _first_usable(cache() / name, temporary() / name)


def _first_usable(first: Path, second: Path) -> tuple[Path | None, str | None]:
    reason = _unusable(first)
    if reason is None:
        return first, None
    # the folder around it is checked as well: in one that is common, anybody could put another in its place
    return None if _unusable(second.parent) or _unusable(second) else second, reason


def warn(message: str) -> None:
    """A CacheWarning of one line, said once: no place in the program has caused it."""
    warnings.warn_explicit(message, CacheWarning, "<plasticity>", 1, __name__,
                           globals().setdefault("__warningregistry__", {}))


def _unusable(folder: Path) -> str | None:
    """Why a folder, which is made where there is none, is not to be used; None where it is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        return f"{folder} cannot be made ({error.strerror})"
    if not stat.S_ISDIR(status.st_mode) or not owned(status):
        return f"{folder} can be written by others"
    return None if os.access(folder, os.W_OK | os.X_OK) else f"{folder} cannot be written"


def owned(status: os.stat_result) -> bool:
    """Whether a file or folder belongs to this user, or the system's, and nobody else may write it."""
    if not hasattr(os, "geteuid"):  # where there are no owners in this sense, the folder of a user is theirs alone
        return True
    return status.st_uid in (0, os.geteuid()) and not status.st_mode & OTHERS_WRITE
