"""How a kernel is compiled, and which functions are kept for the next start: the entry points, with all they call."""

from __future__ import annotations

from pathlib import Path

from numba import njit

from plasticity._utils import compiling

# contract: a*b + c in one instruction. Nothing is reordered, so the same call gives the same bits.
_OPTIONS = {"error_model": "numpy", "nogil": True, "fastmath": {"contract"}}
# reassoc: a sum may be kept as several, one per lane of a register; which ones is settled when it is compiled.
_SUMS = {**_OPTIONS, "fastmath": {"contract", "reassoc", "nsz"}}

compiled, regrouped = njit(**_OPTIONS), njit(**_SUMS)
kept = compiling.kept(Path(__file__).parent, **_OPTIONS)
