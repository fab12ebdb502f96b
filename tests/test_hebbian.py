"""The layer of rates: the rule as `replay` runs it, scikit-learn's form, and what is refused."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from support.rates import CASES, run

from plasticity import PlasticityError, RefusedError, Rule, State, Trace, rules
from plasticity.learner import HebbianLayer, patches
from plasticity.learner.rates.trainer import ACTIVATIONS, FEATURES


@pytest.fixture(scope="module")
def x():
    return np.random.default_rng(0).normal(size=(40, 6))


def layer(rule="oja", units=5, **options):
    return HebbianLayer(rule, units, **{"dtype": "float64", "batch_size": 8, **options})


def imposed(rule, x, u):
    """What a rule reads when the layer's neurons are linear: [steps, n] or [steps, batch, n]."""
    return {name: x if name == "r_pre" else u for name in rule.reads}


@pytest.mark.parametrize("name", CASES)
def test_a_sample_is_a_step_of_replay(name, x):
    rule, _ = CASES[name]
    made = layer(rule, batch_size=1, epochs=1).fit(0 * x[:1])
    first, answers = made.weights_, []
    state = {name: value.copy() for name, value in made.states_.items()}
    for sample in x:
        answers.append(sample @ made.weights_)
        made.partial_fit(sample[None])
    given = imposed(rule, x, np.array(answers))
    started = rule.with_(post={name: State(initial=float(value[0]), keep=True) for name, value in state.items()})
    found = run(started, first, **given)
    np.testing.assert_allclose(made.weights_, found.w, rtol=0, atol=1e-10)
    for trace, values in found.traces.items():
        np.testing.assert_allclose(made.states_[trace], values, rtol=0, atol=1e-10)


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("name", CASES)
def test_a_mini_batch_is_a_batch_of_replay(name, reduce, x):
    rule, _ = CASES[name]
    made = layer(rule, reduce=reduce, batch_size=len(x)).fit(0 * x[:1])
    first = made.weights_
    if rule.post:
        rule = rule.with_(post={"theta": State(initial=float(made.states_["theta"][0]), keep=True)})
    made.partial_fit(x)
    given = imposed(rule, x[None], (x @ first)[None])
    np.testing.assert_allclose(made.weights_, run(rule, first, reduce=reduce, **given).w, rtol=0, atol=1e-10)


def test_fit_begins_anew_and_partial_fit_goes_on(x):
    once = layer().fit(x).weights_
    twice = layer().fit(x).fit(x).weights_
    assert np.array_equal(once, twice)
    on = layer().fit(x).partial_fit(x).weights_
    assert not np.allclose(once, on)
    in_order = layer(shuffle=False).fit(x).weights_
    assert np.array_equal(layer().partial_fit(x).weights_, in_order) and not np.array_equal(in_order, once)


def test_the_same_seed_gives_the_same_weights_and_another_others(x):
    assert np.array_equal(layer(seed=3).fit(x).weights_, layer(seed=3).fit(x).weights_)
    assert not np.allclose(layer(seed=3).fit(x).weights_, layer(seed=4).fit(x).weights_)


def test_transform_changes_nothing_and_answers_the_features(x):
    made = layer("bcm").fit(x)
    before, theta, u = made.weights_, made.states_["theta"], x @ made.weights_
    for features in FEATURES:
        assert made.set_params(features=features).transform(x).shape == (40, 5)
    assert np.array_equal(made.weights_, before) and np.array_equal(made.states_["theta"], theta)
    made.set_params(features="relu", power=2.0)
    np.testing.assert_allclose(made.transform(x), np.maximum(u, 0) ** 2)
    made.set_params(features="triangle")
    np.testing.assert_allclose(made.transform(x), np.maximum(u - u.mean(1, keepdims=True), 0) ** 2)
    np.testing.assert_allclose(made.set_params(features="softmax").transform(x).sum(1), 1.0)
    np.testing.assert_array_equal(made.set_params(features="winner").transform(x).argmax(1), u.argmax(1))
    np.testing.assert_array_equal(made.components_, before.T)


def test_activation_is_what_the_rule_reads_as_r_post(x):
    for activation, function in {"linear": lambda u: u, "relu": lambda u: np.maximum(u, 0), "tanh": np.tanh,
                                 "sigmoid": lambda u: 1 / (1 + np.exp(-u))}.items():
        first = layer(rules.hebb(0.0)).fit(x).weights_
        made = layer(rules.hebb(0.1), activation=activation, batch_size=40).fit(x).weights_
        np.testing.assert_allclose(made - first, 0.1 * x.T @ function(x @ first), rtol=1e-9, atol=1e-12)
    assert set(ACTIVATIONS) == {"linear", "relu", "tanh", "sigmoid"}


def test_distance_makes_the_nearest_win(x):
    made = layer("hard_wta", total="distance", features="winner").fit(x)
    nearest = ((x[:, None] - made.components_) ** 2).sum(-1).argmin(1)
    np.testing.assert_array_equal(made.transform(x).argmax(1), nearest)


def test_largest_step_and_decay_scale_the_change(x):
    first = layer(rules.hebb(0.0)).fit(x).weights_
    change = layer(rules.hebb(5.0), batch_size=40, largest_step=0.02).fit(x).weights_ - first
    assert np.abs(change).max() == pytest.approx(0.02)
    shrinking = layer(rules.hebb(5.0), batch_size=40, largest_step=0.02, decay="linear", epochs=2, shuffle=False)
    second = shrinking.fit(x).weights_ - first - change
    assert np.abs(second).max() == pytest.approx(0.01)


