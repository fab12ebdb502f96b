"""Rules of rates do what their papers say: growth, novelty, principal components, selectivity."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from plasticity import rules
from plasticity.learner import HebbianLayer


@pytest.fixture(scope="module")
def centred():
    """Real data of mean 0: 1,797 digits of 64 pixels."""
    x = load_digits().data / 16
    return x - x.mean(0)


@pytest.fixture(scope="module")
def principal(centred):
    """Its principal components, one per row, by singular value decomposition."""
    return np.linalg.svd(centred, full_matrices=False)[2]


def cosines(found, expected):
    return np.abs((found * expected).sum(1)) / np.linalg.norm(found, axis=1)


def test_hebb_grows_along_the_correlations_as_the_closed_form_says(centred):
    steps, eta = 12, 0.1
    made = {"units": 3, "batch_size": len(centred), "reduce": "mean", "dtype": "float64", "seed": 4}
    first = HebbianLayer(rules.hebb(0.0), **made).fit(centred).weights_
    grown = HebbianLayer(rules.hebb(eta), epochs=steps, **made).fit(centred).weights_
    correlation = centred.T @ centred / len(centred)
    expected = np.linalg.matrix_power(np.eye(64) + eta * correlation, steps) @ first
    np.testing.assert_allclose(grown, expected, rtol=1e-9, atol=1e-12)


def test_anti_hebb_answers_only_to_what_is_new(centred):
    familiar = np.linalg.qr(centred[:5].T)[0].T  # five orthonormal patterns
    new = centred[100] - familiar.T @ (familiar @ centred[100])
    layer = HebbianLayer(rules.anti_hebb(0.1), units=4, batch_size=1, shuffle=False, dtype="float64")
    before = layer.fit(0 * familiar).weights_  # silence changes nothing
    for _ in range(20):
        layer.partial_fit(familiar)
    after = layer.weights_
    np.testing.assert_allclose(familiar @ after, (1 - 0.1) ** 20 * (familiar @ before), rtol=1e-9)
    np.testing.assert_allclose(new @ after, new @ before, rtol=1e-9)


def test_oja_finds_the_first_principal_component_of_real_data(centred, principal):
    layer = HebbianLayer(rules.oja(0.2), units=3, batch_size=100, reduce="mean", epochs=100, decay="linear")
    found = layer.fit(centred).components_
    assert cosines(found, principal[:1]).min() > 0.9999
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-3)


def test_oja_finds_it_sample_by_sample(centred, principal):
    layer = HebbianLayer(rules.oja(1e-2), batch_size=1, units=1, epochs=8, decay="linear")
    found = layer.fit(centred).components_
    assert cosines(found, principal[:1])[0] > 0.999 and np.linalg.norm(found) == pytest.approx(1.0, abs=2e-3)


def test_hebb_with_a_bound_does_not(centred, principal):
    """The decay of Oja's rule is what makes the difference: bounds alone drive weights into corners."""
    bounded = rules.hebb(0.1, w_min=-0.2, w_max=0.2)
    layer = HebbianLayer(bounded, units=1, batch_size=100, reduce="mean", epochs=100)
    assert cosines(layer.fit(centred).components_, principal[:1])[0] < 0.99


def test_sanger_finds_the_first_five_in_order(centred, principal):
    layer = HebbianLayer(rules.sanger(0.5), units=5, batch_size=100, reduce="mean", epochs=60, decay="linear")
    found = layer.fit(centred).components_
    assert cosines(found, principal[:5]).min() > 0.999
    np.testing.assert_allclose(found @ found.T, np.eye(5), atol=3e-3)


def test_bcm_neurons_become_selective(centred):
    """Among K equally frequent patterns each neuron answers to one, with K (Intrator & Cooper 1992)."""
    digits = load_digits().target
    patterns = np.array([centred[digits == label].mean(0) for label in (0, 1, 4, 7)])
    patterns /= np.linalg.norm(patterns, axis=1, keepdims=True)
    layer = HebbianLayer(rules.bcm(0.1, memory=4.0), units=12, batch_size=4, reduce="mean", epochs=3000, seed=1,
                         dtype="float64")
    answers = np.sort(patterns @ layer.fit(patterns).weights_, axis=0)
    np.testing.assert_allclose(answers[-1], 4.0, atol=1e-2)
    np.testing.assert_allclose(answers[:-1], 0.0, atol=1e-2)
    np.testing.assert_allclose(layer.states_["theta"], 4.0, atol=1e-2)
    assert len(set((patterns @ layer.weights_).argmax(0))) == 4  # all patterns are chosen by someone


def test_bcm_threshold_decides_the_sign():
    for activity, sign in ((0.5, -1), (1.0, 0), (1.5, 1)):
        layer = HebbianLayer(rules.bcm(0.1, theta=1.0, memory=10.0), units=1, batch_size=1, dtype="float64")
        first = layer.fit(np.zeros((1, 2))).components_[0]
        theta = layer.states_["theta"][0]  # 0.9 after a silent step
        x = activity * theta * first / (first @ first)
        change = layer.partial_fit(x[None]).components_[0] - first
        assert np.sign(np.round(change @ x, 9)) == sign
        assert layer.states_["theta"][0] == pytest.approx(theta + ((activity * theta) ** 2 - theta) / 10)
