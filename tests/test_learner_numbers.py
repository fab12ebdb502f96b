"""Odd values of every argument, in every way of learning and every preset: they work, or one line says why not."""

import math
import warnings

import numpy as np
import pytest

from plasticity import Learner, PlasticityError, UnsupervisedClassifier
from plasticity.credit import GradientClassifier
from plasticity.learner.hebbian import HebbianLayer
from plasticity.learner.methods import MethodClassifier

torch = pytest.importorskip("torch")

X, Y = np.random.default_rng(0).random((12, 9)).astype(np.float32), np.arange(12) % 3
SMALL = {"steps": 5}
#: way or preset -> a small learner with some arguments
LEARNERS = {
    "stream": lambda **o: Learner(**{"network": "diehl-cook(neurons=2,steps=5)", "engine": "torch", **o}),
    "rates": lambda **o: Learner(**{"rule": "soft_hebb", "network": "rates(4)", "epochs": 1, **o}),
    "gradients": lambda **o: Learner(**{"rule": "bptt", "network": "layers(3)", "encoder": "latency(steps=4)",
                                        "epochs": 1, "engine": "autograd", **o}),
    "method": lambda **o: Learner(**{"network": "mlp(3)", "epochs": 1, **o}),
    "unsupervised": lambda **o: UnsupervisedClassifier(**{"neurons": 2, "network_options": SMALL, "engine": "torch",
                                                          **o}),
    "gradient": lambda **o: GradientClassifier(**{"rule": "bptt", "network": 3, "encoder": "latency(steps=4)",
                                                  "epochs": 1, "backend": "autograd", **o}),
    "methods": lambda **o: MethodClassifier(**{"method": "mlp(hidden=(3,))", "epochs": 1, **o}),
    "hebbian": lambda **o: HebbianLayer(**{"units": 3, **o})}
ODD = (math.nan, math.inf, -1, 1.5, "x", None, [1], np.int64(2))
NUMBERS = ("epochs", "batch", "batch_size", "lr", "patience", "validation", "validation_fraction", "class_weight",
           "seed", "tau_out", "rate", "rate_strength", "last", "gain", "neurons", "label_samples", "units",
           "largest_step", "power", "radius")
WORDS = ("shuffle", "schedule", "dtype", "device", "engine", "readout", "readouts", "reduce", "network_options",
         "online", "scaled_readout", "backend", "decay")
#: values that make an answer meaningless: (argument, value), refused wherever there is that argument
REFUSED = [(name, value) for name in ("batch", "batch_size", "lr", "patience", "seed", "class_weight", "tau_out",
                                      "rate_strength", "largest_step")
           for value in (math.nan, math.inf, -1, "x", [1])]


