"""Fields of dataclasses and arguments of functions, held to the types and ranges that they are declared with, so that a
mistake is named where it is made."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from numbers import Integral
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, NamedTuple, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

from plasticity._utils.ranges import is_number, outside
from plasticity.errors import PlasticityError, quoted

P, T = ParamSpec("P"), TypeVar("T")


class Misfit(NamedTuple):
    """A value that is not of the type that stands at a place, or not in its range: then what of it, as shown."""

    place: str
    hint: object
    value: object
    outside: str = ""


def require_fields(thing: object) -> None:
    """Raises PlasticityError for the first field of a dataclass that holds something else than it is declared with.

    A float may be any real number, an int any whole one (no bool), an array a list of numbers, too. A field may have a
    range besides, Annotated[float, POSITIVE], which holds for all numbers of an array.
    """
    for name, hint in _hints(type(thing)).items():
        wrong = _misfit(name, hint, getattr(thing, name))
        if wrong:
            label = "" if wrong.place == "name" else getattr(thing, "name", "")
            raise PlasticityError(f"{wrong.place} of {type(thing).__name__}{f' {label!r}' if label else ''} must be "
                                  f"{_wanted(wrong)}, got {_seen(wrong)}{_advice(wrong)}")


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """The function, with its arguments held to their annotations, types and ranges, before it does anything.

    Arrays are left to it, as their shapes belong to what it says of them.
    """

    @functools.wraps(function)
    def held(*args: P.args, **options: P.kwargs) -> T:
        signature, hints = _signature(function)
        try:
            given = signature.bind(*args, **options).arguments
        except TypeError:  # the call itself says it best
            return function(*args, **options)
        for name, value in given.items():
            several = _SEVERAL.get(signature.parameters[name].kind, lambda value: (value,))
            wrong = next(filter(None, (_misfit(name, hints[name], each) for each in several(value))), None)
            if wrong:
                raise PlasticityError(f"{wrong.place} must be {_wanted(wrong)}, got {_seen(wrong)}{_advice(wrong)}")
        return function(*args, **options)

    return held


#: kind of an argument that stands for several -> all of them
_SEVERAL: Mapping[object, Callable] = MappingProxyType({
    inspect.Parameter.VAR_POSITIONAL: tuple, inspect.Parameter.VAR_KEYWORD: lambda value: tuple(value.values())})


@lru_cache(maxsize=256)
def _signature(function: Callable) -> tuple[inspect.Signature, dict[str, object]]:
    signature = inspect.signature(function)
    hints = get_type_hints(function, include_extras=True)
    hints = {name: hint for name, hint in hints.items() if np.ndarray not in (hint, *get_args(hint))}
    return signature, {name: hints.get(name, object) for name in signature.parameters}


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, object]:
    hints = get_type_hints(kind, include_extras=True)
    return {part.name: hints[part.name] for part in fields(kind)}


def _misfit(place: str, hint: object, value: object) -> Misfit | None:
    return _FORMS.get(get_origin(hint), _of_class)(place, hint, value)


def _of_class(place: str, hint: object, value: object) -> Misfit | None:
    fits = _FITS[hint](value) if hint in _FITS else isinstance(value, get_origin(hint) or hint)
    return None if fits else Misfit(place, hint, value)


def _of_range(place: str, hint: object, value: object) -> Misfit | None:
    kind, within = get_args(hint)
    misfit = _misfit(place, kind, value)
    beyond = "" if misfit else outside(within, value)
    return Misfit(place, hint, value, beyond) if beyond else misfit


def _of_union(place: str, hint: object, value: object) -> Misfit | None:
    """That of the one choice which is nearest: what is out of range, or wrong within a mapping; or else the whole."""
    wrong = [_misfit(place, choice, value) for choice in get_args(hint)]
    if None in wrong:
        return None
    return next((each for each in wrong if each.outside or each.place != place),
                Misfit(place, hint, value))


def _of_mapping(place: str, hint: object, value: object) -> Misfit | None:
    if not isinstance(value, Mapping):
        return Misfit(place, hint, value)
    of_name, of_value = get_args(hint)
    wrong = (_misfit(f"the name {name!r} in {place}", of_name, name) or _misfit(f"{place}[{name!r}]", of_value, each)
             for name, each in value.items())
    return next(filter(None, wrong), None)


def _of_tuple(place: str, hint: object, value: object) -> Misfit | None:
    kinds = get_args(hint)
    if not isinstance(value, tuple) or (kinds[-1] is not Ellipsis and len(kinds) != len(value)):
        return Misfit(place, hint, value)
    kinds = kinds[:1] * len(value) if kinds[-1] is Ellipsis else kinds
    wrong = (_misfit(f"{place}[{number}]", kind, each)
             for number, (kind, each) in enumerate(zip(kinds, value, strict=True)))
    return next(filter(None, wrong), None)


def _numeric(value: object) -> bool:
    """Whether something is an array of numbers, or could be one; masked values are none."""
    if isinstance(value, list | tuple):
        try:
            value = np.asarray(value)
        except ValueError:
            return False
    return hasattr(value, "__array__") and not np.ma.is_masked(value) and getattr(value.dtype, "kind", "f") in "biuf"


_FORMS: Mapping[object, Callable] = MappingProxyType({
    Annotated: _of_range, Union: _of_union, UnionType: _of_union, Mapping: _of_mapping, tuple: _of_tuple})
_FITS: Mapping[object, Callable[[object], bool]] = MappingProxyType({
    float: is_number,
    int: lambda value: isinstance(value, Integral) and not isinstance(value, bool),
    bool: lambda value: isinstance(value, bool | np.bool_), np.ndarray: _numeric})
_NAMES: Mapping[object, str] = MappingProxyType({
    float: "a number", int: "a whole number", bool: "True or False", str: "a text", np.ndarray: "an array of numbers",
    NoneType: "None"})


def _seen(wrong: Misfit) -> str:
    return wrong.outside or quoted(wrong.value, 60)


def _wanted(wrong: Misfit) -> str:
    return get_args(wrong.hint)[1].words if wrong.outside else _words(wrong.hint)


def _words(hint: object) -> str:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return " or ".join(map(_words, get_args(hint)))
    if origin is Annotated:
        return _words(get_args(hint)[0])
    if origin is Mapping:
        return "a mapping, {name: " + _words(get_args(hint)[1]) + "}"
    if origin is tuple:
        return f"a tuple of {_words(get_args(hint)[0]).partition(' ')[2]}s"
    return _NAMES.get(hint) or f"a {getattr(hint, '__name__', hint)}"


def _advice(wrong: Misfit) -> str:
    """What to write, where the value is the first field of what should be there, or a part of a mapping."""
    if get_origin(wrong.hint) is Mapping and _misfit("", get_args(wrong.hint)[1], wrong.value) is None:
        return f"; write {{name: {quoted(wrong.value, 60)}}}"
    if is_dataclass(wrong.hint):
        first = next(iter(_hints(wrong.hint).values()))
        if _misfit("", first, wrong.value) is None:
            return f"; write {wrong.hint.__name__}({quoted(wrong.value, 60)})"
    return ""
