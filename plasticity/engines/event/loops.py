"""Source for the loops over a projection's spikes, synapses and weights."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from plasticity.engines.event.synapses import Synapses
from plasticity.engines.event.writer import Writer

#: side -> the index of its neurons in the program
INDEX = {"pre": "i", "post": "j"}


@contextmanager
def arrivals(code: Writer, synapses: Synapses, side: str) -> Iterator[None]:
    """Runs over the neurons of a side, `i` or `j`, whose spikes arrive now (and `d`, the delay, if synapses differ)."""
    source, table = (synapses.source, "rows") if side == "pre" else (synapses.target, "cols")
    if synapses.mixed:
        code(f"d_most = {synapses.prefix}_{table}.shape[1] - 1")
    delay = ("d" if source.longest else "0") if synapses.mixed else synapses.lag(side)
    with code.blocks(["for d in range(d_most):"] if synapses.mixed else []):
        spikes = source.arriving(code, delay)
        with code.block("for q in range(lo, hi):"):
            code(f"{INDEX[side]} = {spikes}[q]")
            yield


@contextmanager
def row(code: Writer, synapses: Synapses, active: str = "") -> Iterator[None]:
    """Runs over the synapses of presynaptic neuron `i`; `active` names a list of neurons `j` to keep to."""
    s, d = synapses.prefix, "d" if synapses.mixed else "0"
    if synapses.listed:
        with code.block(f"for k in range({s}_rows[i, {d}], {s}_rows[i, {d} + 1]):"):
            code(f"j = {s}_post[k]")
            yield
    else:
        with members(code, "j", active, f"{s}_w.shape[1]"):
            yield


@contextmanager
def column(code: Writer, synapses: Synapses, active: str = "") -> Iterator[None]:
    """Runs over the synapses of postsynaptic neuron `j`; `active` names a list of neurons `i` to keep to."""
    s, d = synapses.prefix, "d" if synapses.mixed else "0"
    if synapses.listed:
        with code.block(f"for c in range({s}_cols[j, {d}], {s}_cols[j, {d} + 1]):"):
            code(f"k = {s}_byp[c]", f"i = {s}_from[c]")
            yield
    else:
        with members(code, "i", active, f"{s}_w.shape[0]"):
            yield


@contextmanager
def members(code: Writer, index: str, active: str, length: str) -> Iterator[None]:
    """Runs over the neurons of a list, or over all."""
    at = f"a_{index}"
    with code.block(f"for {at} in range({active}n[0]):" if active else f"for {index} in range({length}):"):
        if active:
            code(f"{index} = {active}[{at}]")
        yield


@contextmanager
def onto(code: Writer, synapses: Synapses, active: str = "") -> Iterator[None]:
    """Runs over all synapses of presynaptic neuron `i`, of any delay; `active`, of a matrix: neurons `j` to keep to."""
    s = synapses.prefix
    if not synapses.listed:
        with row(code, synapses, active):
            yield
        return
    with code.block(f"for k in range({s}_rows[i, 0], {s}_rows[i, {s}_rows.shape[1] - 1]):"):
        code(f"j = {s}_post[k]")
        yield


@dataclass(frozen=True)
class Fibre:
    """What a reduction over the postsynaptic population runs over at one presynaptic neuron.

    length: how many members there are. member: their index in it. loop: a loop over them that sets `j` (and, of listed
    synapses, `k`: -1 where there is none).
    """

    length: int
    member: str
    loop: Callable[[], AbstractContextManager]


@contextmanager
def fibres(code: Writer, synapses: Synapses) -> Iterator[Fibre]:
    """Runs over presynaptic neurons `i`, on a convolution at each position that sees them."""
    s, length = synapses.prefix, synapses.columns
    if not synapses.listed:
        with code.block(f"for i in range({s}_w.shape[0]):"):
            yield Fibre(length, "j", lambda: code.block(f"for j in range({s}_w.shape[1]):"))
        return
    for name, values in synapses.list.fibres(synapses.shape, length).items():
        code.array(f"{s}_{name}", *values.shape, kind="int64", values=values)
    with code.blocks([f"for g in range({s}_fk.shape[0]):", f"if {s}_fi[g] >= 0:"]):
        code(f"i = {s}_fi[g]")
        yield Fibre(length, "c", lambda: _fibre(code, s))


@contextmanager
def _fibre(code: Writer, s: str) -> Iterator[None]:
    with code.block(f"for c in range({s}_fk.shape[1]):"):
        code(f"j = {s}_fj[g, c]", f"k = {s}_fk[g, c]")
        yield


@contextmanager
def weights(code: Writer, synapses: Synapses, active: str = "") -> Iterator[str]:
    """Runs over the weights and answers how one is written; `j` is its column, of those in the list `active` alone."""
    s = synapses.prefix
    if not synapses.listed:
        with code.block(f"for i in range({s}_w.shape[0]):"), row(code, synapses, active):
            yield synapses.w
        return
    with code.block(f"for k in range({s}_w.shape[0]):"):
        code(f"j = k % {synapses.columns}" if synapses.shared else f"j = {s}_post[k]")
        yield f"{s}_w[k]"
