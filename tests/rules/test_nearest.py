"""Neighbouring spikes form pairs in three ways: by hand, and the window of one pair."""

from math import exp

import numpy as np
import pytest

from plasticity import PlasticityError, plots, replay, rules
from plasticity.rules.texts.nearest import SCHEMES

PRE, POST = (0, 10, 20, 30, 32), (25, 27, 45)  # ms
#: scheme -> (pairs that strengthen, pairs that weaken), as differences in ms, from figure 7 of the paper
PAIRS = {
    "symmetric": ((5, 7, 13), (3, 5)),
    "presynaptic_centred": ((25, 15, 5, 15, 13), (3, 5)),
    "reduced_symmetric": ((5, 13), (3,)),
    "reduced_symmetric_nest": ((5, 13), (3,)),
}


def spikes(*times):
    train = np.zeros((50, 1), bool)
    train[list(times)] = True
    return train


def change(rule, pre, post, engine="interpreter"):
    return replay(rule, np.full((1, 1), 5.0), spikes(*pre), spikes(*post), 1e-3, engine).w[0, 0] - 5.0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_pairs_are_those_of_the_paper(scheme):
    rule = rules.nearest_stdp(scheme, 0.3, 0.2, 15e-3, 25e-3, w_min=0.0, w_max=10.0)
    up, down = PAIRS[scheme]
    expected = 0.3 * sum(exp(-d / 15) for d in up) - 0.2 * sum(exp(-d / 25) for d in down)
    assert change(rule, PRE, POST) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_spikes_that_meet_in_one_step_are_left_out_by_strict_order(scheme):
    """As in NEST: the coincident pair is discarded, and each of the two spikes may still find another partner."""
    rule = rules.nearest_stdp(scheme, 0.3, 0.2, order="strict", w_min=0.0, w_max=10.0)
    assert change(rule, (10,), (10,)) == 0.0
    after = change(rule, (10,), (10, 20))
    assert after == pytest.approx(0.3 * exp(-10 / 20), abs=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_pair_has_the_window_of_pair_stdp(scheme):
    time, found = plots.window(rules.nearest_stdp(scheme, 0.02, 0.01, 10e-3, 30e-3), points=81)
    expected = np.where(time >= 0, 0.02 * np.exp(-time / 10e-3), -0.01 * np.exp(time / 30e-3))
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_changes_depend_on_the_weight_as_those_of_pair_stdp(scheme):
    """Weight 5 in bounds from 1 to 9: half way, so 0.5 to the power mu."""
    make = {"w_min": 1.0, "w_max": 9.0, "mu_plus": 2.0, "mu_minus": 0.5}
    rule = rules.nearest_stdp(scheme, 0.3, 0.2, **make)
    assert change(rule, (10,), (15,)) == pytest.approx(0.3 * 0.25 * exp(-5 / 20), abs=1e-12)
    assert change(rule, (15,), (10,)) == pytest.approx(-0.2 * 0.5**0.5 * exp(-5 / 20), abs=1e-12)


@pytest.mark.parametrize("arguments", [
    {"mu_plus": -1.0}, {"mu_minus": 1.0, "w_max": float("inf")},
    {"scheme": "post_centred"}, {"a_plus": -0.1}, {"a_minus": float("nan")}, {"tau_plus": 0.0}, {"w_min": 2.0}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.nearest_stdp(**arguments)
