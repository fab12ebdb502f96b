"""Sounds as spectra and as spikes: published values, formulas written out, tones that must be heard where they are."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plasticity.encoding import (
    cochlea,
    cochleagram,
    fit_length,
    integrate_and_fire,
    level_crossing,
    mel_filters,
    mfcc,
    spectrogram,
)
from plasticity.encoding.cochlea import centre_frequencies, gammatone
from plasticity.encoding.spectrum import cepstrum, hertz, mel
from plasticity.errors import PlasticityError


def tone(frequency, rate=8000, seconds=0.2, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def test_mel_scale():
    assert mel(0.0) == 0 and mel(1000.0) == pytest.approx(1000, abs=0.02)  # by definition of the scale
    assert mel(8000.0) == pytest.approx(2840.0, abs=0.05)
    np.testing.assert_allclose(hertz(mel(np.array([20.0, 440.0, 4000.0]))), [20, 440, 4000])


def test_mel_bands_and_coefficients_of_tensorflow():
    """The golden values of its own tests, taken there from an independent program: power 1, 2, 3, ... in 513 bins."""
    magnitude = np.sqrt(np.arange(1, 514))
    golden = [7.38894574, 10.30330648, 13.72703292, 17.24158686, 21.35253118, 25.77781089, 31.30624108, 37.05877236,
              43.9436536, 51.80306637, 60.79867148, 71.14363376, 82.90910141, 96.50069158, 112.08428368, 129.96721968,
              150.4277597, 173.74997634, 200.86037462, 231.59802942]
    np.testing.assert_allclose(magnitude @ mel_filters(20, 513, 22050), golden, rtol=1e-8)
    golden = [29.13970072, -6.41568601, -0.61903012, -0.96778652, -0.26819878, -0.40907028, -0.15614748, -0.23203119,
              -0.10481487, -0.1543029, -0.0769791, -0.10806114, -0.06047613]
    np.testing.assert_allclose(cepstrum(np.log(magnitude @ mel_filters(40, 513, 22050)), 13), golden, atol=1e-8)


def naive_mfcc(sound, rate, window, stride, bands, coefficients, low, high):
    """Formula by formula, bin by bin."""
    length, step = round(window * rate), round(stride * rate)
    size = 2 ** math.ceil(math.log2(length))
    pitch = [1127 * math.log(1 + f / 700) for f in (low, high)]
    edges = [pitch[0] + (pitch[1] - pitch[0]) * k / (bands + 1) for k in range(bands + 2)]
    rows = []
    for begin in range(0, len(sound) - length + 1, step):
        part = [sound[begin + t] * (0.5 - 0.5 * math.cos(2 * math.pi * t / length)) for t in range(length)]
        energy = [0.0] * bands
        for k in range(size // 2 + 1):
            frequency = k * rate / size
            if k < int(1.5 + low * size / rate) or frequency > high:
                continue
            angle = 2 * np.pi * k * np.arange(length) / size
            size_of = math.hypot(float(np.dot(part, np.cos(angle))), float(np.dot(part, np.sin(angle))))
            p = 1127 * math.log(1 + frequency / 700)
            for band in range(bands):
                left, middle, right = edges[band:band + 3]
                energy[band] += size_of * max(0.0, min((p - left) / (middle - left), (right - p) / (right - middle)))
        logs = [math.log(max(e, 1e-12)) for e in energy]
        rows.append([math.sqrt(2 / bands) * sum(logs[j] * math.cos(math.pi * i * (j + 0.5) / bands)
                                                for j in range(bands)) for i in range(coefficients)])
    return np.array(rows)


def test_mfcc_is_its_formula():
    rng = np.random.default_rng(0)
    sound = tone(700, seconds=0.1) + 0.1 * rng.normal(size=800)
    settings_of = {"window": 25e-3, "stride": 20e-3, "bands": 12, "coefficients": 7, "low": 60.0, "high": 3500.0}
    found = mfcc(sound, 8000, **settings_of)
    np.testing.assert_allclose(found, naive_mfcc(sound, 8000, **settings_of), atol=1e-9)
    np.testing.assert_array_equal(mfcc(np.stack([sound, sound[::-1]]), 8000, **settings_of)[0], found)


def test_mfcc_of_speech_commands_has_its_shape():
    assert mfcc(np.zeros(16000), 16000).shape == (98, 40)
    silent = mfcc(np.zeros(16000), 16000)
    assert np.isfinite(silent).all() and silent[0, 0] == pytest.approx(math.sqrt(2 * 40) * math.log(1e-12))


def test_a_tone_is_in_its_bin():
    magnitude = spectrogram(tone(1000), 8000, window=32e-3, stride=8e-3)
    assert magnitude.shape == (1 + (1600 - 256) // 64, 129) and (magnitude.argmax(1) == 32).all()
    assert magnitude.max() == pytest.approx(0.5 * 256 / 4, rel=1e-6)  # half of the window's sum, times the amplitude


@pytest.mark.parametrize("frequency", [50.0, 100.0, 1000.0, 7000.0])
def test_gammatone_keeps_its_own_tone_and_damps_others(frequency):
    heard = [np.abs(gammatone(tone(f, 16000, 0.5), 16000, frequency))[-800:].mean()
             for f in (frequency, 1.5 * frequency, 0.6 * frequency)]
    assert heard[0] == pytest.approx(0.5, rel=5e-3) and max(heard[1:]) < 0.2 * heard[0] + 0.15 * (frequency < 200)


def test_gammatone_has_the_bandwidth_of_hearing():
    """The area under its power response over the peak is 24.7 (4.37 f/kHz + 1) Hz."""
    impulse = np.zeros(2**15)
    impulse[0] = 1
    power = np.abs(np.fft.fft(gammatone(impulse, 16000, 1500.0))) ** 2
    width = power.sum() / power.max() * 16000 / len(impulse)
    assert width == pytest.approx(24.7 * (4.37 * 1.5 + 1), rel=0.01)


def test_channels_lie_in_steps_of_that_bandwidth():
    f = centre_frequencies(25, 100.0, 3600.0)
    assert f[0] == pytest.approx(100) and f[-1] == pytest.approx(3600)
    in_bandwidths = np.diff(f) / (24.7 * (4.37e-3 * (f[1:] + f[:-1]) / 2 + 1))
    assert np.ptp(in_bandwidths) < 0.01 * in_bandwidths.mean()


def test_cochleagram_is_rectified_compressed_and_averaged():
    rng = np.random.default_rng(1)
    sounds = 0.3 * rng.normal(size=(2, 900))
    found = cochleagram(sounds, 8000, dt=2.5e-3, channels=3, low=200, high=3000, exponent=0.4)
    assert found.shape == (2, 45, 3)
    for k, f in enumerate(centre_frequencies(3, 200, 3000)):
        heard = np.maximum(gammatone(sounds, 8000, f).real, 0) ** 0.4
        np.testing.assert_allclose(found[..., k], heard.reshape(2, 45, 20).mean(-1), atol=1e-10)
    np.testing.assert_array_equal(cochleagram(sounds[1], 8000, 2.5e-3, 3, 200, 3000, 0.4), found[1])


def test_steps_need_not_hold_whole_samples():
    found = cochleagram(tone(500, 44100), 44100, dt=1e-3, channels=2)
    assert found.shape == (200, 2) and (found[100:, 0] >= 0).all()


def test_a_louder_tone_makes_more_spikes_where_it_is():
    sounds = np.stack([tone(1000, amplitude=a) for a in (0.0, 0.05, 0.5)])
    counts = cochlea(sounds, 8000, channels=20, high=3600).counts()
    near = np.argmin(np.abs(centre_frequencies(20, 100, 3600) - 1000))
    assert counts[0].sum() == 0 and 0 < counts[1, near] < counts[2, near]
    assert counts[2].argmax() in (near - 1, near, near + 1)


def test_integrate_and_fire_by_hand():
    drive = np.full((1, 8, 1), 2.0)
    keep, v, expected = math.exp(-1e-3 / 4e-3), 0.0, []
    for _ in range(8):
        v = keep * v + (1 - keep) * 2.0
        expected.append(v >= 1)
        v = 0.0 if v >= 1 else v
    assert integrate_and_fire(drive, 1e-3, tau=4e-3).dense()[0, :, 0].tolist() == expected and 0 < sum(expected) < 8
    rested = integrate_and_fire(np.full((1, 9, 1), 1e9), 1e-3, refractory=2e-3).dense()[0, :, 0]
    assert np.flatnonzero(rested).tolist() == [0, 3, 6]


@given(hnp.arrays(np.float64, (2, 12, 3), elements=st.floats(-1, 1)))
@settings(max_examples=50, deadline=None)
def test_level_crossings_follow_what_moves_slowly(steps):
    values = np.cumsum(0.3 * steps, axis=1)
    spikes = level_crossing(values, 0.3).dense().reshape(2, 12, 3, 2).astype(int)
    followed = values[:, :1] + 0.3 * np.cumsum(spikes[..., 0] - spikes[..., 1], axis=1)
    assert np.abs(followed - values).max() <= 0.3 * (1 + 1e-9)
    assert not (spikes[..., 0] & spikes[..., 1]).any()


def test_level_crossings_by_hand():
    values = np.array([0.0, 0.5, 1.0, 5.0, 5.0, 5.0, -1.0])[None, :, None]
    spikes = level_crossing(values, 1.0).dense()[0]
    assert np.flatnonzero(spikes[:, 0]).tolist() == [2, 3, 4, 5] and np.flatnonzero(spikes[:, 1]).tolist() == [6]


def test_fit_length():
    found = fit_length([np.ones(2), np.arange(5.0)], 3)
    assert found.tolist() == [[1, 1, 0], [0, 1, 2]]


@pytest.mark.parametrize("make, message", [
    (lambda: mfcc(np.zeros(10), 8000), "less than one window of 240"),
    (lambda: mfcc(np.zeros(8000), 8000, coefficients=41), "coefficients must be between 1 and the number of bands"),
    (lambda: mfcc(np.zeros(8000), 8000, high=5000), "half the rate"),
    (lambda: mfcc(np.full(8000, np.nan), 8000), "sound holds NaN"),
    (lambda: mfcc([np.zeros(3), np.zeros(4)], 8000), "bring sounds to one length"),
    (lambda: mfcc(np.zeros((2, 3, 4)), 8000), r"sound must have shape \[n\]"),
    (lambda: mel_filters(60, 129, 8000), "less than half a spectral bin"),
    (lambda: spectrogram(np.zeros(8000), 8000, stride=0.0), "stride must be positive"),
    (lambda: spectrogram(np.zeros(8000), 0), "rate must be positive"),
    (lambda: cochleagram(np.zeros(8000), 8000, dt=1e-5), "dt must be at least one sample"),
    (lambda: cochleagram(np.zeros(3), 8000), "less than one step"),
    (lambda: cochleagram(np.zeros(800), 8000, low=5000.0), "half the rate"),
    (lambda: cochleagram(np.zeros(800), 8000, channels=0), "channels must be a whole number of at least 1"),
    (lambda: integrate_and_fire(np.zeros((2, 3)), 1e-3), r"\[samples, steps, n\]"),
    (lambda: integrate_and_fire(np.zeros((1, 2, 3)), 1e-3, tau=0.0), "tau must be positive"),
    (lambda: level_crossing(np.zeros((1, 2, 3)), 0.0), "delta must be positive"),
    (lambda: level_crossing(np.zeros((1, 0, 3)), 1.0), r"\[samples, steps, n\]"),
    (lambda: fit_length([], 0), "length must be a whole number of at least 1")])
def test_bad_values_are_refused(make, message):
    with pytest.raises(PlasticityError, match=message):
        make()
