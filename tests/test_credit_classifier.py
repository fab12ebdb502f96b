"""The estimator over gradient networks: every rule learns, on the same data, in the same loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone

from plasticity import Input, Learner, Network, PlasticityError, Population, Projection
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.learner.gradient import GradientClassifier
from plasticity.network.builders import recurrent_network
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.rules.credit import eprop

STEPS, INPUTS = 30, 12


pytestmark = pytest.mark.usefixtures("one_thread")


def order_task(n=60, seed=0):
    """Which half of the inputs is active first? Only time tells the two classes apart."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    x = np.zeros((n, STEPS, INPUTS), bool)
    for sample, label in zip(x, labels, strict=True):
        for begin, half in ((0, label), (10, 1 - label)):
            sample[begin:begin + 8, half * 6:half * 6 + 6] = rng.random((8, 6)) < 0.6
    return x, np.array(["left", "right"])[labels]


@pytest.mark.parametrize(("rule", "last"), [("bptt", 8), ("eprop", 8), ("ottt", None)])
def test_learns_an_order_in_time(rule, last):
    """OTTT hears the error of a step in that step only, so every step has to have one."""
    x, y = order_task()
    model = GradientClassifier(rule, 40, neuron=lsnn_neuron(beta=0.1, tau_a=0.1), epochs=10, batch=20, lr=0.02,
                               last=last, seed=1)
    assert model.fit(x, y).score(*order_task(seed=9)) > 0.9
    assert model.losses_[-1] < 0.8 * model.losses_[0]
    assert set(model.predict(x)) == {"left", "right"}
    assert 1 < model.spikes_per_sample(x)["rec"] < 40 * STEPS


def test_the_task_needs_learning():
    x, y = order_task()
    untrained = GradientClassifier("bptt", 40, epochs=0, last=8, seed=1).fit(x, y)
    assert untrained.score(x, y) < 0.9


def test_the_same_seed_is_the_same_model():
    x, y = order_task(20)
    one, two, other = (GradientClassifier(eprop("random"), 10, epochs=2, seed=seed).fit(x, y) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.decision_function(x), two.decision_function(x))
    assert not np.array_equal(one.decision_function(x), other.decision_function(x))
    assert clone(one).get_params()["rule"] == one.rule


def test_weights_of_samples_count():
    x, y = order_task(20)
    one, plain, other = (GradientClassifier("bptt", 10, epochs=1).fit(x, y, sample_weight=weight).decision_function(x)
                         for weight in (np.ones(20), None, np.arange(20.0)))
    np.testing.assert_array_equal(one, plain)
    assert not np.array_equal(one, other)


def two_layers(n_inputs):
    rng, neuron = np.random.default_rng(0), lsnn_neuron()
    populations = (Population("a", 20, neuron), Population("b", 20, neuron))
    return Network(inputs=(Input("in", n_inputs),), populations=populations,
                   projections=(Projection("in", "a", rng.normal(size=(n_inputs, 20)), onto="x"),
                                Projection("a", "b", rng.normal(size=(20, 20)) / 2, onto="x")))


@pytest.mark.parametrize("rule", ["decolle", "dfa"])
def test_a_network_of_ones_own(rule):
    x, y = order_task(30)
    model = GradientClassifier(rule, two_layers, epochs=2, rate_strength=1.0).fit(x, y)
    assert isinstance(model.network_, GradientNetwork)
    assert set(model.spikes_per_sample(x)) == {"a", "b"}
    assert model.losses_[1] < model.losses_[0]


def test_recurrent_network_options():
    made = recurrent_network(4, 6, lsnn_neuron(), recurrent=False)
    assert len(made.projections) == 1
    assert np.diag(recurrent_network(4, 6, lsnn_neuron()).projections[1].mask).sum() == 0


def test_mistakes_are_named():
    x, y = order_task(20)
    with pytest.raises(PlasticityError, match="one label per sample"):
        GradientClassifier().fit(x, y[:-1])
    with pytest.raises(PlasticityError, match="two classes"):
        GradientClassifier().fit(x, np.zeros(20))
    with pytest.raises(PlasticityError, match=r"\[samples, steps, inputs\]"):
        GradientClassifier().fit(x[0], y)
    with pytest.raises(PlasticityError, match="epoch 0, batch 0"):
        GradientClassifier(network=5, loss=lambda y, target: y.sum() * torch.nan).fit(x, y)


@pytest.mark.parametrize("options, says", [
    ({"lr": "fast"}, "lr must be a number, got .fast"), ({"lr": 0.0}, "lr must be positive and at most"),
    ({"rule": None}, "rule must be a text"), ({"rule": 3}, "rule must be a text")])
def test_values_that_cannot_be_are_refused_by_name(options, says):
    x, y = np.zeros((4, 5, 3)), [0, 1, 0, 1]
    with pytest.raises(PlasticityError, match=says):
        GradientClassifier(**{"rule": "bptt", "epochs": 1, **options}).fit(x, y)


def test_a_rate_that_is_wished_is_an_option_of_the_rule():
    """The same learning as of the preset that has it; strongly wished silence makes neurons quieter."""
    x, y = np.random.default_rng(0).random((40, 30)), np.arange(40) % 2
    plain, quiet = (Learner("layers(20)", rule=f"bptt(rate=0, rate_strength={strength})", epochs=3, lr=0.02,
                            encoder="latency(steps=8)").fit(x, y) for strength in (0, 50))
    assert quiet.transform(x).sum() < 0.8 * plain.transform(x).sum()
    x, y = order_task(20)
    model = GradientClassifier("bptt", 20, rate=0, rate_strength=1.0, epochs=1)
    by_rule = GradientClassifier("bptt(rate=0, rate_strength=1)", 20, epochs=1)
    np.testing.assert_array_equal(by_rule.fit(x, y).decision_function(x), model.fit(x, y).decision_function(x))
    with pytest.raises(PlasticityError, match="rate_strength"):
        Learner(rule="bptt(rate_strength=-1)")
