"""Learners side by side: the same task, data and seeds, one table."""

from __future__ import annotations

import importlib

from plasticity._utils.moved import names

#: public name -> module it is loaded from when first used (torch takes seconds to load)
_PUBLIC = {
    "compare": "plasticity.comparison.side_by_side",
    "differences": "plasticity.comparison.paired",
    "resumed": "plasticity.comparison.side_by_side",
    "table": "plasticity.comparison.tables",
}
__all__ = sorted(_PUBLIC)
#: names of before, for one release
_before = names(__name__, known="plasticity.rules:names")


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    return _before(name)


def __dir__() -> list[str]:
    return __all__
