"""Programs of the event engine run by Python itself: the same text, and nothing to compile."""

from types import ModuleType

import numpy as np

from plasticity._utils import random
from plasticity.engines.event import support


def _key(seed, step):
    """A stream and a step of it; a stream within a stream is a seed of its own."""
    return int(random.key(*seed)) if isinstance(seed, tuple) else seed, int(step)


def _uniform(key, index, draw):
    return float(random.uniform(*key, np.asarray(index), draw))


def _normal(key, index):
    return np.sqrt(-2.0 * np.log(_uniform(key, index, 0))) * np.cos(2.0 * np.pi * _uniform(key, index, 1))


def load(source: str) -> ModuleType:
    """In place of `plasticity._utils.generated.load`."""
    module = ModuleType("interpreted_program")
    vars(module).update({name: getattr(value, "py_func", value) for name, value in vars(support).items()
                         if not name.startswith("__")})
    # overflow of unsigned integers, on which these rely, is an error in plain Python
    vars(module).update(step_loop=lambda function: function, flush_subnormal=lambda: 0,
                        as_before=lambda before: None, stream_key=_key, normal=_normal, uniform=_uniform)
    lines = [line for line in source.splitlines() if not line.startswith("from plasticity")]
    exec(compile("\n".join(lines), "<interpreted>", "exec"), vars(module))
    return module
