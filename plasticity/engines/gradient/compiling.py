"""How the kernel is compiled, and how a compiled kernel is kept for the next start."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from numba import njit

# contract: a*b + c in one instruction. Nothing is reordered, so the same call gives the same bits.
_OPTIONS = {"error_model": "numpy", "nogil": True, "fastmath": {"contract"}}

compiled = njit(**_OPTIONS)
kept = njit(cache=True, **_OPTIONS)


def sources() -> int:
    """A number that changes with any source of this package.

    Numba keeps a compiled function until its own file changes, whatever becomes of the functions that it calls. So only
    entry points are `kept`, as closures over this number, which Numba's cache compares; what they call is `compiled`
    with them.
    """
    files = sorted(Path(__file__).parent.rglob("*.py"))
    return int(sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:15], 16)
