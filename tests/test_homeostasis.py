"""Homeostasis: each function against its equation by hand and against what it is for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plasticity.errors import PlasticityError
from plasticity.network.homeostasis import (
    adapt_threshold,
    normalize,
    scale_synapses,
    sigmoid_to_exponential,
    threshold_to_rate,
)


@given(hnp.arrays(np.float64, (5, 4), elements=st.floats(-10, 10).map(lambda v: round(v, 3))))
@settings(max_examples=60, deadline=None)
def test_normalize_sums_and_signs(w):
    before = w.copy()
    out = normalize(w, 7.0)
    silent = np.abs(w).sum(0) == 0
    assert np.abs(out).sum(0)[~silent] == pytest.approx(7.0)
    assert (out[:, silent] == 0).all() and np.array_equal(np.sign(out), np.sign(w))
    assert np.array_equal(w, before)


def test_normalize_by_hand():
    assert normalize(np.array([[1.0, 0.0], [-3.0, 0.0]]), 2.0).tolist() == [[0.5, 0.0], [-1.5, 0.0]]
    assert normalize(np.ones((2, 2)), np.array([1.0, 4.0])).tolist() == [[0.5, 2.0], [0.5, 2.0]]


def test_normalize_keeps_single_precision():
    assert normalize(np.ones((2, 2), np.float32), 3.0).dtype == np.float32


def test_normalize_with_a_mask_leaves_the_rest():
    w = np.array([[1.0, 5.0], [3.0, 2.0], [9.0, 0.0]])
    mask = np.array([[True, False], [True, False], [False, True]])
    assert normalize(w, 8.0, mask).tolist() == [[2.0, 5.0], [6.0, 2.0], [9.0, 0.0]]
    with pytest.raises(PlasticityError, match="mask must have the shape"):
        normalize(w, 8.0, mask[:2])


def test_scale_synapses_solves_its_equation():
    w, rate, target, beta = np.array([[0.2, 0.4], [0.1, -0.3]]), np.array([2.0, 9.0]), 5.0, 0.05
    euler = w.copy()
    for _ in range(20_000):
        euler += 1e-4 * beta * euler * (target - rate)
    assert scale_synapses(w, rate, target, beta, dt=2.0) == pytest.approx(euler, rel=1e-4)


def test_scale_synapses_direction_ratios_and_bounds():
    w = np.array([[0.2, 0.2, 0.2], [0.1, 0.1, 0.1]])
    out = scale_synapses(w, np.array([0.0, 5.0, 10.0]), 5.0, 0.1, 1.0)
    assert (out[:, 0] > w[:, 0]).all() and np.array_equal(out[:, 1], w[:, 1]) and (out[:, 2] < w[:, 2]).all()
    assert out[0] / out[1] == pytest.approx(2.0)
    assert scale_synapses(w, np.zeros(3), 5.0, 10.0, 1.0, 0.0, 1.0).max() == 1.0


def test_adapt_threshold():
    theta = adapt_threshold(np.array([1.0, 1.0]), np.array([0, 2]), theta_plus=0.05, tau=10.0, dt=5.0)
    assert theta == pytest.approx([np.exp(-0.5), np.exp(-0.5) + 0.1])
    assert adapt_threshold(np.ones(1), np.zeros(1), 0.05, np.inf, 5.0).tolist() == [1.0]


def test_threshold_to_rate_reaches_the_target():
    assert threshold_to_rate(np.array([1.0, 1.0]), np.array([1, 0]), 0.1, 0.5) == pytest.approx([1.45, 0.95])
    rng, threshold, spikes = np.random.default_rng(0), np.zeros(50), []
    for _ in range(4000):
        spikes.append(rng.normal(size=50) > threshold)
        threshold = threshold_to_rate(threshold, spikes[-1], 0.1, 0.02)
    assert np.mean(spikes[1000:]) == pytest.approx(0.1, abs=0.005)


def test_sigmoid_to_exponential_is_the_gradient_of_the_divergence():
    """The divergence of y from Exp(mean), up to constants, is E[-log(dy/dx) + y/mean]; its gradient by differences."""
    gain, bias, mean, eta, step = np.array([1.3]), np.array([-0.4]), 0.2, 1e-3, 1e-6
    x = np.array([0.7])

    def loss(a, b):
        y = 1 / (1 + np.exp(-(a * x + b)))
        return -np.log(a * y * (1 - y)) + y / mean

    by_gain = (loss(gain + step, bias) - loss(gain - step, bias)) / (2 * step)
    by_bias = (loss(gain, bias + step) - loss(gain, bias - step)) / (2 * step)
    new_gain, new_bias = sigmoid_to_exponential(gain, bias, x, mean, eta)
    assert (new_gain - gain) == pytest.approx(-eta * by_gain, rel=1e-5)
    assert (new_bias - bias) == pytest.approx(-eta * by_bias, rel=1e-5)


def test_sigmoid_to_exponential_reaches_its_mean():
    rng, gain, bias, seen = np.random.default_rng(1), np.ones(200), np.zeros(200), []
    for k in range(4000):
        x = rng.normal(size=200)
        gain, bias = sigmoid_to_exponential(gain, bias, x, 0.15, 0.01)
        if k >= 2000:
            seen.append(1 / (1 + np.exp(-(gain * x + bias))))
    assert np.mean(seen) == pytest.approx(0.15, abs=0.02)
    assert np.std(seen) == pytest.approx(0.15, abs=0.05)  # an exponential distribution is as wide as its mean


def test_sigmoid_to_exponential_refuses():
    with pytest.raises(PlasticityError, match="mean must lie"):
        sigmoid_to_exponential(np.ones(1), np.zeros(1), np.zeros(1), 1.5, 0.01)
    with pytest.raises(PlasticityError, match="gain must be positive"):
        sigmoid_to_exponential(np.zeros(1), np.zeros(1), np.zeros(1), 0.2, 0.01)
