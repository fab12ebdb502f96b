"""The source of a population's two programs."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from plasticity._utils import generated
from plasticity.engines.gradient.compiled import backward, forward
from plasticity.engines.gradient.compiled.body import Body
from plasticity.engines.gradient.compiled.step import Shape, Step

HEAD = '''"""All steps of a population, forwards and backwards; written by plasticity.engines.gradient.compiled."""

import math

import numpy as np

from plasticity.engines.gradient.compiled.support import *
from plasticity.engines.gradient.compiling import compiled, kept as kept_on_disk
from plasticity.engines.gradient.rows import add_rows, add_weighted_rows

'''


@dataclass(frozen=True)
class Programs:
    """Two modules with the functions `forward` and `backward`, which are compiled when they are first called.

    kept: names of what the way back looks up. credited_loops: the numbers of the loops over which credit returns.
    constants: the numbers in their c.
    """

    shape: Shape
    step: Step
    forward: ModuleType
    backward: ModuleType
    kept: tuple[str, ...]
    credited_loops: tuple[int, ...]
    constants: tuple[float, ...]

    def numbers(self, dtype: np.dtype) -> np.ndarray:
        return np.array([0.0, 1.0, np.finfo(dtype).tiny * 1e6, *self.constants], dtype)


def programs(shape: Shape) -> Programs:
    """The programs of a shape, written to the cache."""
    step = Step(shape)
    back = backward.Backward(step)
    kept = back.kept()
    ahead, behind = forward.bodies(step, kept), back.bodies()
    constants = step.printer.constants.values(step.printer.values)
    names = ["zero", "one", "tiny", *constants]
    return Programs(shape, step, _module(names, ahead, forward.program(step, kept, ahead)),
                    _module(names, behind, back.program(behind)), kept, tuple(back.loops), tuple(constants.values()))


def _module(constants: list[str], bodies: list[Body], program: list[str]) -> ModuleType:
    lines = [line for body in bodies for line in body.source(constants)]
    return generated.load(HEAD + "\n".join([*lines, *program]))
