"""Encoders: what they draw, what it depends on, what they refuse."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plasticity._utils import random
from plasticity.encoding import (
    bernoulli,
    constant,
    from_events,
    imposed,
    latency,
    poisson,
    rank_order,
    repeat,
    threshold_crossing,
)
from plasticity.encoding.spikes import Spikes
from plasticity.errors import PlasticityError

DT = 1e-3


def same(a: Spikes, b: Spikes) -> bool:
    return a.n == b.n and np.array_equal(a.dense(), b.dense())


def well_formed(spikes: Spikes) -> None:
    """The invariants of Spikes: rising offsets, strictly rising neurons within a step, indices in range."""
    assert spikes.ptr.dtype == np.int64 and spikes.index.dtype == np.int32
    assert (np.diff(spikes.ptr, axis=1) >= 0).all()
    for s in range(spikes.samples):
        for t in range(spikes.steps):
            step = spikes.index[spikes.ptr[s, t] : spikes.ptr[s, t + 1]]
            assert (np.diff(step) > 0).all()
            assert step.size == 0 or (step[0] >= 0 and step[-1] < spikes.n)


def test_poisson_rate_is_exact_on_the_grid():
    rates = np.tile([0.0, 5.0, 63.75, 127.5, 500.0, 1000.0], (400, 1))
    spikes = poisson(rates, 250, DT, seed=3)
    well_formed(spikes[:5])
    mean, expected = spikes.counts().mean(0), rates[0] * 250 * DT
    error = np.sqrt(expected * (1 - rates[0] * DT) / 400)
    assert mean[0] == 0 and mean[-1] == 250
    assert (np.abs(mean - expected)[1:-1] < 4.5 * error[1:-1]).all()


def test_poisson_count_varies_as_independent_steps_do():
    p, steps = 0.2, 100
    counts = poisson(np.full((200, 50), p / DT), steps, DT, seed=4).counts()
    assert np.var(counts) == pytest.approx(steps * p * (1 - p), rel=0.05)


def test_poisson_every_step_is_alike_including_the_first_and_last():
    p, trains = 0.05, 40_000
    per_step = poisson(np.full((40, 1000), p / DT), 30, DT, seed=5).dense().mean((0, 2))
    assert (np.abs(per_step - p) < 4.5 * math.sqrt(p * (1 - p) / trains)).all()


@pytest.mark.parametrize("shift", [(0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 1, 1)])
def test_poisson_neighbours_are_independent(shift):
    p = 0.3
    spikes = poisson(np.full((60, 60), p / DT), 60, DT, seed=6).dense()
    here = spikes[: 60 - shift[0], : 60 - shift[1], : 60 - shift[2]]
    there = spikes[shift[0] :, shift[1] :, shift[2] :]
    both = (here & there).mean()
    assert abs(both - p * p) < 5 * p * math.sqrt(1 / here.size)


def test_poisson_gaps_are_geometric():
    p = 0.25
    gaps = []
    for train in poisson(np.full((1, 400), p / DT), 400, DT, seed=7).dense()[0].T:
        gaps.append(np.diff(np.flatnonzero(train)))
    share = np.bincount(np.concatenate(gaps), minlength=8)[:8] / sum(map(len, gaps))
    expected = [0, *(p * (1 - p) ** (k - 1) for k in range(1, 8))]
    assert np.abs(share - expected).max() < 0.01


def test_poisson_equals_its_definition_in_plain_numpy():
    """The same gaps from the same numbers, written without Numba."""
    rates, steps, seed, first = np.array([[0.0, 40.0, 900.0], [120.0, 1000.0, 3.0]]), 80, 11, 5
    expected = np.zeros((2, steps, 3), bool)
    golden = np.uint64(random.GOLDEN)
    with np.errstate(over="ignore", divide="ignore"):
        for s in range(2):
            key = random.mix(random.key(seed, 0x656E636F64650001) ^ random.mix(np.uint64(first + s)))
            for i, p in enumerate(rates[s] * DT):
                counter, t = random.mix(key + np.uint64(i + 1) * golden), -1
                while p > 0:
                    counter += golden
                    u = (float(random.mix(counter) >> np.uint64(11)) + 0.5) * 2.0**-53
                    t += 1 + int(np.log(u) / np.log1p(-p))
                    if t >= steps:
                        break
                    expected[s, t, i] = True
    assert np.array_equal(poisson(rates, steps, DT, seed, first).dense(), expected)


def test_a_sample_depends_only_on_seed_and_number():
    rates = np.random.default_rng(0).uniform(0, 200, (7, 30))
    whole = poisson(rates, 50, DT, seed=1, first_sample=100)
    parts = [poisson(rates[k : k + 1], 50, DT, seed=1, first_sample=100 + k) for k in range(7)]
    assert all(same(whole[k : k + 1], part) for k, part in enumerate(parts))
    assert not same(whole, poisson(rates, 50, DT, seed=2, first_sample=100))
    assert not same(whole, poisson(rates, 50, DT, seed=1, first_sample=101))


def test_a_neuron_does_not_depend_on_the_others():
    rates = np.full((1, 20), 100.0)
    other = rates.copy()
    other[0, 7] = 0.0
    a, b = poisson(rates, 200, DT).dense(), poisson(other, 200, DT).dense()
    assert not b[0, :, 7].any() and a[0, :, 7].any()
    assert np.array_equal(np.delete(a, 7, 2), np.delete(b, 7, 2))


def test_a_generator_names_a_stream_and_moves_on():
    rates = np.full((2, 10), 100.0)
    rng = np.random.default_rng(9)
    first, second = poisson(rates, 50, DT, rng), poisson(rates, 50, DT, rng)
    assert not same(first, second)
    assert same(first, poisson(rates, 50, DT, np.random.default_rng(9)))


def test_many_spikes_and_long_presentations_fit():
    spikes = poisson(np.full((3, 200), 990.0), 3000, DT, seed=2)
    assert spikes.counts().mean() == pytest.approx(2970, rel=0.001)
    sparse = poisson(np.full((2, 2), 1e-12), 3000, DT)
    assert sparse.index.size == 0 and sparse.ptr.shape == (2, 3001)


@pytest.mark.parametrize("samples, n, steps", [(0, 5, 4), (3, 0, 4), (3, 5, 0)])
def test_poisson_of_nothing_is_nothing(samples, n, steps):
    spikes = poisson(np.full((samples, n), 100.0), steps, DT)
    assert (spikes.samples, spikes.n, spikes.steps, spikes.index.size) == (samples, n, steps, 0)


@pytest.mark.parametrize("rates, message", [
    (np.full((1, 2), 1000.1), "above the 1000 Hz that one spike per step"),
    (np.full((1, 2), -1.0), "rates_hz must not be negative"),
    (np.array([[np.nan, 1.0]]), "rates_hz holds NaN"),
    (np.array([[np.inf, 1.0]]), "rates_hz holds NaN or infinity"),
    (np.ones(3), r"rates_hz must have shape \[samples, n\]"),
    (np.array([["a"]]), "rates_hz must be an array of numbers"),
])
def test_poisson_refuses(rates, message):
    with pytest.raises(PlasticityError, match=message):
        poisson(rates, 10, DT)


@pytest.mark.parametrize("arguments, message", [
    ({"steps": 10, "dt": 0.0}, "dt must be positive"),
    ({"steps": -1, "dt": DT}, "steps must be a whole number of at least 0"),
    ({"steps": 2.5, "dt": DT}, "steps must be a whole number"),
    ({"steps": 2, "dt": DT, "first_sample": -1}, "first_sample must be a whole number of at least 0"),
])
def test_poisson_refuses_arguments(arguments, message):
    with pytest.raises(PlasticityError, match=message):
        poisson(np.ones((1, 2)), **arguments)


def test_bernoulli_of_constant_probability_is_poisson():
    p = np.random.default_rng(0).uniform(0, 1, (3, 20))
    assert same(bernoulli(p, 40, seed=8, first_sample=2), poisson(p / DT, 40, DT, seed=8, first_sample=2))


def test_bernoulli_per_step():
    p = np.zeros((200, 4, 50))
    p[:, 1], p[:, 2], p[:, 3] = 0.3, 1.0, 0.02
    spikes = bernoulli(p, seed=1, first_sample=10)
    per_step = spikes.dense().mean((0, 2))
    assert per_step[0] == 0 and per_step[2] == 1
    assert per_step[[1, 3]] == pytest.approx([0.3, 0.02], abs=0.02)
    assert same(spikes[5:6], bernoulli(p[5:6], seed=1, first_sample=15))


def test_bernoulli_refuses():
    with pytest.raises(PlasticityError, match="p holds probabilities"):
        bernoulli(np.full((1, 2), 1.5), 3)
    with pytest.raises(PlasticityError, match="steps is needed"):
        bernoulli(np.full((1, 2), 0.5))
    with pytest.raises(PlasticityError, match="p has 4 steps"):
        bernoulli(np.full((1, 4, 2), 0.5), steps=5)


def test_latency_by_hand():
    spikes = latency(np.array([[1.0, 0.5, 0.25, 0.0]]), steps=11, dt=DT)
    assert [np.flatnonzero(train).tolist() for train in spikes.dense()[0].T] == [[0], [5], [8], []]


def test_latency_window():
    spikes = latency(np.array([[1.0, 0.0001]]), steps=20, dt=DT, t_min=3e-3, t_max=10e-3)
    assert [np.flatnonzero(train).tolist() for train in spikes.dense()[0].T] == [[3], [10]]
    with pytest.raises(PlasticityError, match=r"t_min=0\.0 and t_max=0\.02"):
        latency(np.ones((1, 1)), steps=20, dt=DT, t_max=20e-3)
    with pytest.raises(PlasticityError, match="divide by the maximum"):
        latency(np.full((1, 1), 255.0), steps=20, dt=DT)


@given(hnp.arrays(np.float64, (2, 6), elements=st.floats(0, 1)))
@settings(max_examples=50, deadline=None)
def test_latency_brighter_is_never_later(intensity):
    dense = latency(intensity, steps=25, dt=DT).dense()
    assert np.array_equal(dense.sum(1), (intensity > 0).astype(int))
    step = np.where(intensity > 0, dense.argmax(1), 25)
    for row, times in zip(intensity, step, strict=True):
        assert (np.diff(times[np.argsort(-row, kind="stable")]) >= 0).all()


def test_rank_order_by_hand():
    intensity = np.array([[0.2, 0.9, 0.0, 0.9, 0.5]])
    one = rank_order(intensity, steps=10).dense()[0]
    assert [np.flatnonzero(train).tolist() for train in one.T] == [[3], [0], [], [1], [2]]
    two = rank_order(intensity, steps=10, per_step=2).dense()[0]
    assert [np.flatnonzero(train).tolist() for train in two.T] == [[1], [0], [], [0], [1]]
    assert rank_order(intensity, steps=2).counts().tolist() == [[0, 1, 0, 1, 0]]


def test_rank_order_ignores_scale():
    intensity = np.random.default_rng(0).random((3, 20))
    assert same(rank_order(intensity, 20), rank_order(intensity * 255, 20))


def test_from_events_sorts_and_merges():
    spikes = from_events(np.array([1, 0, 0, 0]), np.array([2, 1, 1, 1]), np.array([0, 4, 2, 4]), 2, 3, 5)
    well_formed(spikes)
    assert np.argwhere(spikes.dense()).tolist() == [[0, 1, 2], [0, 1, 4], [1, 2, 0]]


@pytest.mark.parametrize("events, message", [
    (([0], [3], [0]), r"step must stay within 0\.\.2"),
    (([0], [0], [-1]), r"neuron must stay within 0\.\.4"),
    (([0, 1], [0], [0]), "same length"),
    (([0.5], [0], [0]), "sample must be whole numbers"),
])
def test_from_events_refuses(events, message):
    with pytest.raises(PlasticityError, match=message):
        from_events(*map(np.array, events), 2, 3, 5)


@given(hnp.arrays(bool, (2, 4, 5)))
@settings(max_examples=50, deadline=None)
def test_imposed_and_from_events_agree(dense):
    sample, step, neuron = np.nonzero(dense)
    assert same(imposed(dense), from_events(sample, step, neuron, 2, 4, 5))
    assert np.array_equal(imposed(dense).dense(), dense)


def test_repeat():
    dense = np.random.default_rng(0).random((6, 4)) < 0.3
    spikes = repeat(imposed(np.stack([dense[::-1], dense]))[1:], 3)
    assert np.array_equal(spikes.dense(), np.stack([dense] * 3))
    assert spikes.ptr[-1, -1] == spikes.index.size == 3 * dense.sum()
    with pytest.raises(PlasticityError, match="one sample"):
        repeat(np.zeros((2, 3, 4), bool), 2)


def test_constant():
    signal = constant(np.array([[1.0, 2.0]]), 3)
    assert signal.tolist() == [[[1, 2], [1, 2], [1, 2]]]
    assert constant(np.array([4.0, 5.0]), 2).tolist() == [[4, 4], [5, 5]]
    with pytest.raises(PlasticityError, match="current holds NaN"):
        constant(np.array([np.nan]), 3)


def test_importing_the_encoders_does_not_load_numba():
    code = "import sys, plasticity.encoding; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_threshold_crossing_by_hand():
    values = np.array([0.0, 0.5, 0.5, 1.0, 0.2])[None, :, None]
    spikes = threshold_crossing(values, np.array([0.5, 0.8])).dense()[0]
    assert [np.flatnonzero(train).tolist() for train in spikes.T] == [[0], [2], [3], [3]]
    with pytest.raises(PlasticityError, match=r"values must be finite, \[samples, steps, n\]"):
        threshold_crossing(values[0], np.array([0.5]))


def test_thresholds_of_several_values_lie_side_by_side():
    values = np.zeros((1, 2, 3))
    values[0, 1, 1] = 1.0
    assert np.argwhere(threshold_crossing(values, np.array([0.3, 0.6])).dense()).tolist() == [[0, 0, 4], [0, 0, 5]]
