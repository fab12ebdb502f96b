"""How much memory a person's data may ask for."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path

from plasticity._utils.validation import require_above_zero
from plasticity.datasets.description import MEGABYTE
from plasticity.errors import DataError, PlasticityError

VARIABLE = "PLASTICITY_LIMIT_MB"
DEFAULT_MB = 2048.0


def limit_bytes(limit_mb: float | None = None) -> int:
    """The most bytes that arrays of one task may take: limit_mb, else $PLASTICITY_LIMIT_MB, else 2,048 MB.

    Raises PlasticityError for a limit that is no positive number.
    """
    if limit_mb is not None:
        require_above_zero(limit_mb=limit_mb)
        return int(limit_mb * MEGABYTE)
    text = os.environ.get(VARIABLE) or str(DEFAULT_MB)
    try:
        require_above_zero(**{f"${VARIABLE}": float(text)})
    except ValueError:
        raise PlasticityError(f"${VARIABLE} must be a positive number of megabytes, got {text!r}") from None
    return int(float(text) * MEGABYTE)


def require_room(path: Path, n_bytes: int, limit: int) -> None:
    """Raises DataError when data announce more bytes than the limit, before any of them is read."""
    if n_bytes > limit:
        raise DataError(f"{path} holds {math.ceil(n_bytes / MEGABYTE):,} MB, more than the {limit / MEGABYTE:,.6g} MB "
                        f"that are read; raise limit_mb= or ${VARIABLE} if it is meant to")


def bytes_of(shape: Iterable[int], itemsize: int = 4) -> int:
    """What an array of this shape takes."""
    return math.prod(shape) * itemsize
