"""Sounds as spectra: magnitudes, mel bands and mel-frequency cepstral coefficients (MFCC)."""

from __future__ import annotations

import numpy as np

from plasticity._utils.memory import require_memory
from plasticity._utils.ranges import Count, Positive
from plasticity._utils.typed import checked
from plasticity.encoding._checks import sound_of, within_rate
from plasticity.errors import PlasticityError

#: a band quieter than this counts as this loud, so that silence has a logarithm
FLOOR = 1e-12


def mel(hertz: np.ndarray | float) -> np.ndarray | float:
    """Pitch in mel, 1127 log(1 + f/700): the form of the Hidden Markov Model Toolkit; 1,000 Hz are 1,000 mel."""
    return 1127.0 * np.log1p(np.asarray(hertz, float) / 700.0)


def hertz(mels: np.ndarray | float) -> np.ndarray | float:
    """The frequency of a pitch in mel."""
    return 700.0 * np.expm1(np.asarray(mels, float) / 1127.0)


@checked
def mel_filters(bands: Count, bins: Count, rate: Positive, low: float = 20.0, high: float = 4000.0) -> np.ndarray:
    """Weights of spectral bins in mel bands, [bins, bands]: triangles that overlap by half, of height 1, linear in mel.

    bins: of a spectrum from 0 to rate/2. rate: samples per second. low, high: Hz, where the first triangle begins and
    the last one ends. Bins outside have no weight, nor have the constant part and the bin next to `low` (as in HTK).
    Raises PlasticityError when a band is so narrow that less than half a bin falls into it.

    Source: as in TensorFlow's operation for Speech Commands, which follows HTK.
    """
    within_rate(low, high, rate)
    if bands < 1 or bins < 2:
        raise PlasticityError(f"bands must be at least 1 and bins at least 2, got {bands!r} and {bins!r}")
    edges = np.linspace(mel(low), mel(high), bands + 2)
    frequency = np.linspace(0.0, rate / 2, bins)
    pitch = mel(frequency)[:, None]
    rising, falling = (pitch - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - pitch) / np.diff(edges)[1:]
    weights = np.clip(np.minimum(rising, falling), 0.0, None)
    weights[:int(1.5 + low / frequency[1])] = 0.0
    narrow = np.flatnonzero(weights.sum(0) < 0.5)
    if len(narrow):
        raise PlasticityError(f"mel band {narrow[0]} of {bands} holds less than half a spectral bin; take fewer bands, "
                              "a longer window, or a higher `low`")
    return weights


@checked
def spectrogram(sound: np.ndarray, rate: float, window: Positive = 30e-3, stride: Positive = 10e-3) -> np.ndarray:
    """Magnitudes of the Fourier transform of windows of a sound, [frames, bins], or [samples, frames, bins].

    sound: [n] or [samples, n]. rate: samples per second. window, stride: s. Windows are periodic Hann windows, filled
    with zeros up to a power of two; only whole windows count, 1 + (n - window) // stride of them.
    """
    sound = sound_of(sound, rate)
    require_memory(window * rate, f"a window of {window!r} s")
    length, step = round(window * rate), round(stride * rate)
    if length < 2 or step < 1:
        raise PlasticityError(f"window and stride must be at least 2 and 1 samples, got {window!r} and {stride!r} s at "
                              f"{rate:g} samples per second")
    if sound.shape[-1] < length:
        raise PlasticityError(f"sound has {sound.shape[-1]} samples, less than one window of {length}; pad it with "
                              "zeros (see `fit_length`)")
    frames = np.lib.stride_tricks.sliding_window_view(sound, length, axis=-1)[..., ::step, :]
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return np.abs(np.fft.rfft(frames * hann, 1 << (length - 1).bit_length(), axis=-1))


@checked
def log_mel(sound: np.ndarray, rate: float, window: Positive = 30e-3, stride: Positive = 10e-3, bands: Count = 40,
            low: float = 20.0, high: float = 4000.0) -> np.ndarray:
    """Logarithm of the magnitude in each mel band, [frames, bands], or [samples, frames, bands]; see `mfcc`."""
    magnitude = spectrogram(sound, rate, window, stride)
    return np.log(np.maximum(magnitude @ mel_filters(bands, magnitude.shape[-1], rate, low, high), FLOOR))


@checked
def mfcc(sound: np.ndarray, rate: float, window: Positive = 30e-3, stride: Positive = 10e-3, bands: Count = 40,
         coefficients: Count = 40, low: float = 20.0, high: float = 4000.0) -> np.ndarray:
    """Mel-frequency cepstral coefficients, [frames, coefficients], or [samples, frames, coefficients].

    c_i = sqrt(2/bands) sum_j cos(pi i (j + 1/2)/bands) log(m_j), m_j the magnitude in mel band j

    sound: [n] or [samples, n], within -1 and 1. rate: samples per second. window, stride: s. low, high: Hz.
    The defaults are those of the Speech Commands task: windows of 30 ms every 10 ms, 40 bands from 20 to 4,000 Hz, all
    40 coefficients; one second gives 98 frames. Raises PlasticityError for a sound shorter than a window.

    Source: Davis & Mermelstein 1980, IEEE Trans. ASSP 28:357; magnitudes, floor and scale as in TensorFlow's operation,
    with which the task was published (Warden 2018, arXiv 1804.03209).
    """
    if not 1 <= coefficients <= bands:
        raise PlasticityError(f"coefficients must be between 1 and the number of bands ({bands}), got {coefficients!r}")
    return cepstrum(log_mel(sound, rate, window, stride, bands, low, high), coefficients)


def cepstrum(bands: np.ndarray, coefficients: int) -> np.ndarray:
    """The first coefficients of the cosine transform (type II) of values [..., bands], all scaled alike."""
    from scipy.fft import dct

    return dct(bands, 2, axis=-1)[..., :coefficients] / np.sqrt(2 * bands.shape[-1])
