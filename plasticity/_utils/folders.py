"""Where the library keeps what it made or fetched."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """$PLASTICITY_CACHE, else $XDG_CACHE_HOME/plasticity, else ~/.cache/plasticity."""
    given = os.environ.get("PLASTICITY_CACHE")
    return Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plasticity"
