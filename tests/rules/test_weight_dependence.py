"""Rules whose change depends on the weight: windows, powers, fixed points, and the distributions they lead to."""

import numpy as np
import pytest
from scipy.stats import skew

from plasticity import PlasticityError, engines, plots, replay, rules
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.neurons import lif

LAG = 10e-3


def one_pair(rule, weights, later):
    """Change of each weight by one pair, the postsynaptic spike 10 ms after (or before) the presynaptic one."""
    pre, post = np.zeros((25, len(weights)), bool), np.zeros((25, 1), bool)
    pre[5 if later else 15], post[15 if later else 5] = True, True
    return replay(rule, np.asarray(weights, float)[:, None], pre, post, 1e-3, "interpreter").w[:, 0] - weights


def test_power_law_stdp_has_its_two_powers_and_its_window():
    rule, w = rules.power_law_stdp(0.01, 0.3, 0.4, 2.0), np.array([0.1, 1.0, 2.0, 30.0])
    np.testing.assert_allclose(one_pair(rule, w, True), 0.01 * 2.0**0.6 * w**0.4 * np.exp(-LAG / 20e-3), rtol=1e-12)
    np.testing.assert_allclose(one_pair(rule, w, False), -0.01 * 0.3 * w * np.exp(-LAG / 20e-3), rtol=1e-12)
    time, found = plots.window(rule, w=2.0, points=41)
    expected = np.where(time >= 0, 0.02 * np.exp(-time / 20e-3), -0.006 * np.exp(time / 20e-3))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_log_stdp_balances_at_w_0_and_is_sublinear_above():
    rule = rules.log_stdp(1e-3, 0.1)
    w = np.array([0.05, 0.1, 0.1 + 1e-9, 0.4, 2.0])
    down = np.array([0.5, 1.0, 1.0, 1 + np.log(16) / 5, 1 + np.log(96) / 5])
    np.testing.assert_allclose(one_pair(rule, w, False), -1e-3 * 0.5 * down * np.exp(-LAG / 34e-3), rtol=1e-7)
    np.testing.assert_allclose(one_pair(rule, w, True), 1e-3 * np.exp(-w / 5.0) * np.exp(-LAG / 17e-3), rtol=1e-7)
    time, found = plots.window(rule, w=0.1, points=41)
    assert abs(found[time > 0].sum() * np.exp(0.1 / 5) + found[time < 0].sum()) < 0.1 * found[time > 0].sum()


def test_anti_stdp_is_pair_stdp_upside_down():
    time, found = plots.window(rules.anti_stdp(0.02, 0.01, 10e-3, 30e-3), points=81)
    upright = plots.window(rules.pair_stdp(0.02, 0.01, 10e-3, 30e-3), points=81)[1]
    np.testing.assert_allclose(found, -upright, atol=1e-15)
    assert (found[time > 0] < 0).all() and (found[time < 0] > 0).all()


@pytest.mark.parametrize("alpha", [0.5, 2.0])
def test_power_law_weights_have_the_fixed_point_of_the_paper(alpha):
    """Trains that meet in both orders equally often drive every weight towards w_0 alpha^(-1/(1 - mu))."""
    w = 3.0 * alpha ** (-1 / 0.6) * np.array([0.5, 0.9, 1.0, 1.1, 2.0])
    rule = rules.power_law_stdp(0.02, alpha, 0.4, 3.0)
    drift = one_pair(rule, w, True) + one_pair(rule, w, False)
    assert (drift[:2] > 0).all() and abs(drift[2]) < 1e-15 and (drift[3:] < 0).all()


def learned(rule, n=200, seconds=300, scale=0.045, seed=2):
    """Weights of n Poisson inputs (15 Hz) onto one neuron: Song, Miller & Abbott 2000 with a fifth of the inputs."""
    neuron = lif("conductance", tau=20e-3, v_rest=-70e-3, v_reset=-60e-3, v_threshold=-54e-3, tau_e=5e-3, e_exc=0.0)
    rng = np.random.default_rng(seed)
    network = Network((Input("pre", n),), (Population("post", 1, neuron),), dt=1e-3, projections=(
        Projection("pre", "post", rng.random((n, 1)), onto="ge", scale=scale, rule=rule),))
    simulation = engines.build(network, "event")
    counts = simulation.run({"pre": rng.random((1, 1000 * seconds, n)) < 15e-3}).counts["post"]
    return simulation.get("pre->post.w")[:, 0], counts.sum() / seconds


def test_additive_weights_become_bimodal():
    w, rate = learned(rules.pair_stdp(0.01, 0.011))
    low, high = (w < 0.2).mean(), (w > 0.8).mean()
    assert low > 0.3 and high > 0.3 and low + high > 0.8 and 5 < rate < 80
    assert ((w > 0.4) & (w < 0.6)).mean() < 0.05


def test_power_law_weights_become_unimodal():
    w, rate = learned(rules.power_law_stdp(0.02, 1.05, w_0=0.5))
    assert 5 < rate < 80 and w.std() < 0.2 * w.mean()
    histogram = np.histogram(w, 7)[0]
    peak = histogram.argmax()
    assert (np.diff(histogram[:peak + 1]) >= -3).all() and (np.diff(histogram[peak:]) <= 3).all()


def test_log_stdp_gives_the_weights_a_long_tail():
    """Gilson & Fukai 2011: saturating depression, unlike depression in proportion to the weight, skews them."""
    skewed, _ = learned(rules.log_stdp(0.015, 0.3))
    linear, _ = learned(rules.log_stdp(0.015, 0.3, alpha=1e-3))
    assert skew(skewed) > 0.8 and skew(linear) < 0.2
    assert skewed.std() / skewed.mean() > 1.2 * linear.std() / linear.mean()
    assert skewed.max() > 1.7 * np.median(skewed) and skewed.min() > 0.6 * np.median(skewed)


@pytest.mark.parametrize(("make", "arguments"), [
    (rules.power_law_stdp, {"rate": -0.1}), (rules.power_law_stdp, {"mu": 1.5}), (rules.power_law_stdp, {"mu": -0.1}),
    (rules.power_law_stdp, {"w_0": 0.0}), (rules.power_law_stdp, {"w_min": -1.0}),
    (rules.power_law_stdp, {"tau_plus": -1.0}), (rules.log_stdp, {"w_0": 0.0}), (rules.log_stdp, {"alpha": 0.0}),
    (rules.log_stdp, {"eta": -1e-3}), (rules.log_stdp, {"w_min": -1.0}), (rules.anti_stdp, {"a_minus": -0.1}),
    (rules.anti_stdp, {"tau_minus": 0.0}), (rules.anti_stdp, {"pairing": "some"})])
def test_bad_values_are_refused(make, arguments):
    with pytest.raises(PlasticityError):
        make(**arguments)
