"""Texts that a person gives, read as expressions without harm, however long or deep they are."""

from __future__ import annotations

import ast

from plasticity.errors import PlasticityError, quoted

LONGEST = 10_000  # letters; a longer text is no expression and no name with options


def require_short(text: str, what: str, error: type[PlasticityError] = PlasticityError) -> None:
    """Raises `error` for a text of more than `LONGEST` letters."""
    if len(text) > LONGEST:
        raise error(f"{what} has {len(text):,} letters, more than {LONGEST:,}: {quoted(text, 40)}")


def tree_of(text: str) -> ast.expr:
    """The Python expression that a text stands for. Raises ValueError with the reason where it is none."""
    try:
        return ast.parse(text, mode="eval").body
    except (RecursionError, MemoryError):
        raise ValueError("it is nested too deeply") from None
    except (SyntaxError, ValueError) as error:
        raise ValueError(getattr(error, "msg", None) or str(error)) from None
