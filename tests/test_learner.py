"""The learner: what is shown, in which order, what is checked, and that it learns."""

import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from plasticity import engines, networks
from plasticity.encoding.spikes import Spikes
from plasticity.engines import Recording
from plasticity.errors import NetworkWarning, PlasticityError
from plasticity.learner import Learner, UnsupervisedClassifier
from plasticity.learner.plan import Plan
from plasticity.learner.preparing import split
from plasticity.learner.stream.presenting import Source, block_size, encode, joined, respond, run_of, show
from plasticity.learner.stream.reading import Reading
from plasticity.learner.stream.running import RunningAccuracy
from plasticity.learner.stream.trainer import StreamTrainer
from plasticity.learner.targets import Targets

INPUTS, NEURONS, STEPS = 16, 6, 60


def small_model(**presentation):
    """The library's digit network, tiny; rates follow intensities."""
    model = networks.build("diehl-cook", INPUTS, NEURONS, seed=3, steps=STEPS, total_rate=0.0, theta_plus=1e-4,
                           total=6.0)
    return model.with_(presentation=replace(model.presentation, **presentation))


def images(samples=24, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, samples)
    x = 0.1 * rng.random((samples, INPUTS))
    x[y == 0, :8] += 0.8
    x[y == 1, 8:] += 0.8
    return x, y


def learner(model=None, **options):
    options = {"readouts": ("all_activity",), "dtype": "float64", **options}
    return UnsupervisedClassifier(network=model or small_model(), **options)


def learned(model, x, engine="event", batch=1, cuts=(), block=256, epochs=2):
    """Weights after all epochs; at each of `cuts` the state moves into a new simulation that goes on."""
    build = partial(engines.build, engine=engine, dtype="float32", batch=batch, seed=5)
    state, start = None, 0
    for cut in (*cuts, epochs * len(x)):
        trainer = StreamTrainer(model, build, Reading(("all_activity",)), engine, "float32", batch, 5, True, 0)
        trainer.block, simulation = block, trainer.simulation
        if state:
            simulation.restore(state)
        for step in Plan(epochs, trainer.chunk(batch), 5).steps(len(x), start):
            trainer.update(trainer.prepare(x[step.samples], step), x[step.samples], None, step, 1.0, None)
            if step.shown >= cut:
                break
        state, start = simulation.state(), step.shown
    return state


@pytest.mark.parametrize("engine, batch, shown", [
    ("event", 1, {}), ("event", 4, {}), ("event", 1, {"min_spikes": 4, "rest": 15, "reset": False, "max_rate": 30.0}),
    ("torch", 4, {})])
def test_going_on_from_a_state_gives_the_same_bits(engine, batch, shown):
    model, (x, _) = small_model(**shown), images()
    whole = learned(model, x, engine, batch, block=8)
    broken = learned(model, x, engine, batch, cuts=(8, 24, 32), block=8)
    assert whole.keys() == broken.keys()
    for name in whole:
        np.testing.assert_array_equal(whole[name], broken[name], err_msg=name)


def test_the_size_of_blocks_changes_nothing():
    model, (x, _) = small_model(), images()
    one, other = learned(model, x, block=5), learned(model, x, block=256)
    assert all((one[name] == other[name]).all() for name in one)


def test_blocks_hold_whole_batches():
    presentation = small_model().presentation
    assert block_size(presentation, 1, True) == 256
    assert block_size(presentation, 100, True) == 200
    assert block_size(presentation, 500, True) == 500
    assert block_size(replace(presentation, min_spikes=5), 1, True) == 1
    assert block_size(replace(presentation, min_spikes=5), 1, False) == 256


def test_a_sample_is_encoded_by_its_position_not_by_its_block():
    model, (x, _) = small_model(rest=7), images(6)
    source = Source(0, "learn")
    whole = encode(model, x, source, 10).dense()
    assert whole.shape == (6, STEPS + 7, INPUTS) and not whole[:, STEPS:].any()
    np.testing.assert_array_equal(whole[4:], encode(model, x[4:], source, 14).dense())
    assert (whole != encode(model, x, Source(0, "label"), 10).dense()).any()
    assert (whole != encode(model, x, Source(1, "learn"), 10).dense()).any()


