"""Reward-modulated order of first spikes: by hand, and digits learned from reward alone, beside random reward."""

import numpy as np
import pytest

from plasticity import PlasticityError, engines, replay, rules
from plasticity.datasets import load
from plasticity.network import Input, Network, Population, Projection, Signal
from plasticity.neurons import Neuron

STEPS, CLASSES, PER_CLASS = 15, 10, 10
UNITS = CLASSES * PER_CLASS


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


def deciding(seed):
    """64 latency-coded pixels onto neurons of which the first to spike decides; each neuron stands for a class."""
    cell = Neuron("dv/dt = -off/tau : 1\noff : 1", threshold="v > 9", reset="v = -1000", refractory=1.0,
                  params={"tau": "1*ms"}, method="euler")
    w = np.clip(np.random.default_rng(seed).normal(0.8, 0.05, (64, UNITS)), 0, 1)
    return Network(
        (Input("pixel", 64),), (Population("cell", UNITS, cell, winner="highest"),), dt=1e-3,
        signals=(Signal("reward"), Signal("off", UNITS, drives="cell.off")),
        projections=(Projection("pixel", "cell", w, onto="v", rule=rules.r_stdp(0.05, 0.025, 0.005, 0.05)),
                     Projection("cell", "cell", -1000.0, "all_but_self", onto="v")))


def latencies(images):
    """A spike per pixel that is not dark, the brighter the earlier: [images, steps, 64]."""
    x = images.reshape(len(images), 64)
    spikes = np.zeros((len(x), STEPS + 1, 64), bool)
    image, pixel = np.nonzero(x > 0.1)
    spikes[image, np.round((1 - x[image, pixel]) * (STEPS - 1)).astype(int), pixel] = True
    return spikes


def decisions(simulation, spikes, off, **options):
    silent = {"reward": np.zeros(spikes.shape[:2]), "off": np.broadcast_to(off, (*spikes.shape[:2], UNITS))}
    counts = simulation.run({"pixel": spikes}, signals=silent, **options).counts["cell"]
    return np.where(counts.any(1), counts.argmax(1) // PER_CLASS, -1)


def accuracy_by_reward(rewarded, epochs, seed=0):
    """On held-out digits. Half of the neurons are off in each pass; the reward shrinks with success, as published."""
    digits, rng, wrong = load("digits"), np.random.default_rng(seed), 0.9
    simulation = engines.build(deciding(seed), "event")
    train, test = latencies(digits.train_x), latencies(digits.test_x)
    for _ in range(epochs):
        off, errors = 1.0 * (rng.random(UNITS) < 0.5), 0
        for k in rng.permutation(len(train)):
            answer = decisions(simulation, train[k:k + 1], off)[0]
            errors += answer != digits.train_y[k]
            size = (0.2 + 0.8 * wrong) if rewarded(rng, answer, digits.train_y[k]) else -(1.0 - 0.8 * wrong)
            simulation.run({}, 2, signals={"reward": np.array([[size, 0.0]]), "off": np.zeros((1, 2, UNITS))},
                           reset=False)
        wrong = errors / len(train)
    return (decisions(simulation, test, np.zeros(UNITS), learn=False) == digits.test_y).mean()


def test_digits_are_learned_from_reward_and_not_from_random_reward():
    """Threshold and rates were chosen on the last 401 training images."""
    assert accuracy_by_reward(lambda rng, answer, label: answer == label, epochs=4) > 0.6
    assert accuracy_by_reward(lambda rng, answer, label: rng.random() < 0.1, epochs=1) < 0.25


@pytest.mark.parametrize("arguments", [{"a_r_plus": -1.0}, {"a_p_minus": float("nan")}, {"w_max": float("inf")}])
def test_bad_values_are_refused(arguments):
    with pytest.raises(PlasticityError):
        rules.r_stdp(**arguments)
