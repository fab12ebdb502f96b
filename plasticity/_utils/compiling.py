"""Functions that are compiled once: the machine code is kept for the next start, by the hash of all that it depends on.

Numba's own cache unpickles whatever lies in its folders. Here a kept file begins with a checksum, is read only where
nobody but this user could have written it, and is compiled again, with one warning, where anything is wrong with it.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import stat
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import llvmlite
import numba
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult, Flags
from numba.core.serialize import dumps

from plasticity import __version__
from plasticity._utils import folders

FOLDER = "compiled"
_DIGEST = hashlib.sha256().digest_size


def kept(sources: Path, apart: bool = False, **options: object) -> Callable:
    """`numba.njit(**options)`, with what it compiles kept on disk.

    sources: a folder; compiled functions are kept until any .py file in it changes, as these may call each other.
    apart: whether no array that a function writes shares memory with another one it is given. Compilers compare
    addresses before a loop that runs on vectors, and only a few: loops over many arrays need to know this.
    """
    def decorated(function: Callable):
        dispatcher = numba.njit(**options)(function)
        dispatcher._cache = _Kept(function, sources)
        if apart:
            dispatcher._compiler._customize_flags = _apart
        return dispatcher

    return decorated


def _apart(flags: Flags) -> Flags:
    """Numba has this setting and no option for it."""
    flags.noalias = True
    return flags


class _Kept(_Cache):
    """The compiled forms of one function, a file each."""

    def __init__(self, function: Callable, sources: Path):
        self._function, self._sources, self._enabled = function, sources, True

    @property
    def cache_path(self) -> str:
        return str(folders.private(FOLDER))

    def load_overload(self, sig, target_context) -> CompileResult | None:
        target_context.refresh()
        path = self._path(sig, target_context.codegen())
        content = None if path is None else _read(path)
        if content is None:
            return None
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(content))
        except Exception:  # it is what was written, so another library has changed
            return _again(path.parent)

    def save_overload(self, sig, data: CompileResult) -> None:
        path = self._path(sig, data.codegen)
        if path is not None and not data.lifted and not data.library.has_dynamic_globals:
            _write(path, dumps(data._reduce()))

    def enable(self) -> None:
        self._enabled = True

    def disable(self) -> None:
        self._enabled = False

    def flush(self) -> None:
        """Nothing is forgotten: a file is valid as long as its name is asked for."""

    def _path(self, sig, codegen) -> Path | None:
        folder = folders.private(FOLDER) if self._enabled else None
        if folder is None:
            return None
        function = self._function
        code, cells = function.__code__, [cell.cell_contents for cell in function.__closure__ or ()]
        said = (__version__, platform.python_version(), numba.__version__, llvmlite.__version__, codegen.magic_tuple(),
                function.__module__, function.__qualname__, code.co_firstlineno, code.co_code.hex(), dumps(cells).hex(),
                _digest(self._sources), sig)
        return folder / f"{function.__name__}-{hashlib.sha256(repr(said).encode()).hexdigest()[:40]}.kept"


@lru_cache(maxsize=16)
def _digest(folder: Path) -> str:
    """Of all sources in a folder."""
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _read(path: Path) -> bytes | None:
    """What is kept in a file; None where there is none, or not to be used, of which a CacheWarning tells."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    except OSError:
        return _again(path.parent)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        content = file.read() if stat.S_ISREG(status.st_mode) and folders.owned(status) else b""
    whole = content[_DIGEST:]
    return whole if content[:_DIGEST] == hashlib.sha256(whole).digest() else _again(path.parent)


def _again(folder: Path) -> None:
    folders.warn(f"compiled programs in {folder} are damaged, or others could have written them; they are compiled "
                 "again")


def _write(path: Path, content: bytes) -> None:
    """At once under its name, so that another process finds it whole or not at all."""
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(content).digest() + content)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        folders.warn(f"compiled programs cannot be kept in {path.parent} ({error.strerror}); they are compiled again "
                     "at the next start")
