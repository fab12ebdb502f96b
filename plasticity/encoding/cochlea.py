"""Sounds as spikes: cochlear filters that drive integrate-and-fire neurons, and spikes at level crossings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from plasticity._utils.arrays import as_array
from plasticity._utils.memory import require_memory
from plasticity._utils.ranges import Count, NotNegative, Positive
from plasticity._utils.typed import checked
from plasticity.encoding._checks import sound_of, within_rate
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError, quoted

#: equivalent rectangular bandwidth of human hearing, WIDTH (1 + f/CORNER) (Glasberg & Moore 1990)
WIDTH, CORNER = 24.7, 1000 / 4.37  # Hz
#: bandwidth of each of four equal stages, as a share of that of them all (Hohmann 2002, equation 14)
STAGE = 1 / (math.pi * math.factorial(6) * 2.0**-6 / math.factorial(3) ** 2)


@checked
def fit_length(sounds, length: Count) -> np.ndarray:
    """Sounds of any lengths as float64 [samples, length]: longer ones are cut at the end, shorter ones end in zeros."""
    sounds = [as_array(f"sound {number}", sound) for number, sound in enumerate(_several(sounds))]
    require_memory(8.0 * len(sounds) * length, f"{len(sounds):,} sounds of length {length:,}")
    out = np.zeros((len(sounds), length))
    for row, sound in zip(out, sounds, strict=True):
        if sound.ndim != 1:
            raise PlasticityError(f"each sound must have shape [n], got {sound.shape}")
        row[:len(sound)] = sound[:length]
    return out


def _several(sounds: object) -> list:
    if not isinstance(sounds, Iterable) or isinstance(sounds, str | bytes | Mapping):
        raise PlasticityError(f"sounds must be several sounds, each [n], got {quoted(sounds, 60)}")
    return list(sounds)


@checked
def centre_frequencies(channels: Count, low: NotNegative, high: NotNegative) -> np.ndarray:
    """Frequencies (Hz) at equal distances in bandwidths of human hearing, the first and last at low and high."""
    return CORNER * np.expm1(np.linspace(np.log1p(low / CORNER), np.log1p(high / CORNER), channels))


def gammatone(sound: np.ndarray, rate: float, frequency: float) -> np.ndarray:
    """The motion of the basilar membrane where it answers `frequency` best, complex: its size is the envelope.

    A filter of four equal stages y[t] = (1 - l) x[t] + l exp(2 pi i f/rate) y[t-1], l = exp(-2 pi b/rate), with b such
    that all four have the bandwidth of human hearing at f; doubled, so that a tone of frequency f keeps its amplitude.

    sound: [..., n]. rate: samples per second. frequency: Hz.

    Source: Hohmann 2002, Acta Acustica 88:433; bandwidth from Glasberg & Moore 1990, Hearing Research 47:103.
    """
    from scipy.signal import lfilter

    leak, turn = _stage(rate, frequency)
    found = np.asarray(sound, complex)
    for _ in range(4):
        found = lfilter([1 - leak], [1, -turn], found, axis=-1)
    return 2 * found


def _stage(rate: float, frequency: np.ndarray | float) -> tuple:
    """l of a stage, and l exp(2 pi i f/rate)."""
    leak = np.exp(-2 * math.pi * STAGE * WIDTH * (1 + frequency / CORNER) / rate)
    return leak, leak * np.exp(2j * math.pi * frequency / rate)


@checked
def cochleagram(sound: np.ndarray, rate: float, dt: Positive = 1e-3, channels: Count = 40, low: float = 100.0,
                high: float | None = None, exponent: Positive = 1 / 3) -> np.ndarray:
    """What hair cells make of a sound, float64 [samples, steps, channels] (or [steps, channels]), not negative.

    Each channel is a `gammatone` filter, half-wave rectified, compressed by a power law and averaged over each step.

    sound: [n] or [samples, n], within -1 and 1. rate: samples per second. dt: s per step, at least one sample long;
    samples after the last whole step are left out. low, high: Hz, of the first and the last channel (default: 0.45
    rate). exponent: of the compression; 1/3 as in Brian2Hears' model of an auditory nerve fibre.
    """
    sound, high = sound_of(sound, rate), 0.45 * rate if high is None else high
    within_rate(low, high, rate)
    per_step = dt * rate
    if not 1 <= per_step < np.inf:
        raise PlasticityError(f"dt must be at least one sample ({1 / rate:g} s), got dt={dt!r}")
    begin = np.rint(np.arange(int(sound.shape[-1] / per_step + 1e-9) + 1) * per_step).astype(int)
    if len(begin) < 2:
        raise PlasticityError(f"sound has {sound.shape[-1]} samples, less than one step of dt={dt:g} s")
    from plasticity.encoding import _hear  # Numba is loaded only when something is heard

    many = np.atleast_2d(sound)
    require_memory(8.0 * len(many) * (len(begin) - 1) * channels, f"a cochleagram of {channels:,} channels")
    out = np.empty((len(many), len(begin) - 1, channels))
    _hear.hear(many, *_stage(rate, centre_frequencies(channels, low, high)), begin, float(exponent), out)
    return out.reshape(*sound.shape[:-1], *out.shape[1:])


@checked
def integrate_and_fire(drive: np.ndarray, dt: Positive, tau: Positive = 5e-3, gain: Positive = 1.0,
                       refractory: NotNegative = 0.0) -> Spikes:
    """One leaky neuron per value: tau dv/dt = gain drive - v, a spike where v >= 1, which sets v to 0.

    v[t] = exp(-dt/tau) v[t-1] + (1 - exp(-dt/tau)) gain drive[t]; a neuron that spiked stays at 0 for `refractory`.
    drive: [samples, steps, n]. dt, tau, refractory: s. Nothing is random.
    """
    drive = as_array("drive", drive).astype(np.float64, copy=False)
    if drive.ndim != 3 or not np.isfinite(drive).all():
        raise PlasticityError(f"drive must be finite, [samples, steps, n], got shape {drive.shape}")
    keep, rest = math.exp(-dt / tau), min(round(refractory / dt), drive.shape[1])
    v, left = np.zeros(drive[:, 0].shape), np.zeros(drive[:, 0].shape, int)
    out = np.zeros(drive.shape, bool)
    for t in range(drive.shape[1]):
        v = np.where(left > 0, 0.0, keep * v + (1 - keep) * gain * drive[:, t])
        out[:, t] = v >= 1
        left = np.where(out[:, t], rest, np.maximum(left - 1, 0))
        v[out[:, t]] = 0.0
    return Spikes.from_dense(out)


@checked
def cochlea(sound: np.ndarray, rate: float, dt: float = 1e-3, channels: int = 40, low: float = 100.0,
            high: float | None = None, exponent: float = 1 / 3, tau: float = 5e-3, gain: float = 20.0,
            refractory: float = 0.0) -> Spikes:
    """Spikes of a cochlea: `cochleagram`, then one `integrate_and_fire` neuron per channel.

    sound: [samples, n], within -1 and 1; see `fit_length`. The time constant and the gain (of spikes per loudness) are
    this library's choice; see the two functions for the rest.

    Source: the chain is that of Brian2Hears (Fontaine, Goodman, Benichoux & Brette 2011, Frontiers in
    Neuroinformatics 5:9); Cramer et al. 2020, arXiv 1910.07407, make spikes of words by a more detailed one.
    """
    return integrate_and_fire(cochleagram(np.atleast_2d(sound), rate, dt, channels, low, high, exponent), dt, tau, gain,
                              refractory)


@checked
def level_crossing(values: np.ndarray, delta: Positive) -> Spikes:
    """Spikes where values have moved by `delta`: neuron 2i for a rise of value i, neuron 2i + 1 for a fall.

    A level follows each value from its first one on: where the value is `delta` or more above it, the rising neuron
    spikes and the level rises by `delta`; falls alike; one spike per step at most. So delta times (rises - falls)
    follows a value to within delta, as long as it moves by no more than delta per step.

    values: [samples, steps, n]. Answers Spikes of 2n neurons.

    Source: send-on-delta sampling (Miskowicz 2006, Sensors 6:49), delta modulation with one spike per step.
    """
    values = as_array("values", values).astype(np.float64, copy=False)
    if values.ndim != 3 or not values.shape[1] or not np.isfinite(values).all():
        raise PlasticityError(f"values must be finite, [samples, steps, n], got shape {values.shape}")
    level, out = values[:, 0].copy(), np.zeros((*values.shape, 2), bool)
    for t in range(1, values.shape[1]):
        out[:, t, :, 0] = values[:, t] - level >= delta
        out[:, t, :, 1] = level - values[:, t] >= delta
        level += delta * (out[:, t, :, 0].astype(float) - out[:, t, :, 1])
    return Spikes.from_dense(out.reshape(*values.shape[:2], -1))
