"""Rewiring: what stays the same, where it settles, and that it finds the connections a task needs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.datasets import load_digits

from plasticity import PlasticityError
from plasticity.network.rewiring import connect, deep_r, prune_and_grow, weights

SHAPE = (12, 9)


def wiring(seed=0, share=0.3):
    """theta of a random wiring, signs, and a generator."""
    rng = np.random.default_rng(seed)
    mask = connect(SHAPE, share, rng)
    return np.where(mask, rng.random(SHAPE) + 0.01, 0.0), np.where(rng.random(SHAPE) < 0.5, 1.0, -1.0), rng


@given(share=st.floats(0, 1), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_connect_makes_exactly_so_many(share, seed):
    assert connect(SHAPE, share, np.random.default_rng(seed)).sum() == round(share * 108)


@given(seed=st.integers(0, 1000), share=st.floats(0.05, 0.9), eta=st.floats(0, 0.5))
@settings(max_examples=40, deadline=None)
def test_deep_r_keeps_the_number_of_connections_and_their_signs(seed, share, eta):
    theta, sign, rng = wiring(seed, share)
    count = (theta > 0).sum()
    for _ in range(5):
        before, gradient = theta.copy(), rng.normal(size=SHAPE)
        theta = deep_r(before, gradient, rng, eta=eta, l1=0.1, temperature=0.01)
        assert (theta > 0).sum() == count and (theta >= 0).all()
        w = weights(theta, sign)
        assert (np.sign(w[w != 0]) == sign[w != 0]).all() and ((w != 0) == (theta > 0)).all()


def test_one_step_of_deep_r_by_hand():
    theta = np.array([[0.5, 0.1], [0.0, 0.3]])
    gradient, allowed = np.array([[1.0, 2.0], [9.0, -1.0]]), np.array([[True, False], [True, True]])
    found = deep_r(theta, gradient, np.random.default_rng(0), eta=0.1, l1=0.5, temperature=0.0, allowed=allowed)
    # 0.1 - 0.1 * 2.5 dies, and one place is left to grow
    np.testing.assert_allclose(found, [[0.35, 0.0], [1e-12, 0.35]], atol=1e-15)


def test_without_a_loss_theta_is_exponential_and_every_wiring_equally_likely():
    """The stationary distribution of the paper's Langevin dynamics: mean temperature / l1, connections uniform."""
    rng, eta, l1, temperature = np.random.default_rng(1), 0.02, 1.0, 0.5
    theta = np.where(connect((20, 20), 0.25, rng), 0.5, 0.0)
    seen, visits = [], np.zeros((20, 20))
    for step in range(12_000):
        theta = deep_r(theta, np.zeros((20, 20)), rng, eta=eta, l1=l1, temperature=temperature)
        if step > 1000 and step % 50 == 0:
            seen.append(theta[theta > 0.1])
            visits += theta > 0
    found = np.concatenate(seen) - 0.1  # an exponential begins anew anywhere; near zero steps are coarse
    assert found.mean() == pytest.approx(temperature / l1, rel=0.08)
    assert found.std() == pytest.approx(temperature / l1, rel=0.08)
    share = visits / len(seen)
    assert share.mean() == pytest.approx(0.25) and share.std() < 0.06 and share.max() < 0.5


def regression(rng, n_in=40, n_out=3, needed=2, samples=400):
    """Targets that depend on `needed` inputs each: which, the inputs, the targets."""
    true = np.zeros((n_in, n_out))
    for k in range(n_out):
        true[rng.choice(n_in, needed, replace=False), k] = rng.choice([-1.0, 1.0], needed)
    x = rng.normal(size=(samples, n_in))
    return true, x, x @ true


def test_deep_r_finds_the_connections_a_task_needs():
    rng = np.random.default_rng(2)
    true, x, y = regression(rng)
    sign = np.where(true != 0, np.sign(true), np.where(rng.random(true.shape) < 0.5, 1.0, -1.0))
    theta = np.where(connect(true.shape, 0.1, rng), 0.1, 0.0)
    for _ in range(1500):
        gradient = sign * (x.T @ (x @ weights(theta, sign) - y)) / len(x)
        theta = deep_r(theta, gradient, rng, eta=0.05, l1=0.2, temperature=1e-4)
    w = weights(theta, sign)
    assert (theta > 0).sum() == 12 and (w[true != 0] != 0).all()
    np.testing.assert_allclose(w, 0.8 * true, atol=0.15)  # shrunk by l1


