"""The order of first spikes: by hand, and a neuron that comes to know a pattern among noise."""

import numpy as np
import pytest

from plasticity import PlasticityError, replay, rules


def test_only_the_order_counts():
    pre, post = np.zeros((400, 4), bool), np.zeros((400, 2), bool)
    pre[2, 0] = pre[300, 1] = pre[301, 2] = True
    post[300, 0] = True
    w = np.full((4, 2), 0.25)
    found = replay(rules.rank_order_stdp(0.04, 0.03), w, pre, post, 1e-3, "interpreter").w
    step = 0.25 * 0.75
    np.testing.assert_allclose(found[:, 0] - 0.25, [0.04 * step, 0.04 * step, -0.03 * step, -0.03 * step], atol=1e-15)
    np.testing.assert_array_equal(found[:, 1], w[:, 1])
    strict = replay(rules.rank_order_stdp(0.04, 0.03, order="strict"), w, pre, post, 1e-3, "interpreter").w
    assert strict[1, 0] < 0.25


def test_weights_single_out_what_comes_first():
    """Masquelier & Thorpe 2007's finding: the earliest inputs of a repeated pattern end at 1, all others at 0."""
    rng, w = np.random.default_rng(0), np.full((20, 1), 0.8)
    rule = rules.rank_order_stdp(0.1, 0.075)
    latency = np.r_[rng.permutation(20)[:8], np.full(12, 25)]
    for _ in range(120):
        pre, post = np.zeros((30, 20), bool), np.zeros((30, 1), bool)
        jittered = latency + rng.integers(0, 3, 20)
        pre[jittered, np.arange(20)] = True
        reached = np.cumsum((pre @ w)[:, 0]) >= 4.0  # a neuron that fires once, at a fixed sum of input
        post[reached.argmax() if reached.any() else 29, 0] = True
        w = replay(rule, w, pre, post, 1e-3, "interpreter").w
    earliest = np.sort(latency[w[:, 0] > 0.95])
    assert 4 <= len(earliest) <= 6 and (np.sort(latency)[: len(earliest)] == earliest).all()
    assert (w[w[:, 0] <= 0.95] < 0.1).all()


@pytest.mark.parametrize("arguments", [{"a_plus": -1.0}, {"a_minus": float("nan")}, {"w_max": float("inf")},
                                       {"w_min": float("-inf")}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.rank_order_stdp(**arguments)
