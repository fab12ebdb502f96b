"""Finding, verifying and downloading the files of a data set."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from plasticity._utils import folders
from plasticity.datasets.description import DataSet, Form, Source
from plasticity.datasets.download import download
from plasticity.errors import DataError

VARIABLE = "PLASTICITY_DATA"


def form_at_hand(description: DataSet) -> tuple[Form, list[Path]]:
    """The form of a data set that is found, or else can be downloaded, with its verified files.

    Each file is looked for in $PLASTICITY_DATA/<folder of the data set>, in $PLASTICITY_DATA itself, and in the cache.
    Raises DataError when a file is altered, or there is none and it cannot be downloaded.
    """
    for form in description.forms:
        found = [_find(description, source) for source in form.sources]
        if all(found):
            return form, found
    for form in description.forms:
        if form.can_be_downloaded:
            return form, [_find(description, source) or _download(description, source) for source in form.sources]
    names = " or ".join(source.filename for source in description.sources)
    raise DataError(f"{description.name}: {names} not found and without an official address; {_hint(description)}")


def verified_file(description: DataSet, source: Source) -> Path:
    """One file of a data set (or of anything with the same names), found or downloaded, and verified."""
    return _find(description, source) or _download(description, source)


def cache_folder(description: DataSet) -> Path:
    """data/<name> below the library's cache."""
    return folders.cache() / "data" / description.name


def _find(description: DataSet, source: Source) -> Path | None:
    """The verified file, wherever it lies; None when it lies nowhere."""
    for folder in candidates(description):
        path = folder / source.filename
        if path.is_file():
            return _verified(path, source, description)
    return None


def candidates(description: DataSet) -> Iterable[Path]:
    """The folders in which a data set (anything with a name and `folders`) is looked for."""
    given = os.environ.get(VARIABLE)
    if given:
        root = Path(given).expanduser()
        if not root.is_dir():
            raise DataError(f"${VARIABLE} is {given!r}, which is not a folder; correct it or unset it")
        yield from (root / name for name in (description.name, *description.folders))
        yield root
    yield cache_folder(description)


def _verified(path: Path, source: Source, description: DataSet) -> Path:
    if _digest(path, source.algorithm) == source.checksum:
        return path
    size = path.stat().st_size
    what = "truncated" if source.size is not None and size < source.size else "altered, or belongs to another data set"
    raise DataError(f"{path} is {what} ({source.algorithm} is not that of {description.name}'s {source.filename}; "
                    f"{size} bytes{'' if source.size is None else f', expected {source.size}'}); remove or replace it")


def _digest(path: Path, algorithm: str) -> str:
    digest = hashlib.new(algorithm)
    with path.open("rb") as file:
        while block := file.read(2**20):
            digest.update(block)
    return digest.hexdigest()


def _download(description: DataSet, source: Source) -> Path:
    reasons = [] if source.urls else [f"{source.filename} not found, and it has no official address"]
    for url in source.urls:
        try:
            return download(url, source, cache_folder(description))
        except DataError as error:
            reasons.append(str(error))
    raise DataError(f"{description.name}: {'; '.join(reasons)}; {_hint(description)}")


def _hint(description: DataSet) -> str:
    where = f"put the official files into ${VARIABLE}/{description.name}/"
    return f"{where} ({description.by_hand or f'see {description.homepage}'}; {description.citation})"
