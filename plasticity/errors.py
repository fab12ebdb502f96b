"""Errors a user can mend: one clear line each. The command turns them into exit code 2."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class PlasticityError(ValueError):
    """Something the caller gave cannot be used; the message names it and the fix."""


class LanguageError(PlasticityError):
    """A text is outside the rule language."""


class RefusedError(PlasticityError):
    """An engine cannot run this rule, neuron or network; the message is the reason."""


class DataError(PlasticityError):
    """A data file is missing, truncated or altered."""


class NetworkWarning(UserWarning):
    """A network runs, but not as its author will have meant (silent, exploding, too coarse a step)."""


class DataWarning(UserWarning):
    """Data are used, but not all that lies beside them."""


class CacheWarning(UserWarning):
    """Compiled programs cannot be used again, or not be kept: they are compiled once more."""


def quoted(value: object, most: int = 200) -> str:
    """A value as an error shows it, shortened."""
    try:
        return shortened(" ".join(map(str.strip, repr(value).splitlines())), most)
    except ValueError:  # a whole number of thousands of digits
        return f"a {type(value).__name__} that is too long to be shown"


def shortened(text: object, most: int = 200) -> str:
    """A text with at most so many letters."""
    text = str(text)
    return text if len(text) <= most else f"{text[:most]}..."


def unknown(kind: str, name: str, known: Iterable[str]) -> PlasticityError:
    """The error for a name that is not in a catalogue, with the nearest match."""
    known = sorted(known)
    near = get_close_matches(shortened(name, 100), known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return PlasticityError(f"unknown {kind} {quoted(name, 100)}{hint} (known: {', '.join(known)})")


def cannot_write(path: Path, error: OSError) -> PlasticityError:
    """The error of a file or folder that cannot be written."""
    return PlasticityError(f"{path} cannot be written ({error.strerror or error}); make room, or see to it that it can "
                           "be, and go on")


def choice(argument: str, value: str, known: Iterable[str]) -> str:
    """`value`, if it is one of `known`; else an error that names the argument."""
    known = tuple(known)
    if not any(isinstance(value, type(each)) and value == each for each in known):
        raise unknown(f"value for {argument}:", value, known)
    return value