@given(seed=st.integers(0, 1000), share=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_prune_and_grow_keeps_the_number_and_the_strongest(seed, share):
    theta, sign, rng = wiring(seed)
    w, mask = weights(theta, sign), theta > 0
    found = prune_and_grow(w, mask, share, rng, width=0.1)
    assert found.mask.sum() == mask.sum() and (found.w[~found.mask] == 0).all()
    for side in (1, -1):
        sizes = np.sort(side * w[side * w > 0])
        kept = sizes[round(share * len(sizes)):]
        assert set(kept) <= set(side * found.w[found.mask])


def test_prune_and_grow_by_hand():
    w = np.array([[0.1, 0.9, -0.2], [-0.8, 0.0, 0.5], [0.4, -0.3, 0.0]])
    mask = w != 0
    allowed = np.zeros((3, 3), bool)
    allowed[1, 1] = allowed[2, 2] = True
    found = prune_and_grow(w, mask, 0.34, np.random.default_rng(0), allowed=allowed)
    expected = w.copy()
    expected[0, 0] = expected[0, 2] = 0.0  # the smallest third of four positive and of three negative ones
    np.testing.assert_array_equal(found.w, expected)
    np.testing.assert_array_equal(found.mask, (expected != 0) | allowed)


def test_where_connections_grow_is_uniform():
    w, mask, rng = np.ones((4, 5)), np.zeros((4, 5), bool), np.random.default_rng(3)
    mask[0] = True
    grown = sum(prune_and_grow(w, mask, 0.4, rng, width=1.0).mask for _ in range(4000))
    expected = 4000 * 2 / 17  # two grow among 15 that never were and the two that were cut
    assert (abs(grown[1:] - expected) < 5 * np.sqrt(expected)).all()
    assert stats.chisquare(grown[1:].ravel(), np.full(15, grown[1:].mean())).pvalue > 1e-3


def test_rewiring_beats_a_fixed_random_wiring_on_digits():
    """Logistic regression with 20 of 640 weights; mean over three seeds on the held-out third."""
    data = load_digits()
    x, y = data.data / 16 - (data.data / 16).mean(0), np.eye(10)[data.target]

    def accuracy(rewires, seed):
        rng = np.random.default_rng(seed)
        mask = connect((64, 10), 20 / 640, rng)
        w = np.zeros((64, 10))
        for step in range(600):
            odds = np.exp(x[:1200] @ w)
            w -= 2.0 * mask * (x[:1200].T @ (odds / odds.sum(1, keepdims=True) - y[:1200])) / 1200
            if rewires and step % 20 == 19 and step < 560:
                w, mask = prune_and_grow(w, mask, 0.3, rng)
        assert mask.sum() == 20
        return ((x[1200:] @ w).argmax(1) == data.target[1200:]).mean()

    rewired, fixed = (np.mean([accuracy(rewires, seed) for seed in range(3)]) for rewires in (True, False))
    assert rewired > fixed + 0.1


def test_the_same_seed_gives_the_same_wiring():
    theta, sign, _ = wiring()
    options = {"eta": 0.1, "l1": 0.1, "temperature": 0.1}
    one, two = (deep_r(theta, sign, np.random.default_rng(5), **options) for _ in range(2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(("call", "message"), [
    (lambda theta, rng: deep_r(theta, theta[:2], rng, eta=0.1, l1=0.1, temperature=0.1), "gradient must have shape"),
    (lambda theta, rng: deep_r(theta, theta, rng, eta=-0.1, l1=0.1, temperature=0.1), "eta"),
    (lambda theta, rng: deep_r(theta, theta, rng, eta=0.1, l1=float("nan"), temperature=0.1), "l1"),
    (lambda theta, rng: deep_r(theta, theta, rng, eta=0.1, l1=0.1, temperature=0.1, grown=0.0), "grown"),
    (lambda theta, rng: deep_r(theta, 0 * theta, rng, eta=9.0, l1=9.0, temperature=0.0,
                               allowed=np.zeros(SHAPE, bool)), "only 0 more are allowed"),
    (lambda theta, rng: deep_r(theta, theta + np.nan, rng, eta=0.1, l1=0.1, temperature=0.1), "finite numbers"),
    (lambda theta, rng: prune_and_grow(theta, theta > 0, 1.2, rng), "share"),
    (lambda theta, rng: prune_and_grow(theta, theta > 0, 0.1, rng, width=-1.0), "width"),
    (lambda theta, rng: prune_and_grow(theta, np.ones(3, bool), 0.1, rng), "mask must have shape"),
    (lambda theta, rng: connect(SHAPE, -0.1, rng), "share"), (lambda theta, rng: weights(theta, np.ones(2)), "sign")])
def test_bad_values_are_refused(call, message):
    theta, _, rng = wiring()
    with pytest.raises(PlasticityError, match=message):
        call(theta, rng)
