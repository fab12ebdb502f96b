"""What numbers may be, declared once: beside the fields of dataclasses (`typed`), and for arguments of functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral, Real
from typing import Annotated

import numpy as np

from plasticity.errors import PlasticityError, quoted


@dataclass(frozen=True)
class Range:
    """words: what its numbers are, after "must be". holds: whether a float lies in it, or which of an array of them."""

    words: str
    holds: Callable[[np.ndarray | float], np.ndarray | bool]
    whole: bool = False


NUMBER = Range("a number", lambda x: x == x)
FINITE = Range("finite", np.isfinite)
POSITIVE = Range("positive and finite", lambda x: (x > 0) & (x < math.inf))
NOT_NEGATIVE = Range("finite and not negative", lambda x: (x >= 0) & (x < math.inf))
WEIGHT = Range("a finite number that is not negative", NOT_NEGATIVE.holds)
SHARE = Range("from 0 to 1", lambda x: (x >= 0) & (x <= 1))
BELOW_ONE = Range("from 0 to below 1", lambda x: (x >= 0) & (x < 1))
PROPER_SHARE = Range("above 0 and at most 1", lambda x: (x > 0) & (x <= 1))
SECONDS = Range("positive and finite (seconds)", POSITIVE.holds)
LASTING = Range("positive (seconds; inf: it never decays)", lambda x: x > 0)
DELAY = Range("finite and not negative (seconds)", NOT_NEGATIVE.holds)

_SINGLE = float(np.finfo(np.float32).max)
#: sizes of steps, which float32 must be able to hold
RATE = Range(f"positive and at most {_SINGLE:.2g}", lambda x: (x > 0) & (x <= _SINGLE))
SMALL = Range(f"not negative and at most {_SINGLE:.2g}", lambda x: (x >= 0) & (x <= _SINGLE))

MOST = 2**53  # the largest whole number up to which floats hold them all


@lru_cache(maxsize=64)
def at_least(least: int) -> Range:
    """Whole numbers from `least` on."""
    return Range(f"a whole number of at least {least}", lambda x: (x >= least) & (x <= MOST), whole=True)


#: types of fields with their ranges
Finite = Annotated[float, FINITE]
Positive = Annotated[float, POSITIVE]
NotNegative = Annotated[float, NOT_NEGATIVE]
Share = Annotated[float, SHARE]
BelowOne = Annotated[float, BELOW_ONE]
ProperShare = Annotated[float, PROPER_SHARE]
Numbers = Annotated[np.ndarray | float, FINITE]
Delays = Annotated[np.ndarray | float, DELAY]
Number = Annotated[float, NUMBER]
Count = Annotated[int, at_least(1)]
Steps = Annotated[int, at_least(0)]


def is_number(value: object) -> bool:
    """Whether something is one real number whole ones up to 64 bits; truth values are none."""
    if type(value) is float:
        return True
    whole = is_whole(value)
    return (whole or isinstance(value, Real)) and not isinstance(value, bool) and not (whole and abs(value) >= 2**63)


def is_whole(value: object) -> bool:
    """Whether something is one whole number, or a truth value. Python's own are told at once."""
    return type(value) is int or (type(value) is not float and isinstance(value, Integral))


def outside(within: Range, value: object) -> str:
    """What of a number, or of an array of numbers, does not lie in a range, as an error shows it; empty if all does."""
    if is_number(value):
        return "" if within.holds(float(value)) else quoted(value, 60)
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # no numbers, or one that no float can hold
        return quoted(value, 60)
    holds = np.asarray(within.holds(array))
    if holds.all():
        return ""
    return f"an array that holds {float(array[~holds].flat[0])!r}"


def require(within: Range, **values: float) -> None:
    """Raises PlasticityError for the first value that is not one number of that range."""
    for name, value in values.items():
        if not is_number(value):
            raise PlasticityError(f"{name} must be a number, got {quoted(value, 60)}" if not within.whole else
                                  f"{name} must be {within.words}, got {quoted(value, 60)}")
        if within.whole and not is_whole(value):
            raise PlasticityError(f"{name} must be {within.words}, got {quoted(value, 60)}")
        if wrong := outside(within, value):
            raise PlasticityError(f"{name} must be {within.words}, got {wrong}")
