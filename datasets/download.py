"""One download: bounded in size, verified, and either complete under its name or not there at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from plasticity.datasets.description import Source
from plasticity.errors import DataError

_BLOCK = 2**16
_TIMEOUT = 30.0  # s without a byte
_SCHEMES = ("https", "http", "file")


def download(url: str, source: Source, folder: Path, timeout: float = _TIMEOUT) -> Path:
    """Fetches `source` from `url` into `folder`, with a progress bar on stderr.

    Data go to a temporary file beside the target, which takes the target's name only after size and checksum were
    verified. Raises DataError when offline, too long, truncated or altered; nothing is left behind then.
    """
    if urlsplit(url).scheme not in _SCHEMES:
        raise DataError(f"cannot download {url!r}: only {', '.join(_SCHEMES)} addresses are read")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f"{source.filename}.", suffix=".part")
    except OSError as error:
        raise DataError(f"cannot write to {folder}: {error}") from None
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _fetch(url, source, file, timeout)
        return part.replace(folder / source.filename)
    finally:
        part.unlink(missing_ok=True)


def _fetch(url: str, source: Source, file: BinaryIO, timeout: float) -> None:
    from http.client import HTTPException  # slow to import, and seldom needed
    from urllib.request import urlopen

    digest, size = hashlib.new(source.algorithm), 0
    try:
        with urlopen(url, timeout=timeout) as answer, _progress(source) as advance:
            while block := answer.read(_BLOCK):
                size += len(block)
                if size > source.most:
                    raise DataError(f"{url} is longer than the {source.most} bytes expected of {source.filename}")
                digest.update(block)
                file.write(block)
                advance(len(block))
    except (OSError, HTTPException) as error:
        raise DataError(f"cannot download {url} ({_reason(error)})") from None
    if source.size is not None and size < source.size:
        raise DataError(f"{url} is truncated: {size} of {source.size} bytes")
    if digest.hexdigest() != source.checksum:
        raise DataError(f"{url} is altered: its {source.algorithm} is not that of {source.filename}")


def _reason(error: Exception) -> str:
    """An exception in one line."""
    return " ".join(str(getattr(error, "reason", "") or error or type(error).__name__).split())


@contextlib.contextmanager
def _progress(source: Source) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr, as a function that takes the number of new bytes."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(source.filename, total=source.size)
        yield lambda count: progress.update(task, advance=count)
