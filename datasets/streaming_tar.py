"""Archives too large for memory, of files in folders of words: read in one pass, file by file, never unpacked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from plasticity.datasets.description import MEGABYTE
from plasticity.datasets.unpacking import members
from plasticity.errors import DataError

#: bounds on what an archive may hold
MOST_FILES, MOST_BYTES = 200_000, 8 * MEGABYTE
_NAME = re.compile(r"(?:\./)?(?:\w[\w.]*/)?([a-z_]+)/([\w-]+\.wav)")

Wanted = Callable[[str, str], bool]


def named(path: Path) -> Iterator[tuple[str, str]]:
    """(folder, file name) of every wave file, in the order of the archive or folder."""
    for word, name, _ in _members(path, lambda word, name: False):
        yield word, name


def words_of(path: Path, wanted: Wanted) -> Iterator[tuple[str, str, bytes]]:
    """(folder, file name, content) of the wave files for which wanted(folder, file name).

    Raises DataError for an archive that is incomplete, holds a file twice, or more or larger ones than allowed.
    """
    for word, name, content in _members(path, wanted):
        if content is not None:
            yield word, name, content


def _members(path: Path, wanted: Wanted) -> Iterator[tuple[str, str, bytes | None]]:
    seen: set[tuple[str, str]] = set()
    for word, name, size, read in _folder(path) if path.is_dir() else _tar(path):
        if (word, name) in seen or len(seen) == MOST_FILES or size > MOST_BYTES:
            why = "twice" if (word, name) in seen else f"beyond {MOST_FILES} files or {MOST_BYTES} bytes"
            raise DataError(f"{path} holds {word}/{name} {why}; it is not such an archive")
        seen.add((word, name))
        yield word, name, read() if wanted(word, name) else None


def _tar(path: Path) -> Iterator[tuple[str, str, int, Callable[[], bytes]]]:
    for member, content in members(path):
        named = _NAME.fullmatch(member.name)
        if member.isreg() and named:
            yield named[1], named[2], member.size, content


def _folder(path: Path) -> Iterator[tuple[str, str, int, Callable[[], bytes]]]:
    for file in sorted(path.glob("*/*.wav")):
        named = _NAME.fullmatch(f"{file.parent.name}/{file.name}")
        if named and file.is_file():
            yield named[1], named[2], file.stat().st_size, file.read_bytes
