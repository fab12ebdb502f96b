"""JSON with a checksum over all that it says: a file that was altered, or written by another version, is not used."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from plasticity.errors import DataError, PlasticityError
from plasticity.runs.files import altered, plain, read_json, sha256, write_json

FORM = 2  # of all these files; one of another form is of another version
_FORM, _SUM = "form", "sha256"
_MISTAKES = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


def write_sealed(path: Path, content: Mapping[str, object]) -> None:
    """Writes an object whose names are not "form" or "sha256", which are added."""
    content = plain(dict(content))
    write_json(path, {_FORM: FORM, _SUM: _sum(content), **content})


def read_sealed(path: Path, *names: str) -> dict[str, object]:
    """What `write_sealed` wrote. names: what must be in it.

    Raises DataError, naming the file, where it is missing or damaged, was altered, or is of another version.
    """
    content = read_json(path)
    form, stored = content.pop(_FORM, None), content.pop(_SUM, None)
    if form != FORM:
        raise DataError(f"{path} was written by another version (form {str(form)[:20]}, not {FORM}); start anew")
    if stored != _sum(content):
        raise altered(path)
    missing = [name for name in names if name not in content]
    if missing:
        raise DataError(f"{path} has no {missing[0]!r}: it is another file than this")
    return content


@contextmanager
def as_written(path: Path) -> Iterator[None]:
    """What goes wrong with what a file said is a DataError that names the file: it is of another form than expected."""
    try:
        yield
    except PlasticityError:
        raise
    except _MISTAKES as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(f"{path} does not hold what this version writes ({reason})") from None


def _sum(content: Mapping[str, object]) -> str:
    return sha256(json.dumps(content, sort_keys=True).encode())
