"""Archives of many small files, read in memory: nothing is ever unpacked to disk, so no name in one can do harm."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType

from plasticity.datasets.description import MEGABYTE
from plasticity.datasets.files import candidates
from plasticity.datasets.unpacking import members, readable, regular
from plasticity.errors import DataError


@dataclass(frozen=True)
class Archive:
    """A data set that is published as many files: described by what they hold, not by how they were packed.

    filename: the archive (.zip, .tar, .tar.gz, ...); one of `also`, or a folder called `unpacked` beside it, will do as
    well. members: how many files end in one of `endings`. content: sha256 over their sorted names and contents, see
    `content_of`.
    """

    name: str
    title: str
    filename: str
    unpacked: str
    endings: tuple[str, ...]
    members: int
    content: str
    licence: str
    citation: str
    homepage: str
    classes: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    most: int = 512 * MEGABYTE


def files_of(archive: Archive) -> dict[str, bytes]:
    """name -> content of every file of the data set, verified.

    Looked for in $PLASTICITY_DATA and in the cache, packed or as a folder. Raises DataError when it is not there,
    cannot be read, or holds something else.
    """
    found = None
    for folder in candidates(archive):
        packed = next((folder / name for name in (archive.filename, *archive.also) if (folder / name).is_file()), None)
        if packed is not None:
            found = _READERS.get(packed.suffix, read_tar)(packed, archive.endings, archive.most)
        elif (folder / archive.unpacked).is_dir():
            found = read_folder(folder / archive.unpacked, archive.endings, archive.most)
        if found is not None:
            return _verified(archive, found, folder)
    raise DataError(f"{archive.name}: neither {archive.filename} nor the folder {archive.unpacked} found; put one of "
                    f"them into $PLASTICITY_DATA ({archive.homepage}; {archive.citation})")


def read_tar(path: Path, endings: tuple[str, ...], most: int) -> dict[str, bytes]:
    """The regular files of an archive that end in one of `endings`, by their names without folders."""
    found: dict[str, bytes] = {}
    for member, content in members(path):
        if not (member.isreg() and member.name.endswith(endings)):
            continue
        if member.size > most:
            raise DataError(f"{path} unpacks to more than the {most} bytes this data set may have")
        _add(found, PurePosixPath(member.name).name, content(), path)
        most -= member.size
    return found


def read_zip(path: Path, endings: tuple[str, ...], most: int) -> dict[str, bytes]:
    """The same from a zip file, whose members carry checksums of their own."""
    found: dict[str, bytes] = {}
    with readable(path, "a whole zip file"), zipfile.ZipFile(regular(path)) as packed:
        for member in packed.infolist():
            if member.is_dir() or not member.filename.endswith(endings):
                continue
            if member.file_size > most:
                raise DataError(f"{path} unpacks to more than the {most} bytes this data set may have")
            with packed.open(member) as file:  # ends where the file says, so that nothing unpacks to more
                _add(found, PurePosixPath(member.filename).name, file.read(), path)
            most -= member.file_size
    return found


def read_folder(path: Path, endings: tuple[str, ...], most: int) -> dict[str, bytes]:
    """The same from a folder."""
    chosen = sorted(file for file in path.iterdir() if file.is_file() and file.name.endswith(endings))
    if sum(file.stat().st_size for file in chosen) > most:
        raise DataError(f"{path} holds more than the {most} bytes this data set may have")
    return {file.name: file.read_bytes() for file in chosen}


def content_of(files: Mapping[str, bytes]) -> str:
    """A checksum of names and contents: the same however and in which order they were packed."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name} {hashlib.sha256(files[name]).hexdigest()}\n".encode())
    return digest.hexdigest()


#: ending of an archive -> what reads it; tar files have many
_READERS: Mapping[str, Callable[[Path, tuple[str, ...], int], dict[str, bytes]]] = MappingProxyType({".zip": read_zip})


def _add(found: dict[str, bytes], name: str, content: bytes, path: Path) -> None:
    if name in found:
        raise DataError(f"{path} holds two files called {name}")
    found[name] = content


def _verified(archive: Archive, found: dict[str, bytes], where: Path) -> dict[str, bytes]:
    if len(found) != archive.members:
        raise DataError(f"{archive.name} in {where} has {len(found)} files, expected {archive.members}; it is "
                        "incomplete or another version")
    if content_of(found) != archive.content:
        raise DataError(f"{archive.name} in {where} is altered or another version (its files do not have the contents "
                        "described); remove or replace it")
    return found
