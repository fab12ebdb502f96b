"""Source for weights that change once per event: increments of samples and of positions are added up, then bounded."""

from __future__ import annotations

import math

import numpy as np

from plasticity.engines.event.plastic import Plastic
from plasticity.engines.event.writer import Writer


def declare_collected(code: Writer, plastic: Plastic) -> None:
    if not plastic.collects:
        return
    s, weights = plastic.prefix, code.arrays[f"{plastic.prefix}_w"].shape
    code.scratch(f"{s}_D", *weights)
    code.scratch(f"{s}_mark", *weights, kind="int64")
    code.scratch(f"{s}_touched", int(np.prod(weights)), kind="int64")
    code.scratch(f"{s}_ntouched", 1, kind="int64")
    code.scratch(f"{s}_stamp", 1, kind="int64")


def bounded(code: Writer, plastic: Plastic, text: str) -> str:
    for bound, function in (("w_min", "max"), ("w_max", "min")):
        value = getattr(plastic.rule, bound)
        if math.isfinite(value):
            code.constants[f"{plastic.prefix}_{bound}"] = value
            text = f"{function}({text}, {plastic.prefix}_{bound})"
    return text


def collect(code: Writer, plastic: Plastic, increment: str) -> None:
    s, at = plastic.prefix, plastic.synapses.at
    with code.block(f"if {s}_mark[{at}] != {s}_stamp[0]:"):
        code(f"{s}_mark[{at}] = {s}_stamp[0]", f"{s}_touched[{s}_ntouched[0]] = {plastic.synapses.flat}",
             f"{s}_ntouched[0] += 1")
    code(f"{s}_D[{at}] += {increment}")


def stamp(code: Writer, plastic: Plastic) -> None:
    if plastic.collects:
        code(f"{plastic.prefix}_stamp[0] += 1", f"{plastic.prefix}_ntouched[0] = 0")


def apply(code: Writer, plastic: Plastic) -> None:
    """Adds the collected increments to the weights, once for all samples and positions."""
    if not plastic.collects:
        return
    s = plastic.prefix
    with code.block(f"for q in range({s}_ntouched[0]):"):
        code(f"k = {s}_touched[q]")
        if not plastic.synapses.listed:
            code(f"i = k // {s}_w.shape[1]", f"j = k - i * {s}_w.shape[1]")
        at = "k" if plastic.synapses.listed else "i, j"
        total = bounded(code, plastic, f"{s}_w[{at}] + {s}_D[{at}] * reduction")
        code(f"{s}_w[{at}] = {total}", f"{s}_D[{at}] = 0.0")
