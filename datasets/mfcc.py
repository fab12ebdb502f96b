"""Sounds as sequences of mel-frequency cepstral coefficients, standardised by those that are learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_AT_ONCE = 64  # sounds


@dataclass(frozen=True)
class Spectra:
    """How a sound is heard: arguments of `plasticity.encoding.mfcc`."""

    rate: float
    window: float = 30e-3
    stride: float = 10e-3
    bands: int = 40
    coefficients: int = 40

    def of(self, sounds: Sequence[np.ndarray] | np.ndarray) -> list[np.ndarray]:
        """float32 [windows, coefficients] of each sound; one that is shorter than a window ends in silence."""
        from plasticity.encoding import fit_length, mfcc

        least = round(self.window * self.rate)
        options = {"bands": self.bands, "coefficients": self.coefficients}
        heard: list[np.ndarray] = []
        for alike in _runs([max(len(sound), least) for sound in sounds]):
            part = fit_length(sounds[alike], max(len(sounds[alike.start]), least))
            heard.extend(mfcc(part, self.rate, self.window, self.stride, **options).astype(np.float32))
        return heard


@dataclass(frozen=True)
class Standard:
    """(x - mean) / sd of each coefficient. mean, sd: [coefficients]."""

    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, heard: Sequence[np.ndarray]) -> Standard:
        """That of all windows of some sounds; what never changes is left as far from its mean as it is."""
        windows = np.concatenate(heard).astype(np.float64)
        sd = windows.std(0)
        return cls(windows.mean(0), np.where(sd > 0, sd, 1.0))

    def __call__(self, heard: Sequence[np.ndarray], steps: int) -> np.ndarray:
        """float32 [samples, steps, coefficients]: longer sounds are cut, shorter ones end in 0, which is the mean."""
        out = np.zeros((len(heard), steps, len(self.mean)), np.float32)
        for row, each in zip(out, heard, strict=True):
            row[:len(each)] = (each[:steps] - self.mean) / self.sd
        return out


def _runs(lengths: Sequence[int]) -> list[slice]:
    """Neighbours of equal length, not too many at once."""
    found, begin = [], 0
    for k in range(1, len(lengths) + 1):
        if k == len(lengths) or lengths[k] != lengths[begin] or k - begin == _AT_ONCE:
            found.append(slice(begin, k))
            begin = k
    return found
