"""Competitive rules do what their papers say: prototypes, unit lengths, features that a linear readout can use."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.linear_model import RidgeClassifier

from plasticity import rules
from plasticity.datasets import load
from plasticity.learner import HebbianLayer

UNITS = 200
FEATURES = (("relu", 1.0), ("relu", 3.0), ("triangle", 1.0), ("triangle", 2.0))
#: settings found on the training part alone (first 800 samples against the rest)
SETTINGS = {
    "soft_hebb": {"rule": rules.soft_hebb(), "epochs": 20, "batch_size": 32, "largest_step": 0.1},
    "soft_hebb_losers_unlearn": {"rule": rules.soft_hebb(anti_hebbian=True), "epochs": 20, "batch_size": 32,
                                 "largest_step": 0.1},
    "krotov_hopfield": {"rule": rules.krotov_hopfield(delta=0.2), "epochs": 50, "batch_size": 100,
                        "largest_step": 0.05},
}


@pytest.fixture(scope="module")
def digits():
    """(training images, labels, test images, labels): scikit-learn's embedded digits."""
    data = load("digits")
    return data.train_x.reshape(-1, 64), data.train_y, data.test_x.reshape(-1, 64), data.test_y


def accuracy(layer, digits, features, power):
    """A linear readout of the features, fitted on training images."""
    x, y, test_x, test_y = digits
    layer.set_params(features=features, power=power)
    known, asked = layer.transform(x), layer.transform(test_x)
    middle, scale = known.mean(0), known.std()
    readout = RidgeClassifier(0.1).fit((known - middle) / scale, y)
    return readout.score((asked - middle) / scale, test_y)


def learned(name, digits, seed=0):
    settings = {**SETTINGS[name], "units": UNITS, "decay": "linear", "first": "samples", "seed": seed}
    return HebbianLayer(**settings).fit(digits[0])


def error(prototypes, x):
    """Sum of squared distances to the nearest prototype."""
    return ((x[:, None] - prototypes) ** 2).sum(-1).min(1).sum()


def test_hard_wta_finds_prototypes_as_k_means_does(digits):
    """Each is the mean of the samples that are nearest to it, where k-means stays too."""
    x = digits[0][:600]
    options = {"units": 12, "total": "distance", "first": "samples", "batch_size": 1, "epochs": 10, "decay": "linear"}
    found = HebbianLayer(rules.hard_wta(0.1), **options).fit(x).components_
    first = HebbianLayer(rules.hard_wta(0.0), **options).fit(x).components_
    best = KMeans(12, n_init=5, random_state=0).fit(x).inertia_
    assert error(first, x) > 1.5 * best
    assert error(found, x) < 1.1 * best
    improved = KMeans(12, init=found, n_init=1, max_iter=1).fit(x).cluster_centers_
    assert error(found, x) < 1.01 * error(improved, x)


def test_a_prototype_moves_by_eta_of_the_way():
    layer = HebbianLayer(rules.hard_wta(0.25), units=2, total="distance", first="samples", batch_size=1, shuffle=False,
                         dtype="float64")
    layer.fit(np.array([[0.0, 0.0], [4.0, 0.0]]))  # each sample is its own prototype
    before = np.sort(layer.components_[:, 0])
    layer.partial_fit(np.array([[3.0, 1.0]]))
    after = layer.components_[np.argsort(layer.components_[:, 0])]
    np.testing.assert_allclose(before, [0, 4])
    np.testing.assert_allclose(after, [[0, 0], [3.75, 0.25]])


@pytest.mark.parametrize("name", SETTINGS)
def test_weights_settle_at_length_one(name, digits):
    lengths = np.linalg.norm(learned(name, digits).weights_, axis=0)
    assert np.linalg.norm(digits[0], axis=1).min() > 2  # the samples the units began as are longer
    assert np.median(np.abs(lengths - 1)) < 0.1


@pytest.mark.parametrize("name", SETTINGS)
def test_features_are_better_than_random_ones(name, digits):
    """Mean over two seeds; random features with whichever nonlinearity suits them best."""
    random = np.mean([max(accuracy(HebbianLayer(rules.soft_hebb(0.0), UNITS, seed=seed).fit(digits[0]), digits, *how)
                          for how in FEATURES) for seed in range(2)])
    found = np.mean([accuracy(learned(name, digits, seed), digits, "triangle", 2.0) for seed in range(2)])
    assert found > 0.97
    assert found > random


def test_krotov_unlearns_at_the_given_rank():
    rule = rules.krotov_hopfield(1.0, delta=0.5, k=3)
    layer = HebbianLayer(rule, units=4, first="samples", shuffle=False, batch_size=1, dtype="float64")
    layer.fit(np.zeros((4, 3)))
    layer.trainer_.w[:] = layer.trainer_.w.new_tensor([[4.0, 3.0, 2.0, 1.0], [0.0] * 4, [0.0] * 4])
    before = layer.weights_
    layer.partial_fit(np.array([[1.0, 0.0, 2.0]]))
    change = (layer.weights_ - before)[2]
    np.testing.assert_allclose(change, [2.0, 0.0, -1.0, 0.0])
