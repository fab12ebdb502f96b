"""Source for the moment at which synapses that make up for steps are due, whichever way they do it.

A row of synapses is due when its input's spike arrives, before it transmits, and everything is due at the last step of
a run or presentation, or when no more steps can be kept. `h` counts steps since all were up to date, `at` says up to
which of them a row is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.writer import Writer


@contextmanager
def rows(code: Writer, plastic: Plastic, most: str) -> Iterator[None]:
    """Runs over the inputs `i` whose synapses are due in this step, all of them when `most` steps are kept."""
    s, synapses = plastic.prefix, plastic.synapses
    with code.block(f"if {plastic.runs}:"):
        spikes = synapses.source.arriving(code, synapses.lag("pre"))
        code(f"{s}_all[0] = t == t_stop - 1 or {s}_h[0] >= {most}")
        with code.block(f"if {s}_all[0]:"):
            code("lo = 0", f"hi = {s}_at.shape[0]")
        with code.block("for q in range(lo, hi):"):
            code(f"i = q if {s}_all[0] else {spikes}[q]")
            yield


def begin_again(code: Writer, plastic: Plastic) -> None:
    """Nothing is left to make up for once everything was due."""
    s = plastic.prefix
    with code.block(f"if {plastic.runs} and {s}_all[0]:"):
        code(f"{s}_at[:] = 0", f"{s}_h[0] = 0", *([f"{s}_own[:] = 0"] if f"{s}_own" in code.arrays else []))
