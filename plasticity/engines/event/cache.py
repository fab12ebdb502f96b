"""Generated source becomes a module on disk, so that Numba can cache it and a second start compiles nothing."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from plasticity import __version__
from plasticity._utils import folders


def load(source: str, called: Iterable[Path] = (Path(__file__).with_name("support.py"),)) -> ModuleType:
    """The module of a source text, written once under a name made of its hash.

    called: files whose functions are compiled into it, so that a change of theirs makes another program.
    """
    texts = [file.read_text(encoding="utf-8") for file in called]
    name = "plasticity_program_" + hashlib.sha256("\n".join([__version__, *texts, source]).encode()).hexdigest()[:20]
    if name in sys.modules:
        return sys.modules[name]
    path = folders.cache() / "programs" / f"{name}.py"
    if not (path.exists() and path.read_text(encoding="utf-8") == source):
        _write(path, source)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba looks the module up by name when it loads cached code
    spec.loader.exec_module(module)
    return module


def _write(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(source)
    Path(temporary).replace(path)
