"""Every method is an estimator: the same table of properties for all, real digits for those meant for them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from plasticity import PlasticityError, rules
from plasticity.cli import run
from plasticity.learner.methods import MethodClassifier

SMALL = {"equilibrium_propagation": "equilibrium_propagation(hidden=(20,))",
         "predictive_coding": "predictive_coding(hidden=(20,))", "forward_forward": "forward_forward(hidden=(20, 20))",
         "spiking_forward_forward": "spiking_forward_forward(hidden=(20,))", "mlp": "mlp(hidden=(20,))",
         "cnn": "cnn(channels=(4,), padding=2)", "rnn": "rnn(hidden=12)", "gru": "gru(hidden=12)",
         "lstm": "lstm(hidden=12)"}


pytestmark = pytest.mark.usefixtures("one_thread")


def bars(n=60, seed=0):
    """Images [n, 6, 6] of a horizontal or a vertical bar; read row by row they are sequences."""
    rng = np.random.default_rng(seed)
    x, horizontal = 0.2 * rng.random((n, 6, 6)), np.arange(n) % 2 == 0
    for image, flat, place in zip(x, horizontal, rng.integers(6, size=n), strict=True):
        image[(place, slice(None)) if flat else (slice(None), place)] = 1
    return x.astype(np.float32), np.where(horizontal, "across", "down")


def small(name, **options):
    return MethodClassifier(SMALL[name], **{"lr": 0.01, "epochs": 2, "batch": 20, **options})


def test_every_method_is_in_this_table():
    assert set(SMALL) | {"backprop"} == set(rules.KINDS["network"])


@pytest.mark.parametrize("name", SMALL)
def test_learns(name):
    x, y = bars()
    model = small(name, epochs=25, seed=1).fit(x, y)
    assert model.score(*bars(seed=9)) >= 0.9
    assert np.mean(model.losses_[-3:]) < 0.7 * model.losses_[0]
    assert set(model.predict(x)) == {"across", "down"}
    assert model.decision_function(x[:7]).shape == (7,)  # of two classes


@pytest.mark.parametrize("name", SMALL)
def test_the_seed_decides_everything(name):
    x, y = bars(30)
    state = torch.get_rng_state()
    one, two, other = (small(name, seed=seed).fit(x, y).decision_function(x) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("name", SMALL)
def test_parameters_stay_as_given(name):
    model = small(name, validation_fraction=0.2)
    again = clone(model)
    assert again.get_params() == model.get_params()
    x, y = bars(40)
    assert len(model.fit(x, y).validation_) == 2
    assert model.get_params() == again.get_params()


@pytest.mark.parametrize("name", SMALL)
def test_partial_fit_goes_on(name):
    x, y = bars(40)
    model = small(name).partial_fit(x, y, classes=["across", "down"])
    before = [p.detach().clone() for p in model.module_.parameters()]
    model.partial_fit(x, y)
    assert len(model.losses_) == 2
    assert all(not torch.equal(a, b) for a, b in zip(before, model.module_.parameters(), strict=True))


@pytest.mark.parametrize("name", SMALL)
def test_a_loss_that_is_not_finite_stops(name):
    """Spikes stay 0 or 1 whatever the input, so there it is the weights that overflow."""
    x, y = bars(40)
    size = 1.0 if name == "spiking_forward_forward" else 1e18
    with pytest.raises(PlasticityError, match=r"epoch \d, batch"):
        small(name, lr=1e38, optimiser="sgd", epochs=5).fit(size * x, y)


@pytest.mark.parametrize("name", SMALL)
def test_gradients_are_means_over_the_batch(name):
    """Twice the same samples is the same update (with two classes there is one wrong label only)."""
    x, y = bars(20)
    model = small(name, epochs=0).fit(x, y)
    shape = (len(x), -1) if model.method_.form == "flat" else (len(x), 1, 6, 6) if name == "cnn" else x.shape
    data, labels = torch.tensor(x.reshape(shape)), torch.tensor((y == "down").astype(int))
    found = []
    for copies in (1, 2):
        model.module_.zero_grad()
        model.module_.gradient(data.repeat(copies, *[1] * (data.ndim - 1)), labels.repeat(copies),
                               np.random.default_rng(0))
        found.append([p.grad.clone() for p in model.module_.parameters()])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", SMALL)
def test_a_gpu_learns_the_same(name):
    x, y = bars(40)
    cpu, gpu = (small(name, dtype=torch.float64, device=device).fit(x, y) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu.losses_, cpu.losses_, rtol=1e-6)
    np.testing.assert_allclose(gpu.decision_function(x), cpu.decision_function(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("method", "target", "options"), [
    ("equilibrium_propagation(hidden=(100,))", 0.95, {"lr": 3e-3, "epochs": 10}),
    ("predictive_coding(hidden=(100,))", 0.95, {"lr": 3e-3, "epochs": 8}),
    ("forward_forward(hidden=(100, 100), negatives=even)", 0.93, {"lr": 1e-2, "epochs": 12}),
    ("mlp(hidden=(100,))", 0.95, {"lr": 3e-3, "epochs": 12}),
])
def test_learns_digits(method, target, options):
    """1,437 of scikit-learn's digits are learned, 360 are asked for."""
    digits = load_digits()
    train_x, test_x, train_y, test_y = train_test_split(digits.images / 16, digits.target, test_size=360,
                                                        stratify=digits.target, random_state=0)
    model = MethodClassifier(method, schedule="linear", **options).fit(train_x, train_y)
    assert model.score(test_x, test_y) >= target


def test_images_too_small_for_a_network_are_refused():
    x, y = bars(8)
    with pytest.raises(PlasticityError, match="padding=2"):
        MethodClassifier("cnn(padding=0)").fit(x, y)


def test_the_published_sizes():
    built = rules.make("cnn").build((1, 28, 28), 10, 0, torch.float32)
    assert [tuple(p.shape) for p in built.parameters()] == [(8, 1, 5, 5), (8,), (16, 8, 5, 5), (16,), (10, 256), (10,)]


@pytest.mark.parametrize(("made", "x", "said"), [
    ("mpl", bars(8)[0], "did you mean 'mlp'"),
    ("mlp(width=3)", bars(8)[0], "width"),
    ("rnn", bars(8)[0].reshape(8, 36), r"\[samples, steps, inputs\]"),
    ("cnn", bars(8)[0].reshape(8, 36), "images"),
    ("mlp", np.full((8, 4), np.nan), "NaN"),
    ("mlp", np.array([["a"]] * 8), "numbers"),
])
def test_mistakes_are_named(made, x, said):
    with pytest.raises(PlasticityError, match=said):
        MethodClassifier(made).fit(x, bars(8)[1])


def test_other_shapes_than_learned_are_refused():
    x, y = bars(8)
    model = MethodClassifier(SMALL["cnn"], epochs=0).fit(x, y)
    with pytest.raises(PlasticityError, match="expecting 36 features"):
        model.predict(x[:, :5])
    with pytest.raises(PlasticityError, match="lr"):
        MethodClassifier("mlp", lr=-1.0).fit(x, y)
    with pytest.raises(PlasticityError, match="optimiser"):
        MethodClassifier("mlp", optimiser="lion").fit(x, y)


def test_methods_say_what_they_keep(capsys):
    assert run(["list", "methods", "--json"]) == 0  # what was a list of its own
    found = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["rules"]}
    assert set(found) == set(rules.KINDS["network"])
    for entry in found.values():
        assert all(entry[column] for column in ("summary", "keeps", "memory", "source", "takes"))
