"""Reward-modulated order of first spikes: by hand, and digits learned from reward alone, beside random reward."""

import numpy as np
import pytest
from support.first_spikes import accuracy_by_reward, by_chance, by_label

from plasticity import PlasticityError, replay, rules


@pytest.mark.parametrize(("reward", "early", "late"), [(1.0, 0.04, -0.03), (0.5, 0.02, -0.015), (-1.0, -0.02, 0.01),
                                                       (0.0, 0.0, 0.0)])
@pytest.mark.parametrize("dt", [1e-3, 0.1])
def test_reward_and_punishment_turn_the_order_of_spikes_into_change(reward, early, late, dt):
    pre, post = np.zeros((30, 4), bool), np.zeros((30, 2), bool)
    pre[2, 0] = pre[10, 1] = pre[11, 2] = True
    post[10, 0] = True
    told = np.zeros(30)
    told[20] = reward
    w = np.full((4, 2), 0.25)
    rule = rules.r_stdp(0.04, 0.03, 0.01, 0.02)
    found = replay(rule, w, pre, post, dt, "interpreter", reward=told).w
    step = 0.25 * 0.75
    np.testing.assert_allclose(found[:, 0] - 0.25, step * np.array([early, early, late, late]), atol=1e-15)
    np.testing.assert_array_equal(found[:, 1], w[:, 1])  # it did not spike
    strict = replay(rule.with_(order="strict"), w, pre, post, dt, "interpreter", reward=told).w
    assert strict[1, 0] - 0.25 == pytest.approx(step * late, abs=1e-15)


def test_reward_in_the_spikes_own_step_is_too_early():
    pre, post = np.ones((3, 1), bool), np.array([[False], [True], [False]])
    found = replay(rules.r_stdp(), np.full((1, 1), 0.5), pre, post, 1e-3, "interpreter", weights_every=1,
                   reward=np.ones(3)).trajectory[:, 0, 0]
    np.testing.assert_allclose(found, [0.5, 0.5, 0.5 + 0.005 / 4], atol=1e-15)


def test_digits_are_learned_from_reward_and_not_from_random_reward():
    """Threshold and rates were chosen on the last 401 training images."""
    assert accuracy_by_reward(by_label, epochs=4) > 0.6
    assert accuracy_by_reward(by_chance, epochs=1) < 0.25


@pytest.mark.parametrize("arguments", [{"a_r_plus": -1.0}, {"a_p_minus": float("nan")}, {"w_max": float("inf")}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.r_stdp(**arguments)