class Deaf:
    """A simulation whose output spikes once per 40 input spikes, and that remembers what it was shown."""

    def __init__(self):
        self.shown = []

    def answer(self, asked):
        found = asked.trains["pixels"].counts().sum(1)
        self.shown.append(found.tolist())
        counts = np.repeat((found // 40)[:, None], NEURONS, 1) // NEURONS
        trains = Spikes.from_dense(np.ones((len(found), 2, 3), bool))
        return Recording({"excitatory": counts}, {"excitatory": trains} if asked.record else {})


def shown_to(simulation, model, x):
    source = Source(0, "learn")
    return show(simulation, model, x, source, 0, run_of(model, encode(model, x, source, 0), True))


def test_weak_samples_are_shown_again_with_raised_rates():
    model = small_model(max_rate=20.0, boost=200.0, min_spikes=12, max_boosts=50)
    x = np.stack([np.full(INPUTS, 0.2), np.full(INPUTS, 1.0)])
    simulation = Deaf()
    counts, _ = shown_to(simulation, model, x)
    assert (counts.sum(1) >= 12).all()
    assert len(simulation.shown[0]) == 2
    assert len(simulation.shown[-1]) == 1  # only the faint one needed all of them
    faint = [shown[0] for shown in simulation.shown]
    assert faint[-1] > 5 * faint[0]


def test_repetition_ends():
    simulation = Deaf()
    shown_to(simulation, small_model(max_rate=1.0, boost=0.0, min_spikes=5, max_boosts=3), np.ones((1, INPUTS)))
    assert len(simulation.shown) == 4


def test_trains_of_repeated_samples_are_replaced():
    rows = [Spikes.from_dense(np.random.default_rng(k).random((1, 5, 3)) < 0.4) for k in range(3)]
    np.testing.assert_array_equal(joined(rows).dense(), np.concatenate([row.dense() for row in rows]))
    both = Spikes.from_dense(np.concatenate([rows[0].dense(), rows[1].dense()]))
    np.testing.assert_array_equal(joined([both[1:2], both[0:1]]).dense(), both.dense()[::-1])


@pytest.mark.parametrize("shown", [{}, {"reset": False, "rest": 5}])
def test_predicting_changes_nothing(shown):
    x, y = images()
    fitted = learner(small_model(**shown)).fit(x, y)
    before = fitted.simulation_.state()
    first = fitted.responses(x).counts
    after = fitted.simulation_.state()
    assert all((before[name] == after[name]).all() for name in before)
    np.testing.assert_array_equal(first, fitted.responses(x).counts)
    assert first.sum() > 0


def test_trains_agree_with_counts():
    x, y = images()
    fitted = learner(small_model(min_spikes=3, rest=5)).fit(x, y)
    counts, trains = respond(fitted.simulation_, fitted.model_, x, seed=0, purpose="predict", batch=1, trains=True)
    np.testing.assert_array_equal(counts, trains.counts())
    assert (trains.steps, trains.samples) == (STEPS + 5, len(x))
    shown = fitted.trains(x[:2])
    assert set(shown) == {"pixels", "excitatory"}
    np.testing.assert_array_equal(shown["excitatory"].counts(), counts[:2])


def test_two_patterns_are_learned():
    x, y = images(60)
    fitted = learner(epochs=2).fit(x[:40], y[:40])
    assert fitted.score(x[40:], y[40:]) >= 0.9
    halves = np.stack([fitted.weights_[:8].sum(0), fitted.weights_[8:].sum(0)])
    assert (halves.max(0) > 1.5 * halves.min(0)).any()
    assert set(fitted.learned_) == {"pixels->excitatory.w", "excitatory.theta"}
    assert fitted.labels_.shape == (NEURONS,)


def test_ngram_and_proportion_read_the_same_responses():
    x, y = images(40)
    fitted = learner().set_params(readouts=("proportion", "ngram")).fit(x, y)
    assert set(fitted.accuracies(x, y)) == {"all_activity", "proportion", "ngram"}
    assert fitted.accuracies(x, y)["all_activity"] == fitted.score(x, y)


def test_labels_of_any_kind():
    x, y = images(40)
    names = np.array(["left", "right"])[y]
    fitted = learner().fit(x, names)
    assert set(fitted.predict(x)) <= {"left", "right", ""} and fitted.score(x, names) > 0.8
    shifted = learner().fit(x, y * 7 - 1)
    assert list(shifted.classes_) == [-1, 6] and shifted.no_answer_ == -2
    assert (shifted.predict(np.zeros((2, INPUTS))) == -2).all()


def test_the_seed_decides():
    x, y = images()
    first, second, third = (learner(seed=seed).fit(x, y).weights_ for seed in (1, 1, 2))
    assert (first == second).all() and (first != third).any()


def test_partial_fit_goes_on_where_it_stopped():
    x, y = images()
    model = small_model()
    whole = learner(model, shuffle=False).fit(x, y)
    parts = learner(model, shuffle=False).partial_fit(x[:10], y[:10], classes=[0, 1]).partial_fit(x[10:], y[10:])
    np.testing.assert_array_equal(whole.weights_, parts.weights_)
    assert parts.training_.shown == len(x) == whole.training_.shown
    with pytest.raises(PlasticityError, match="not one of the classes"):
        parts.partial_fit(x[:2], [0, 5])


def test_an_estimator_as_scikit_learn_has_them():
    made = UnsupervisedClassifier(network="diehl-cook", neurons=12, seed=4, readouts=["all_activity"])
    assert clone(made).get_params() == made.get_params()
    assert clone(learner()).network.network.fingerprint == small_model().network.fingerprint
    assert made.set_params(neurons=5).neurons == 5 and "neurons=5" in repr(made)
    assert UnsupervisedClassifier(neurons=-1).neurons == -1  # stored untouched, refused by fit
    with pytest.raises(NotFittedError):
        made.predict(np.zeros((1, 4)))


def test_the_control_has_learned_nothing():
    x, y = images()
    untrained = learner().untrained(x, y)
    start = engines.build(small_model().network).get("pixels->excitatory.w")
    np.testing.assert_allclose(untrained.weights_, start)
    assert untrained.training_.shown == 0


X, Y = images(8)


@pytest.mark.parametrize("x, y, says", [
    (np.where(np.arange(INPUTS) == 3, np.nan, X), Y, "contains NaN"),
    (X * 255, Y, r"\[0, 1\]"), (-X, Y, r"\[0, 1\]"), (X[0], Y, "shape"), (X[:0], Y[:0], "0 sample"),
    (X.astype(str), Y, "numbers"), (X, Y[:5], r"shape \(8,\)"), (X, np.where(Y, np.nan, 0.0), "y holds NaN"),
    (X, Y + 0.5, "fractions"), (X, np.zeros(8, int), "two classes"), (X[:, :9], Y, "9 inputs")])
def test_bad_samples_are_refused(x, y, says):
    with pytest.raises(PlasticityError, match=says):
        learner().fit(x, y)


@pytest.mark.parametrize("options, says", [
    ({"epochs": -1}, "epochs"), ({"batch": 1.5}, "batch"), ({"label_samples": 0}, "label_samples"),
    ({"readout": "all_activty"}, "all_activity"), ({"engine": "evnt"}, "event"), ({"rule": "pair_stpd"}, "pair_stdp"),
    ({"dtype": "float16"}, "dtype"),
    ({"rule": "tsodyks_markram"}, "changes no weight"), ({"rule": 3}, "must be a text")])
def test_bad_settings_are_refused(options, says):
    with pytest.raises(PlasticityError, match=says):
        learner().set_params(**options).fit(X, Y)


def test_a_named_network_is_built_for_the_data():
    fitted = UnsupervisedClassifier(neurons=5, network_options={"steps": 30}, rule="pair_stdp").fit(*images(12))
    assert fitted.weights_.shape == (INPUTS, 5)
    assert fitted.model_.network.plastic[0].rule.name == "pair_stdp"
    with pytest.raises(PlasticityError, match="diehl-cook"):
        UnsupervisedClassifier(network="diehl-cok").fit(X, Y)
    with pytest.raises(PlasticityError, match="neurons"):
        UnsupervisedClassifier(neurons=0).fit(X, Y)


def test_a_silent_network_is_reported():
    with pytest.warns(NetworkWarning, match="silent"):
        learner(small_model(max_rate=0.0)).fit(X, Y)


def test_an_exploding_network_is_reported():
    model = small_model(max_rate=900.0)
    feedforward = replace(model.network.projections[0], scale=1.0)
    network = model.network.with_(projections=(feedforward,), populations=tuple(
        replace(p, winner="all", neuron=p.neuron.with_(adapt="")) for p in model.network.populations))
    with pytest.warns(NetworkWarning, match="explodes"):
        learner(model.with_(network=network)).fit(X, Y)


def test_a_coarse_step_is_reported():
    model = networks.build("diehl-cook", INPUTS, NEURONS, tau=0.4e-3, steps=20, inhibition=1e-3)
    with pytest.warns(NetworkWarning, match="dt=0.001 s is larger than.*tau.*0.0004"):
        learner(model).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error", NetworkWarning)
        learner().fit(*images())


def test_running_accuracy_predicts_before_it_learns():
    curve = RunningAccuracy.start(2, 4)
    y = np.array([0, 1] * 10)
    counts = np.where((np.arange(4) // 2) == y[:, None], 5, 0)
    assert curve.update(counts, y) == 0.5  # nothing known yet: always the first class
    assert curve.update(counts, y) == 1.0
    assert curve.update(counts, 1 - y) == 0.0


def test_tables_of_few_columns_are_learned_too():
    """Four columns, of which in every presentation some spike and some do not: better than the commonest class."""
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    scaled, order = (x - x.min(0)) / np.ptp(x, 0), np.random.default_rng(0).permutation(len(x))
    learn, held = order[:100], order[100:]
    learner = UnsupervisedClassifier(neurons=100, epochs=10).fit(scaled[learn], y[learn])
    score = learner.accuracies(scaled[held], y[held])
    assert score["all_activity"] > np.bincount(y[held]).max() / len(held) + 0.1


def test_first_weights_are_of_no_sample_that_is_held_out():
    x, y = np.random.default_rng(0).random((40, 6)), np.arange(40) % 2
    learner = Learner("rates(12, init=samples)", "soft_hebb", validation=0.5, epochs=0, seed=3).fit(x, y)
    kept, _, (held_out, _) = split(x, Targets(y), 0.5, 3, True)
    first = learner.weights_.T[:, None]
    assert np.isclose(first, kept, rtol=1e-5).all(2).any(1).all()
    assert not np.isclose(first, held_out, rtol=1e-5).all(2).any()
