"""Images, events and sounds as sequences, for recurrent networks to classify.

    data = load_sequences("rows_mnist")
    data.train_x   # [60000, 28, 28]: samples, steps, inputs

The answer is a `Dataset` whose x is [samples, steps, inputs], so `first` and `validation_split` serve it as well: the
last training samples hold all classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plasticity._utils.validation import require_positive
from plasticity.datasets import fsdd, nmnist
from plasticity.datasets.description import Dataset
from plasticity.datasets.loading import load
from plasticity.datasets.mfcc import Spectra, Standard
from plasticity.errors import unknown


@dataclass(frozen=True)
class Sequenced:
    """A way to present a data set in time. make: its options are keyword arguments with defaults. of: whose data."""

    name: str
    title: str
    of: str
    make: Callable[..., Dataset]


def load_sequences(name: str, **options) -> Dataset:
    """A data set as sequences x [samples, steps, inputs], by name; options as the functions of this module have them.

    Raises PlasticityError for unknown names and options, DataError when files are missing or altered.
    """
    plain = str(name).replace("-", "_")
    if plain not in catalogue:
        raise unknown("data set of sequences", name, catalogue)
    make = catalogue[plain].make
    known = inspect.signature(make).parameters
    for option in options:
        if option not in known:
            raise unknown(f"option of {name}:", option, known)
    return make(**options)


def rows_mnist(hold: int = 1) -> Dataset:
    """MNIST row by row: graded currents of 28 inputs, the top row first, each row for `hold` steps."""
    require_positive(hold=hold)
    return _mnist("rows_mnist", lambda x: np.repeat(x, hold, axis=1))


def pixels_mnist(hold: int = 1) -> Dataset:
    """MNIST pixel by pixel, row after row: one graded current, 784 steps, each pixel for `hold` steps.

    As spikes: `plasticity.encoding.threshold_crossing` (Bellec et al. 2018).
    """
    require_positive(hold=hold)
    return _mnist("pixels_mnist", lambda x: np.repeat(x.reshape(len(x), -1, 1), hold, axis=1))


def _mnist(name: str, shown: Callable[[np.ndarray], np.ndarray]) -> Dataset:
    data = load("mnist")
    return Dataset(name, shown(data.train_x), data.train_y, shown(data.test_x), data.test_y, data.n_classes)


def nmnist_frames(dt: float = 10e-3, steps: int = 30, pool: int = 2) -> Dataset:
    """N-MNIST, the part of 1,000 + 100 recordings: spikes, bool.

    dt: s per step; steps: how many from the beginning. pool: side of the squares of pixels that are one input, which
    spikes where any of its pixels does; inputs are numbered (y * width + x) * 2 + polarity.
    """
    require_positive(pool=pool)
    data = nmnist.load_nmnist_small()
    return Dataset("nmnist_frames", pooled(data.train_x, dt, steps, pool), data.train_y,
                   pooled(data.test_x, dt, steps, pool), data.test_y, 10)


def pooled(samples: Sequence[nmnist.Events], dt: float, steps: int, pool: int) -> np.ndarray:
    """Events as bool [samples, steps, inputs], of squares of `pool` times `pool` pixels."""
    side, n = nmnist.SIDE, -(-nmnist.SIDE // pool)
    dense = nmnist.as_spikes(samples, dt, steps).dense().reshape(len(samples), steps, side, side, nmnist.POLARITIES)
    rim = n * pool - side
    dense = np.pad(dense, ((0, 0), (0, 0), (0, rim), (0, rim), (0, 0)))
    return dense.reshape(len(samples), steps, n, pool, n, pool, -1).any((3, 5)).reshape(len(samples), steps, -1)


def fsdd_spikes(dt: float = 10e-3, steps: int = 60, channels: int = 40, gain: float = 20.0) -> Dataset:
    """Spoken digits through `plasticity.encoding.cochlea`: spikes, bool [samples, steps, channels].

    Sounds begin with the first step; what is longer than steps * dt is cut off (0.6 s hold 95 % of them whole).
    """
    from plasticity.encoding import cochlea, fit_length

    sounds = fsdd.load_fsdd()
    length = round(steps * dt * sounds.rate)
    order = np.argsort(fsdd.turns(sounds.train_y, sounds.train_speakers), kind="stable")
    train_x, test_x = (cochlea(fit_length(part, length), sounds.rate, dt, channels, gain=gain).dense()
                       for part in ([sounds.train_x[k] for k in order], sounds.test_x))
    return Dataset("fsdd_spikes", train_x, sounds.train_y[order], test_x, sounds.test_y, 10)


def fsdd_mfcc(window: float = 30e-3, stride: float = 10e-3, coefficients: int = 40, bands: int = 40,
              steps: int = 60) -> Dataset:
    """Spoken digits as mel-frequency cepstral coefficients, float32 [samples, steps, coefficients], a step per window.

    window, stride: s, of `plasticity.encoding.mfcc`. Sounds begin with the first step; what is longer than `steps`
    windows is cut off. Each coefficient is standardised, (x - mean) / standard deviation, by all windows of the
    training part (also where some of it is held out for validation); after the end of a sound it is 0, its mean.
    """
    require_positive(steps=steps)
    sounds = fsdd.load_fsdd()
    order = np.argsort(fsdd.turns(sounds.train_y, sounds.train_speakers), kind="stable")
    spectra = Spectra(sounds.rate, window, stride, bands, coefficients)
    train, test = spectra.of([sounds.train_x[k] for k in order]), spectra.of(sounds.test_x)
    standard = Standard.of(train)
    return Dataset("fsdd_mfcc", standard(train, steps), sounds.train_y[order], standard(test, steps), sounds.test_y, 10)


catalogue: Mapping[str, Sequenced] = {each.name: each for each in (
    Sequenced("rows_mnist", "MNIST row by row, graded currents", "mnist", rows_mnist),
    Sequenced("pixels_mnist", "MNIST pixel by pixel, one graded current", "mnist", pixels_mnist),
    Sequenced("nmnist_frames", "N-MNIST in steps of 10 ms, pooled to 17x17 pixels", "nmnist_small", nmnist_frames),
    Sequenced("fsdd_spikes", "spoken digits as spikes of a cochlea", "fsdd", fsdd_spikes),
    Sequenced("fsdd_mfcc", "spoken digits as 40 cepstral coefficients every 10 ms", "fsdd", fsdd_mfcc))}
