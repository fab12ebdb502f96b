"""What other libraries want before they are imported, for users who have no home that they can write."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plasticity._utils import folders


def settle_matplotlib() -> None:
    """Gives matplotlib a folder in the cache where its own cannot be written, so that it neither warns nor makes new
    ones."""
    if "matplotlib" in sys.modules or "MPLCONFIGDIR" in os.environ:
        return
    try:
        usual = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "matplotlib"
    except RuntimeError:
        usual = None
    if usual is None or not _can_write(usual):
        place, _ = folders.usable("matplotlib")
        if place is not None:
            os.environ["MPLCONFIGDIR"] = str(place)


def _can_write(folder: Path) -> bool:
    """Whether a folder, or the nearest one above that exists, can be written."""
    try:
        nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    except (OSError, StopIteration):
        return False
    return os.access(nearest, os.W_OK | os.X_OK)


@contextmanager
def readable_python() -> Iterator[None]:
    """While it lasts, no one looks for Python's sources beside an interpreter that this user may not read: distutils,
    which Brian2 imports, takes that for an error."""
    home = getattr(sys, "_home", None)
    hidden = home is not None and not os.access(home, os.R_OK | os.X_OK)
    if hidden:
        sys._home = None
    try:
        yield
    finally:
        if hidden:
            sys._home = home
