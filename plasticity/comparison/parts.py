"""What is compared, a text or an object: how a table calls it, and how it is written down."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path

from plasticity._utils.keeping import unpack
from plasticity._utils.own import is_own
from plasticity.errors import PlasticityError


def name_of(part: object) -> str:
    """A text as it is; the name of an object, or else that of its class."""
    if isinstance(part, str):
        return part
    name = getattr(part, "name", None) or getattr(part, "__name__", None)
    return name if isinstance(name, str) else type(part).__name__


def names_of(parts: Sequence[object]) -> tuple[str, ...]:
    """A name for each, all different: the second "hebb" is "hebb (2)".

    Raises PlasticityError for the same text, or the same object, twice.
    """
    names: list[str] = []
    for number, part in enumerate(parts):
        before = parts[:number]
        if any(part is other for other in before) or (isinstance(part, str) and part in before):
            raise PlasticityError(f"{name_of(part)!r} is named twice; name each once")
        names.append(_free(name_of(part), names))
    return tuple(names)


def _free(name: str, taken: Sequence[str]) -> str:
    numbered = (f"{name} ({number})" for number in range(2, len(taken) + 3))
    return next(each for each in (name, *numbered) if each not in taken)


def described(part: object) -> object:
    """A text (or None) as it is; an object as {"name", "class", and "as": its to_dict()}, or else "digest" where it
    has no such form."""
    if part is None or isinstance(part, str):
        return part
    return {"name": name_of(part), "class": type(part).__name__, **_written(part)}


def _written(part: object) -> dict[str, object]:
    try:
        return {"as": part.to_dict()} if hasattr(part, "to_dict") else {"digest": digest(part)}
    except PlasticityError:  # something in it cannot be kept
        return {"digest": digest(part)}


def read(stored: object) -> object:
    """What `described` wrote. Raises PlasticityError for an object that was not written whole."""
    if not isinstance(stored, Mapping):
        return stored
    if "as" not in stored:
        raise PlasticityError(f"{stored.get('name')!r} was an object that cannot be read from a file; go on from "
                              "Python with compare(..., out=FOLDER, resume=True) and the same object")
    return unpack(stored["as"])


def digest(part: object) -> str:
    """Letters that are the same for objects with the same content.

    An object that only cloudpickle knows (it holds functions without a name, say) may get others in another process,
    so that it counts as another one: it is trained again, and nothing wrong is used.
    """
    import cloudpickle
    import joblib

    try:
        return joblib.hash(part)
    except (pickle.PicklingError, TypeError, AttributeError):
        return hashlib.sha256(cloudpickle.dumps(part)).hexdigest()


def content(part: object) -> str | None:
    """SHA-256 of the file that "file.py:object" names, as it is now; None for all else, and where there is no file."""
    if not is_own(part):
        return None
    path = Path(f"{str(part).strip().rpartition('.py:')[0]}.py").expanduser()
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
