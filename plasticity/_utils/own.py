"""Objects of a person's own, named as "file.py:object", where a name of a catalogue could stand."""

from __future__ import annotations

import importlib.util
import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from plasticity._utils.catalogue import Call, called, parse
from plasticity.errors import PlasticityError

_OWN = re.compile(r"(?P<file>.+\.py):(?P<object>[^()]*)(?P<options>\(.*\))?", re.DOTALL)


def is_own(text: object) -> bool:
    """Whether a text names an object in a file."""
    return isinstance(text, str) and _OWN.fullmatch(text.strip()) is not None


def load(text: str, what: str) -> tuple[object, Call]:
    """The object that "file.py:object" or "file.py:object(option=value)" names, and the call as it is written.

    The file is run. Raises PlasticityError, calling the object `what`, when there is no such file or object, and when
    the file cannot be run.
    """
    found = _OWN.fullmatch(text.strip())
    call = parse(found["object"].strip() + (found["options"] or ""), what)
    path = Path(found["file"]).expanduser()
    if not path.is_file():
        raise PlasticityError(f"{what} {text!r}: there is no file {path}")
    module = _module(path, text, what)
    if not hasattr(module, call.name):
        public = sorted(name for name in vars(module) if not name.startswith("_"))
        raise PlasticityError(f"{what} {text!r}: {path} defines no {call.name!r} (it has: "
                              f"{', '.join(public) or 'nothing'})")
    return getattr(module, call.name), call


def make(text: str, what: str, kind: type, options: Mapping[str, object]) -> object:
    """The `kind` that a text names, or what a function there makes of its options.

    Raises PlasticityError, calling the object `what`, for anything else, and for options where there is no function.
    """
    found, call = load(text, what)
    if callable(found) and not isinstance(found, kind):
        found = called(what, text, found, call.arguments, {**call.options, **options})
    elif call.arguments or call.options or options:
        raise PlasticityError(f"{what} {text!r} is no function, so it takes no options")
    if not isinstance(found, kind):
        raise PlasticityError(f"{what} {text!r} is {type(found).__name__}, no {what} and no function that makes one")
    return found


def takes(function: object, argument: str) -> bool:
    """Whether a function has an argument of that name; functions that do not tell have none."""
    try:
        return argument in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def _module(path: Path, text: str, what: str):
    """The file as a module, run anew; it can be found by pickle under its own name afterwards."""
    name = f"plasticity_own_{path.stem}_{abs(hash(path.resolve())):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except PlasticityError:
        raise
    except Exception as error:
        raise PlasticityError(f"{what} {text!r}: {path} cannot be run: {type(error).__name__}: {error}") from error
    return module
