"""Forms in which everything of one step acts at once, against loops written from Florian's and BindsNET's equations."""

import numpy as np
import pytest

from plasticity import PlasticityError, replay, rules
from plasticity.rules import once_per_step

DT, STEPS, SHAPE = 1e-3, 120, (5, 4)
DECAY = np.exp(-DT / 20e-3)
ENGINES = ("interpreter", "torch")


@pytest.fixture(scope="module")
def given():
    """Spikes [steps, n], the last step silent; reward and rate; weights."""
    rng = np.random.default_rng(7)
    pre, post = rng.random((STEPS, SHAPE[0])) < 0.2, rng.random((STEPS, SHAPE[1])) < 0.2
    pre[50] = post[50] = True
    pre[-1] = post[-1] = False
    return pre, post, rng.standard_normal(STEPS), 60 * rng.random((STEPS, SHAPE[1])), rng.uniform(0.2, 0.8, SHAPE)


def point_eligibility(pre, post):
    """zeta(t) = P+(t) post(t) + pre(t) P-(t), [steps, n_pre, n_post]; the traces hold the spikes of t."""
    plus, minus, found = np.zeros(SHAPE[0]), np.zeros(SHAPE[1]), []
    for x, y in zip(pre, post, strict=True):
        plus, minus = plus * DECAY + x, minus * DECAY - y
        found.append(np.outer(plus, y) + np.outer(x, minus))
    return np.array(found)


@pytest.mark.parametrize("engine", ENGINES)
def test_discrete_mstdp_gives_the_next_reward_to_what_a_step_proposes(given, engine):
    pre, post, reward, _, w = given
    zeta, expected = point_eligibility(pre, post), w.copy()
    for t in range(1, STEPS):
        expected = np.clip(expected + 0.03 * reward[t] * zeta[t - 1], 0, 1)
    rule = rules.mstdp(0.03, form="discrete")
    assert replay(rule, w, pre, post, DT, engine, reward=reward).w == pytest.approx(expected, abs=1e-12)
    other = replay(rules.mstdp(0.03, order="inclusive"), w, pre, post, DT, engine, reward=reward).w
    assert np.abs(other - expected).max() > 1e-3


@pytest.mark.parametrize("engine", ENGINES)
def test_discrete_mstdpet_decays_from_the_next_step_on(given, engine):
    pre, post, reward, _, w = given
    zeta, expected, z = point_eligibility(pre, post), w.copy(), np.zeros(SHAPE)
    for t in range(1, STEPS):
        z = np.exp(-DT / 25e-3) * z + zeta[t - 1] / 25e-3
        expected = np.clip(expected + DT * 0.3 * reward[t] * z, 0, 1)
    rule = rules.mstdpet(0.3, form="discrete")
    assert replay(rule, w, pre, post, DT, engine, reward=reward).w == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_r_max_in_bindsnets_form(given, engine):
    pre, post, reward, rho, w = given
    x, e, expected = np.zeros(SHAPE[0]), np.zeros(SHAPE), w.copy()
    for t in range(STEPS - 1):  # what is due after the last step is lost
        x = x * DECAY + pre[t]
        chance = 1 - np.exp(-rho[t] * DT)
        e = (1 - DT / 0.3) * e + np.outer(x, post[t] - chance / (1 + 5e-3 / DT * chance))
        expected = np.clip(expected + DT * 2.0 * reward[t] * e, 0, 1)
    rule = rules.r_max(2.0, tau_e=0.3, tau_c=5e-3, form="bindsnet")
    assert replay(rule, w, pre, post, DT, engine, reward=reward, rho=rho).w == pytest.approx(expected, abs=1e-12)


def test_r_max_with_a_large_tau_c_expects_nothing(given):
    pre, post, reward, rho, w = given
    hebbian = rules.r_max(2.0, tau_s=0, tau_c=1e9)
    without = replay(hebbian, w, pre, post, DT, "interpreter", reward=reward, rho=np.zeros_like(rho)).w
    found = replay(hebbian, w, pre, post, DT, "interpreter", reward=reward, rho=rho).w
    assert found == pytest.approx(without, abs=1e-9)


@pytest.mark.parametrize("decay", [0.0, 0.05])
@pytest.mark.parametrize("engine", ENGINES)
def test_once_per_step_clips_the_sum_of_all_samples(given, engine, decay):
    """Soft bounds, batch of 3: every event of a step sees the same weight, which decays once."""
    rng = np.random.default_rng(1)
    pre, post = rng.random((STEPS, 3, SHAPE[0])) < 0.2, rng.random((STEPS, 3, SHAPE[1])) < 0.2
    w = given[-1]
    expected, x, y = w.copy(), np.zeros((3, SHAPE[0], 1)), np.zeros((3, 1, SHAPE[1]))
    for s, z in zip(pre[:-1, :, :, None], post[:-1, :, None], strict=True):
        x, y = x * DECAY + s, y * DECAY + z
        up, down = 0.1 * (x * z).sum(0), 0.2 * (s * y).sum(0)
        expected = np.clip((1 - decay) * (expected + up * (1 - expected) - down * expected), 0, 1)
    rule = rules.pair_stdp(0.1, 0.2, mu_plus=1, mu_minus=1, order="inclusive")
    found = replay(once_per_step(rule, weight_decay=decay, batch=3), w, pre, post, DT, engine).w
    assert found == pytest.approx(expected, abs=1e-12)
    assert np.abs(replay(rule, w, pre, post, DT, engine).w - expected).max() > 1e-3


def test_soft_bounds_are_measured_from_bound_to_bound(given):
    """Weights from -1 to 1 do what the same weights from 0 to 1 do, stretched."""
    pre, post, _, _, w = given
    unit = replay(rules.pair_stdp(0.05, 0.06, mu_plus=0.4, mu_minus=0.7), w, pre, post, DT, "interpreter").w
    twice = replay(rules.pair_stdp(0.1, 0.12, mu_plus=0.4, mu_minus=0.7, w_min=-1.0), 2 * w - 1, pre, post, DT,
                   "interpreter").w
    assert twice == pytest.approx(2 * unit - 1, abs=1e-12)


@pytest.mark.parametrize("make", [lambda: rules.mstdp(form="neither"), lambda: rules.r_max(form="bindsnet", tau_s=1e-3),
                                  lambda: rules.r_max(tau_c=-1.0), lambda: once_per_step(rules.hebb()),
                                  lambda: once_per_step(rules.pair_stdp(), weight_decay=1.5),
                                  lambda: once_per_step(rules.pair_stdp(), weight_decay=float("nan")),
                                  lambda: once_per_step(rules.pair_stdp(), batch=0),
                                  lambda: once_per_step(rules.mstdpet()), lambda: once_per_step(rules.clopath())])
def test_refused(make):
    with pytest.raises(PlasticityError):
        make()
