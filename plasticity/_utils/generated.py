"""Generated source becomes a module in memory; what is compiled of it is kept, so that a second start compiles nothing.

No source is ever read from a file: only what was just generated is run.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
from types import ModuleType


def load(source: str) -> ModuleType:
    """The module of a source text, under a name made of its hash."""
    name = "plasticity_program_" + hashlib.sha256(source.encode()).hexdigest()[:20]
    if name in sys.modules:
        return sys.modules[name]
    module, place = ModuleType(name), f"<{name}>"
    linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)  # for those who read a trace
    sys.modules[name] = module  # Numba looks the module up by name when it loads kept code
    exec(compile(source, place, "exec"), vars(module))
    return module
