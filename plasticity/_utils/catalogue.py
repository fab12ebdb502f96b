"""Names with options as one text, "pair_stdp(a_plus=0.02)", and catalogues that make what such a text names."""

from __future__ import annotations

import ast
import importlib
import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from plasticity._utils.texts import require_short, tree_of
from plasticity.errors import PlasticityError, quoted, shortened, unknown

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Call:
    """What a text says: "layers(200, 100, gain=2)" is the name "layers", arguments (200, 100), options {"gain": 2}."""

    name: str
    arguments: tuple = ()
    options: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        words = [*map(_written, self.arguments), *(f"{name}={_written(value)}" for name, value in self.options.items())]
        return f"{self.name}({', '.join(words)})" if words else self.name


def parse(text: str, what: str = "a name") -> Call:
    """The name, arguments and options of a text. Values are numbers, True, False, None, quoted texts, tuples of these,
    bare words, or names with options of their own (kept as texts).

    >>> parse("diehl_cook(variant=released, w_max=0.5)").options
    {'variant': 'released', 'w_max': 0.5}

    Raises PlasticityError for anything else, calling it `what`; nothing is evaluated.
    """
    if not isinstance(text, str):
        raise PlasticityError(f"{what} must be a text, NAME or NAME(option=value, ...), got {quoted(text)}")
    require_short(text, what)
    name, bracket, inside = text.strip().partition("(")
    name = name.rstrip()
    try:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name")
        return _call(name, inside) if bracket else Call(name)
    except (ValueError, RecursionError) as error:
        raise PlasticityError(f"cannot read {quoted(text)} ({shortened(error)}); write NAME or "
                              "NAME(option=value, ...)") from None


def _call(name: str, inside: str) -> Call:
    call = tree_of(f"f({inside}")
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
        raise ValueError("options stand in one pair of brackets at the end")
    named = [keyword.arg for keyword in call.keywords]
    if None in named or any(isinstance(value, ast.Starred) for value in call.args):
        raise ValueError("options are name=value")
    twice = sorted({option for option in named if named.count(option) > 1})
    if twice:
        raise ValueError(f"{twice[0]} is given twice")
    return Call(name, tuple(map(_value, call.args)), {keyword.arg: _value(keyword.value) for keyword in call.keywords})


def _value(node: ast.expr) -> object:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Call):
        return str(parse(ast.unparse(node)))
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(map(_value, node.elts))
    try:
        value = ast.literal_eval(node)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isinf(float(value)):
            raise OverflowError
        if not isinstance(value, str | int | float | None):
            raise ValueError
    except OverflowError:
        raise ValueError(f"{ast.unparse(node)[:20]}... is too large for a number") from None
    except ValueError:
        raise ValueError(f"{ast.unparse(node)!r} is not a number, a text or a word") from None
    return value


def _written(value: object) -> str:
    if isinstance(value, str):
        return value if _reads_as_itself(value) else repr(value)
    return f"({', '.join(map(_written, value))}{',' * (len(value) == 1)})" if isinstance(value, tuple) else repr(value)


def _reads_as_itself(text: str) -> bool:
    """Whether a text may stand without quotes, as a bare word or a name with options."""
    try:
        return _value(tree_of(text)) == text
    except (ValueError, RecursionError):
        return False


@dataclass(frozen=True)
class Catalogue(Mapping[str, Callable]):
    """Functions by name, each imported when it is first asked for; all of their arguments have defaults.

    kind: what an entry is called in errors. places: name -> "module:function". "pair-stdp" is "pair_stdp".
    """

    kind: str
    places: Mapping[str, str]

    def __post_init__(self):
        object.__setattr__(self, "places", MappingProxyType(dict(self.places)))

    def __getitem__(self, name: str) -> Callable:
        module, _, function = self.places[self.known(name)].partition(":")
        return getattr(importlib.import_module(module), function)

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._canonical(name) is not None

    def _canonical(self, name: str) -> str | None:
        plain = name.replace("-", "_")
        return next((known for known in self.places if known.replace("-", "_") == plain), None)

    def known(self, name: str) -> str:
        """The name as the catalogue writes it. Raises PlasticityError for an unknown one, with the nearest match."""
        canonical = self._canonical(name)
        if canonical is None:
            raise unknown(self.kind, name, self.places)
        return canonical

    def make(self, text: str | Call, *arguments, **options):
        """What a text names, made with its options and with those given apart.

        Raises PlasticityError for an unknown name, and for an option that the entry does not have.
        """
        call = text if isinstance(text, Call) else parse(text, self.kind)
        twice = sorted(call.options.keys() & options.keys())
        if twice:
            raise PlasticityError(f"{self.kind} {call.name!r}: {twice[0]} is given twice, in the text and apart")
        return called(self.kind, call.name, self[call.name], (*call.arguments, *arguments),
                      {**call.options, **options})


def called(kind: str, name: str, function: Callable, arguments: tuple, options: Mapping[str, object]):
    """function(*arguments, **options); arguments that it does not have raise a PlasticityError that names them."""
    try:
        inspect.signature(function).bind(*arguments, **options)
    except TypeError as error:
        raise PlasticityError(f"{kind} {name!r}: {error}") from None
    try:
        return function(*arguments, **options)
    except PlasticityError:
        raise
    except (TypeError, ValueError, OverflowError, MemoryError) as error:
        plain = tuple(value for value in arguments if isinstance(value, str | int | float | tuple | None))
        call = shortened(Call(name, plain, dict(options)))
        raise PlasticityError(f"{kind} {call}: {' '.join(str(error).split())}") from None
