"""The lines of metrics.jsonl: one object each, written as a run goes on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from plasticity.errors import DataWarning
from plasticity.runs.files import parsed, read_bytes, sha256, write_bytes


def lines(path: Path) -> list[dict]:
    """All that can be read. A last line that a kill cut off is left out, and others with one DataWarning."""
    whole = _content(path).split(b"\n")[:-1]
    rows = [row for row in map(_row, whole) if row is not None]
    if len(rows) < len(whole):
        warnings.warn(f"{path} is damaged: {len(whole) - len(rows)} of its {len(whole)} lines cannot be read and are "
                      "left out", DataWarning, stacklevel=3)
    return rows


def seal(path: Path) -> dict[str, object]:
    """What tells whether the file still begins with the lines that it has now."""
    content = _content(path)
    return {"bytes": len(content), "sha256": sha256(content)}


def cut(path: Path, shown: int, sealed: Mapping[str, object]) -> None:
    """Drops lines from after a checkpoint, which will be written again.

    sealed: what `seal` answered then. Where the lines before it were altered, a DataWarning says so, and those that
    are of no later moment are kept.
    """
    content = _content(path)
    kept = content[:sealed.get("bytes", 0)]
    if sealed and sha256(kept) != sealed["sha256"]:
        warnings.warn(f"{path} was altered since the checkpoint; its lines are kept as far as they can be read",
                      DataWarning, stacklevel=4)
        rows = ((line, _row(line)) for line in content.split(b"\n")[:-1])
        kept = b"".join(line + b"\n" for line, row in rows if row is not None and row["images"] <= shown)
    write_bytes(path, kept)


def _content(path: Path) -> bytes:
    return read_bytes(path) if path.exists() else b""


def _row(line: bytes) -> dict | None:
    """One object that says how many samples had been shown; None for anything else."""
    try:
        row = parsed(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and type(row.get("images")) in (int, float) else None
