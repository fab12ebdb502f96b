"""Memory cells that keep weights on a chip: what becomes of an array of weights that is written and read again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from plasticity._utils import own
from plasticity._utils.catalogue import Catalogue, called
from plasticity._utils.ranges import NotNegative, Range, at_least
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError, quoted

G_MAX = 25.0  # uS
T_0 = 20.0  # s from programming to the first reading
T_READ = 250e-9  # s that a reading takes
SMALLEST = 1e-7  # relative conductance below which a logarithm is cut off

#: beyond 53 bits floats hold no more whole numbers
Bits = Annotated[int, Range("a whole number from 2 to 53", lambda x: (x >= 2) & (x <= 53), whole=True)]

#: what keeps weights: (w of any shape, generator) -> w as it is read
Device = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class PCM:
    """Pairs of phase-change memory cells: programming noise, drift, and noise of reading.

    A weight w becomes the conductances G+ = max(w, 0) k and G- = max(-w, 0) k, with k = 25 uS / max |w| of its array;
    it is read as (G+ - G-) / k. For each of the two, with g = G / 25 uS and standard normal n1, n2, n3:

    programmed:  P = max(G + scale s n1, 0),  s = 0.26348 + 1.9650 g - 1.1731 g^2 uS
    drifted:     D = P ((time + 20 s) / 20 s)^-nu,  nu = drift |m + d n2|,
                 m = -0.0155 ln g + 0.0244 within [0.049, 0.1],  d = -0.0125 ln g - 0.0059 within [0.008, 0.045]
    read:        R = max(D + read D q sqrt(ln((time + 20 s + 250 ns) / 500 ns)) n3, 0),
                 q = 0.0088 / (P / 25 uS)^0.65, at most 0.2

    time: s since the first reading, 20 s after programming. levels: conductances from 0 to 25 uS that a cell can be
    programmed to; None for all. scale, drift, read: factors of the three effects; 0 switches one off. compensated:
    whether the array is multiplied by one factor that brings its mean absolute weight back to what was programmed.

    Raises PlasticityError for numbers out of range.

    Source: Nandakumar et al. 2019, ICECS; constants, and one factor for drift, as in github.com/IBM/aihwkit at commit
    4545f11, below src/aihwkit/inference: noise/pcm.py (PCMLikeNoiseModel) and noise/base.py (apply_noise),
    converter/conductance.py (SinglePairConductanceConverter), compensation/drift.py (GlobalDriftCompensation).
    """

    time: NotNegative = 0.0
    levels: Annotated[int, at_least(2)] | None = None
    scale: NotNegative = 1.0
    drift: NotNegative = 1.0
    read: NotNegative = 1.0
    compensated: bool = False

    def __post_init__(self):
        require_fields(self)

    def __call__(self, w: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        largest = np.abs(w).max(initial=0.0)
        if largest == 0:
            return np.zeros(np.shape(w))
        target = np.clip(G_MAX / largest * np.stack([w, -np.asarray(w)]), 0.0, G_MAX)
        target = target if self.levels is None else _rounded(target, G_MAX / (self.levels - 1))
        programmed = self.programmed(target, generator.normal(size=target.shape))
        found = self.drifted(target, programmed, generator.normal(size=target.shape))
        found = _weights(self.as_read(programmed, found, generator.normal(size=target.shape)), largest)
        return found * _regained(_weights(programmed, largest), found) if self.compensated else found

    def programmed(self, target: np.ndarray, n: np.ndarray) -> np.ndarray:
        """Conductances (uS) after programming to `target`; n: standard normal numbers."""
        g = target / G_MAX
        return np.maximum(target + self.scale * (0.26348 + 1.9650 * g - 1.1731 * g * g) * n, 0.0)

    def drifted(self, target: np.ndarray, programmed: np.ndarray, n: np.ndarray) -> np.ndarray:
        """Conductances (uS) at `time`."""
        log = np.log(np.maximum(target / G_MAX, SMALLEST))
        mean, width = np.clip(0.0244 - 0.0155 * log, 0.049, 0.1), np.clip(-0.0125 * log - 0.0059, 0.008, 0.045)
        return programmed * ((self.time + T_0) / T_0) ** (-self.drift * np.abs(mean + width * n))

    def as_read(self, programmed: np.ndarray, drifted: np.ndarray, n: np.ndarray) -> np.ndarray:
        """Conductances (uS) as they are read at `time`."""
        q = np.minimum(0.0088 / np.maximum((programmed / G_MAX) ** 0.65, 1e-3), 0.2)
        grown = np.sqrt(np.log((self.time + T_0 + T_READ) / (2 * T_READ)))
        return np.maximum(drifted + self.read * drifted * q * grown * n, 0.0)


@dataclass(frozen=True)
class Digital:
    """Whole numbers of so many bits, one of them the sign; nothing is lost but by rounding.

    w = step * round(w / step),  step = max |w| / (2^(bits - 1) - 1) of its array

    bits: 2 (weights of -1, 0 and 1 times the largest) to 53. Raises PlasticityError for others.
    """

    bits: Bits = 8

    def __post_init__(self):
        require_fields(self)

    def __call__(self, w: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        largest = np.abs(w).max(initial=0.0)
        return np.array(w, float) if largest == 0 else _rounded(w, largest / (2 ** (self.bits - 1) - 1))


#: name -> what makes the memory; all of its arguments have defaults
catalogue = Catalogue("memory", {"pcm": f"{__name__}:PCM", "digital": f"{__name__}:Digital"})


def make(device: str | Device, **options) -> Device:
    """The memory that a text names, "pcm(time=3600)"; another object as it is. "my_cells.py:cell" is that function or,
    with options, what it makes of these; a class is made.

    Raises PlasticityError for an unknown name, with the nearest match, for options that the memory does not have, and
    for what cannot be called.
    """
    if own.is_own(device):
        return _own(device, options)
    if isinstance(device, str) or options:
        return catalogue.make(device, **options)
    if not callable(device):
        raise PlasticityError(f"device must be the name of a memory or a function of (w, generator), got "
                              f"{quoted(device)}")
    return device


def _own(text: str, options: Mapping[str, object]) -> Device:
    found, call = own.load(text, "memory")
    if call.arguments or call.options or options or isinstance(found, type):
        found = called("memory", text, found, call.arguments, {**call.options, **options})
    return make(found)


def _rounded(values: np.ndarray, step: float) -> np.ndarray:
    return step * np.round(np.asarray(values) / step)


def _weights(pair: np.ndarray, largest: float) -> np.ndarray:
    return (pair[0] - pair[1]) * (largest / G_MAX)


def _regained(before: np.ndarray, now: np.ndarray) -> float:
    mean = np.abs(now).mean()
    return float(np.abs(before).mean() / mean) if mean > 0 else 1.0