def asked(make, **options):
    """What a learner answers, without a word on the network."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learner = make(**options)
        return (learner.fit(X) if "units" in learner.get_params() else learner.fit(X, Y)).n_features_in_


def arguments(make, names):
    return [name for name in names if name in make().get_params(deep=False)]


@pytest.mark.parametrize("way", LEARNERS)
def test_odd_values_work_or_are_refused_in_one_line(way):
    make = LEARNERS[way]
    for name in arguments(make, NUMBERS + WORDS):
        for value in ODD:
            try:
                asked(make, **{name: value})
            except PlasticityError as error:
                assert "\n" not in str(error), (name, value)
            except Exception as error:
                raise AssertionError(f"{name}={value!r}: {type(error).__name__}: {error}") from error


@pytest.mark.parametrize("way", LEARNERS)
def test_what_would_mean_nothing_is_refused_by_name(way):
    make = LEARNERS[way]
    for name, value in REFUSED:
        if name in arguments(make, NUMBERS):
            with pytest.raises(PlasticityError, match=name):
                asked(make, **{name: value})


@pytest.mark.parametrize(("options", "says"), [
    ({"class_weight": {0: math.nan}}, "class_weight of 0 must be a finite number"),
    ({"class_weight": {0: -1}}, "class_weight of 0"), ({"class_weight": {0: "a"}}, "class_weight of 0"),
    ({"class_weight": 2.0}, "class_weight must be None, 'balanced' or a dictionary, got 2.0"),
    ({"device": 1.5}, "device must be"), ({"device": None}, "device must be"), ({"engine": ""}, "is no name"),
    ({"dtype": ""}, "dtype"), ({"shuffle": 1}, "shuffle must be True or False")])
def test_words_of_refusals(options, says):
    with pytest.raises(PlasticityError, match=says):
        asked(LEARNERS["gradients"], **options)


@pytest.mark.parametrize(("options", "says"), [
    ({"readouts": 3}, "readouts must be a tuple or list of names, got 3"), ({"readout": [1]}, "readout must be a text"),
    ({"network_options": "x"}, "network_options must be a dictionary"), ({"engine": 3}, "engine")])
def test_words_of_refusals_of_the_preset_for_streams(options, says):
    with pytest.raises(PlasticityError, match=says):
        asked(LEARNERS["unsupervised"], **options)


@pytest.mark.parametrize("way", ["stream", "rates", "gradients", "method", "unsupervised", "gradient", "methods"])
def test_no_epochs_is_the_network_as_it_was_built_in_every_way(way):
    make = LEARNERS[way]
    with pytest.warns(UserWarning, match="nothing is learned with epochs=0"):
        learner = make(epochs=0).fit(X, Y)
    built = make(epochs=0).untrained(X, Y)
    assert learner.training_.shown == 0
    assert (learner.predict(X) == built.predict(X)).all()


@pytest.mark.parametrize("way", ["stream", "rates", "gradients", "method"])
@pytest.mark.parametrize(("weight", "says"), [
    (np.where(Y == 1, np.nan, 1.0), "finite"), (-np.ones(12), "not negative"), (np.zeros(12), "zero for all"),
    (np.full(12, np.inf), "finite"), (np.full(12, 1e308), "finite sum"), (["a"] * 12, "array of numbers"),
    ("balanced", "array of numbers"), (np.ones(3), "12 samples"), ([None] * 12, "finite"),
    (np.ma.masked_array(np.ones(12), Y == 1), "masked"), (np.ones(12) * 1j, "array of numbers")])
def test_weights_of_samples(way, weight, says):
    with pytest.raises(PlasticityError, match=says):
        LEARNERS[way]().fit(X, Y, sample_weight=weight)


@pytest.mark.parametrize("way", ["stream", "rates", "gradients", "method"])
@pytest.mark.parametrize(("x", "y"), [
    (np.where(np.arange(9) == 2, np.nan, X), Y), (np.where(np.arange(9) == 2, np.inf, X), Y), (None, Y), ("abc", Y),
    (np.ma.masked_array(X, X > 0.9), Y), (3.0, Y), (X[0], Y), (X[:0], Y[:0]), (X[:, :0], Y), (X.astype(str), Y),
    (X, np.where(Y == 2, np.nan, Y)), (X, np.where(Y == 2, None, Y)), (X, Y * 0), (X, Y[:3]), (X, "abc"), (X, {}),
    (X, Y * 1j), (X, Y.astype("datetime64[s]"))])
def test_samples_and_labels_that_are_none(way, x, y):
    with pytest.raises((PlasticityError, TypeError)) as refused:
        LEARNERS[way]().fit(x, y)
    assert isinstance(refused.value, PlasticityError) or "complex" in str(refused.value)


def test_labels_beyond_64_bits_with_a_sign():
    labels = Y.astype(np.uint64) + np.uint64(2**63)
    learner = LEARNERS["rates"]().fit(X, labels)
    assert set(learner.predict(X)) <= {*labels.tolist(), learner.no_answer_}
    assert learner.no_answer_ not in labels