def test_bounds_of_the_rule_hold(x):
    found = layer(rules.hebb(1.0, w_min=-0.1, w_max=0.2)).fit(x).weights_
    assert found.min() == -0.1 and found.max() == 0.2


def test_it_is_an_estimator(x):
    made = layer("krotov_hopfield(delta=0.1)").fit(x)
    copy = clone(made)
    assert copy.get_params() == made.get_params() and not hasattr(copy, "weights_")
    read = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(read.transform(x), made.transform(x))
    np.testing.assert_array_equal(read.partial_fit(x).weights_, made.partial_fit(x).weights_)
    with pytest.raises(NotFittedError):
        layer().transform(x)


@pytest.mark.parametrize("options, what", [
    ({"units": 0}, "units must be a whole number"), ({"batch_size": 0}, "batch_size"), ({"dtype": "int8"}, "dtype"),
    ({"reduce": "max"}, "reduce"), ({"total": "dott"}, "did you mean 'dot'"), ({"activation": "step"}, "activation"),
    ({"features": "tri"}, "features"), ({"decay": "slow"}, "decay"), ({"largest_step": 0.0}, "largest_step"),
    ({"radius": -1.0}, "radius"), ({"first": "zeros"}, "first"), ({"rule": "ojas"}, "did you mean 'oja'"),
    ({"rule": Rule(on_step={"w": "w + v"}, reads={"v": "post"})}, "reads 'v'")])
def test_bad_options_are_refused(options, what, x):
    with pytest.raises(PlasticityError, match=what):
        layer(**options).fit(x)


@pytest.mark.parametrize("rule, what", [
    (rules.pair_stdp(), "acts at spikes"),
    (Rule(pre={"x": Trace(1.0)}, on_step={"w": "w + x"}), "traces that decay"),
    (Rule(syn={"e": State()}, on_step={"e": "w"}), "states of synapses"),
    (Rule(on_step={"dw/dt": "noise"}), "noise"),
    (Rule(on_step={"w": "w + m"}, signals={"m": "global"}), "needs the signal m")])
def test_rules_of_spikes_are_refused(rule, what, x):
    with pytest.raises(RefusedError, match=what):
        layer(rule).fit(x)


@pytest.mark.parametrize("bad, what", [
    (np.zeros((3, 6, 1)), "shape"), (np.zeros((0, 6)), "shape"), (np.full((2, 6), np.nan), "NaN"),
    (np.array([["a"] * 6]), "numbers"), (np.zeros((2, 5)), "5 features, but HebbianLayer is expecting 6")])
def test_bad_samples_are_refused(bad, what, x):
    made = layer().fit(x)
    with pytest.raises(PlasticityError, match=what):
        made.transform(bad)
    with pytest.raises(PlasticityError, match=what):
        made.partial_fit(bad)


def test_exploding_weights_are_noticed(x):
    with pytest.raises(PlasticityError, match="lower the rule's learning rate"):
        layer(rules.oja(50.0), epochs=20).fit(x)


def test_a_convolution_is_the_layer_on_patches():
    """Against torch's own convolution: Hebb's change of a filter is the sum over positions, as in its gradient."""
    import torch

    images = np.random.default_rng(1).normal(size=(3, 8, 7, 2))
    seen = patches(images, 3, stride=2)
    assert seen.shape == (3, 3, 3, 18)
    np.testing.assert_array_equal(seen[1, 2, 1], images[1, 4:7, 2:5].ravel())
    samples = seen.reshape(-1, 18)
    first = layer(rules.hebb(0.0)).fit(samples)
    filters = torch.tensor(first.weights_.T.reshape(5, 3, 3, 2)).permute(0, 3, 1, 2).requires_grad_()
    maps = torch.nn.functional.conv2d(torch.tensor(images).permute(0, 3, 1, 2), filters, stride=2)
    np.testing.assert_allclose(first.transform(samples).reshape(3, 3, 3, 5), maps.detach().permute(0, 2, 3, 1))
    (0.5 * (maps**2).sum()).backward()
    change = layer(rules.hebb(0.1), batch_size=len(samples)).fit(samples).weights_ - first.weights_
    np.testing.assert_allclose(change.T, 0.1 * filters.grad.permute(0, 2, 3, 1).reshape(5, 18), atol=1e-12)


@pytest.mark.parametrize("shape, size, stride, what", [
    ((3, 8), 2, 1, "images must have shape"), ((3, 8, 7), 8, 1, "must not exceed the images' 8x7"),
    ((3, 8, 7), 0, 1, "size must be"), ((3, 8, 7), 2, 0, "stride must be")])
def test_bad_patches_are_refused(shape, size, stride, what):
    with pytest.raises(PlasticityError, match=what):
        patches(np.zeros(shape), size, stride)


def test_patches_of_grey_images():
    image = np.arange(12.0).reshape(1, 3, 4)
    np.testing.assert_array_equal(patches(image, 2)[0, 1, 2], [6, 7, 10, 11])
    assert patches(image, 2, 2).shape == (1, 1, 2, 4)
