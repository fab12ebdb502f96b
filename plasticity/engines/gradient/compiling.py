"""How a kernel is compiled, and which functions are kept for the next start: the entry points, with all they call."""

from __future__ import annotations

from pathlib import Path

from numba import njit

from plasticity._utils import compiling

# contract: a*b + c in one instruction. Nothing is reordered, so the same call gives the same bits.
_OPTIONS = {"error_model": "numpy", "nogil": True, "fastmath": {"contract"}}

compiled = njit(**_OPTIONS)
kept = compiling.kept(Path(__file__).parent, **_OPTIONS)
