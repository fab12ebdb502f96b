"""Packed files, read in one pass to their very end, where their checksums stand, and no further than in proportion."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from plasticity.datasets.description import MEGABYTE
from plasticity.errors import DataError, PlasticityError

#: bytes that a file may unpack to: so many times its own, and some
RATIO, SPARE = 100, 64 * MEGABYTE
WHOLE = "a complete tar archive"
_BLOCK = MEGABYTE


class Packing(NamedTuple):
    """How a file begins, and what opens it."""

    begins: bytes
    opened: Callable[[Path], BinaryIO]


PACKINGS: Mapping[str, Packing] = MappingProxyType({
    "gzip": Packing(b"\x1f\x8b", gzip.open), "bzip2": Packing(b"BZh", bz2.open),
    "xz": Packing(b"\xfd7zXZ\0", lzma.open), "tar": Packing(b"", lambda path: path.open("rb"))})


class Unpacked:
    """What a packed file holds. Raises DataError beyond `most` bytes."""

    def __init__(self, stream: BinaryIO, most: int, path: Path):
        self._stream, self._left, self._path = stream, most, path

    def read(self, count: int) -> bytes:
        """No more than `count` bytes; none at the end, once the checksum there was right."""
        content = self._stream.read(min(count, self._left + 1))
        self._left -= len(content)
        if self._left < 0:
            raise DataError(f"{self._path} unpacks to more than {RATIO} times its size; it is no data set, remove it")
        return content


def regular(path: Path) -> Path:
    """The path of a regular file. Raises DataError for anything else: a pipe or a device may never end."""
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no file; remove or replace it")
    return path


@contextmanager
def readable(path: Path, what: str) -> Iterator[None]:
    """Whatever a reader that meets any bytes raises is a DataError: the file is not `what`."""
    try:
        yield
    except PlasticityError:
        raise
    except Exception as error:
        raise DataError(f"{path} is not {what} ({error or type(error).__name__})") from None


@contextmanager
def unpacked(path: Path, what: str, packings: Collection[str]) -> Iterator[Unpacked]:
    """A file that is packed in one of these ways, of `PACKINGS`; `what` is it called in errors."""
    with readable(path, what), ExitStack() as stack:
        with regular(path).open("rb") as file:
            begins = file.read(8)
        fitting = [PACKINGS[name] for name in packings if begins.startswith(PACKINGS[name].begins)]
        if not fitting:
            raise ValueError(f"it starts with {begins[:4].hex(' ')}")
        stream = stack.enter_context(fitting[0].opened(path))
        yield Unpacked(stream, RATIO * path.stat().st_size + SPARE, path)


def members(path: Path) -> Iterator[tuple[tarfile.TarInfo, Callable[[], bytes]]]:
    """Each member of a tar archive, packed or not, and a function that reads it, before the next one is asked for.

    Raises DataError for an archive that is not whole: what was skipped, and what comes after the last member, is read
    as well.
    """
    with unpacked(path, WHOLE, PACKINGS) as stream, tarfile.open(fileobj=stream, mode="r|") as packed:
        for member in packed:
            yield member, lambda member=member: _content(path, packed, member)
        _require_end(path, packed.fileobj)


def _content(path: Path, packed: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    with readable(path, WHOLE):
        content = packed.extractfile(member).read()
        if len(content) != member.size:
            raise DataError(f"{path} is not a complete tar archive ({member.name} is cut off)")
        return content


def _require_end(path: Path, stream) -> None:
    """An archive ends in zeros: anything else is behind a header that was altered, and none is an archive cut off."""
    length = 0
    while block := stream.read(_BLOCK):
        length += len(block)
        if block.strip(b"\0"):
            raise DataError(f"{path} is not a complete tar archive (a header in it was altered)")
    if not length:
        raise DataError(f"{path} is not a complete tar archive (it ends too early)")
