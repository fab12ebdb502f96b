"""augment=: samples that are learned from are transformed in every way of learning, and no others are."""

import json
import os
import pickle
import signal

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits

from plasticity import Learner, PlasticityError, RefusedError, cli
from plasticity._utils import own
from plasticity.comparison import compare
from plasticity.comparison.job import Job
from plasticity.comparison.one import train_one
from plasticity.encoding.augmentation.catalogue import make
from plasticity.learner.augmenting import augmenting
from plasticity.learner.experiment import experiment
from plasticity.learner.plan import Plan
from plasticity.runs import Run
from plasticity.runs.sealed import write_sealed

X, Y = load_digits(return_X_y=True)
X = X.reshape(-1, 8, 8) / 16
WAYS = {
    "stream": {"network": "diehl-cook(neurons=8, steps=12)", "rule": "pair_stdp", "engine": "torch", "batch": 32},
    "rates": {"network": "rates(8)", "rule": "soft_hebb", "epochs": 2},
    "gradients": {"network": "layers(12)", "rule": "bptt", "encoder": "rate(steps=6)", "epochs": 2},
    "method": {"rule": "mlp(hidden=10)", "epochs": 2},
    "spiking method": {"rule": "forward_forward(hidden=(10,))", "epochs": 2}}
AUGMENT = "shift(pixels=1)+noise(sd=0.2)"


def same(one, two):
    return one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)


def learner(way, **more):
    return Learner(**WAYS[way], **more)


@pytest.mark.parametrize("way", WAYS)
def test_it_changes_what_is_learned_and_nothing_that_is_asked(way):
    x, y, asked = X[:96], Y[:96], X[500:530]
    plain, moved = (learner(way, augment=augment).fit(x, y) for augment in (None, AUGMENT))
    assert not same(plain.learned_, moved.learned_)
    assert same(moved.learned_, learner(way, augment=AUGMENT).fit(x, y).learned_)  # the same seed, the same bits
    other = learner(way)  # the same weights in a learner that knows of no transforms
    prepared = other.prepare(x, y)
    other.trainer_.put(moved.trainer_.weights())
    other.trainer_.finish(*prepared)
    np.testing.assert_array_equal(other.decision_function(asked), moved.decision_function(asked))
    assert other.score(asked, Y[500:530]) == moved.score(asked, Y[500:530])
    if hasattr(moved.trainer_, "reading"):  # readouts are fitted to samples as they are
        zero = WAYS[way] | {"epochs": 0}
        untaught = [Learner(**zero, augment=augment).fit(x, y).decision_function(asked) for augment in (None, AUGMENT)]
        np.testing.assert_array_equal(*untaught)


def test_what_is_shown_is_what_the_transforms_make_of_the_samples():
    seen = []
    plan = Plan(2, 10, 5)
    fitted = learner("method", augment=AUGMENT, seed=5, batch=10, validation=(X[100:120], Y[100:120]))
    fitted.fit(X[:25], Y[:25], callback=lambda step, x, targets: seen.append((step, x.copy(), targets)))
    flat = X[:25].reshape(25, 64)
    for (step, x, targets), planned in zip(seen, plan.steps(25), strict=True):
        np.testing.assert_array_equal(step.samples, planned.samples)
        np.testing.assert_array_equal(targets, np.searchsorted(fitted.classes_, Y[planned.samples]))
        drawn = X[planned.samples]
        for place, transform in enumerate(make(AUGMENT)):
            seed = np.random.SeedSequence((5, planned.epoch, place, 1)).generate_state(1, np.uint64)[0]
            drawn = transform(drawn, int(seed), planned.samples)
        np.testing.assert_array_equal(x, drawn.clip(0, 1).reshape(-1, 64))
        assert (x != flat[planned.samples]).any(1).all()
    by_epoch = [np.concatenate([x[np.argsort(step.samples)] for step, x, _ in seen[k:k + 3]]) for k in (0, 3)]
    assert (by_epoch[0] != by_epoch[1]).any()


@pytest.mark.parametrize("batch", [1, 7, 40])
def test_a_sample_becomes_the_same_in_batches_of_any_size(batch):
    made = experiment(learner("gradients", augment=AUGMENT)._asked())
    x = X[:40].reshape(40, 64)
    whole, parts = (np.empty_like(x) for _ in range(2))
    for found, size in ((whole, 20), (parts, batch)):
        for step in Plan(1, size, 3).steps(40):
            found[step.samples] = augmenting(made, (8, 8), x)(x[step.samples], step)
    np.testing.assert_array_equal(whole, parts)
    assert whole.min() == 0 and whole.max() == 1


@pytest.mark.parametrize("way", WAYS)
def test_an_interrupted_training_ends_with_the_same_bits(way, tmp_path):
    shown = []

    def stopper(x, seed):
        shown.append(len(x))
        if len(shown) == stop_at:
            os.kill(os.getpid(), signal.SIGINT)
        return x

    made = learner(way, augment=(AUGMENT, stopper))
    x = X[:600] if way == "stream" else X[:150]
    stop_at = 0
    whole = clone(made).fit(x, Y[:len(x)])
    stop_at, shown[:] = 3, []  # the first call is a look at one sample, before anything is learned
    with pytest.raises(KeyboardInterrupt):
        clone(made).fit(x, Y[:len(x)], run=Run(tmp_path / "run", {}))
    stop_at = 0
    resumed = clone(made).fit(x, Y[:len(x)], run=Run.resume(tmp_path / "run"))
    assert same(resumed.learned_, whole.learned_) and resumed.training_.shown == whole.training_.shown


def test_a_run_goes_on_with_the_transforms_it_began_with(tmp_path):
    def stop(step, x, targets):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        learner("method", augment="flip").fit(X[:99], Y[:99], run=Run(tmp_path / "run", {}), callback=stop)
    for augment in (None, "flip(p=0.4)", "shift+flip"):
        with pytest.raises(PlasticityError, match="this checkpoint belongs to another augment"):
            learner("method", augment=augment).fit(X[:99], Y[:99], run=Run.resume(tmp_path / "run"))
    again = learner("method", augment=make("flip")).fit(X[:99], Y[:99], run=Run.resume(tmp_path / "run"))
    assert same(again.learned_, learner("method", augment="flip").fit(X[:99], Y[:99]).learned_)


def test_it_is_kept_and_learns_on(tmp_path):
    fitted = learner("gradients", augment=AUGMENT).fit(X[:64], Y[:64])
    assert fitted.described_.words["augment"] == AUGMENT
    again = Learner.load(fitted.save(tmp_path / "learner"))
    pickled = pickle.loads(pickle.dumps(fitted))
    assert again.augment == AUGMENT == clone(fitted).get_params()["augment"]
    for each in (fitted, again, pickled):
        each.partial_fit(X[64:100], Y[64:100])
    assert same(fitted.learned_, again.learned_) and same(fitted.learned_, pickled.learned_)
    plain = learner("gradients").fit(X[:64], Y[:64])
    content = json.loads((plain.save(tmp_path / "plain") / "learner.json").read_text())["learner"]
    assert content["words"]["augment"] is None and Learner.load(tmp_path / "plain").augment is None


def test_a_function_of_ones_own_is_not_kept_and_what_it_taught_is(tmp_path):
    fitted = learner("gradients", augment=(lambda x, seed: 1 - x, "shift")).fit(X[:64], Y[:64])
    again = Learner.load(fitted.save(tmp_path / "own"))
    for each in (again, Learner.load(again.save(tmp_path / "again"))):
        np.testing.assert_array_equal(each.predict(X[:64]), fitted.predict(X[:64]))
        assert each.described_.words["augment"] == "<lambda>+shift(pixels=2)"
        with pytest.raises(RefusedError, match="a function of your own, which is not kept"):
            each.partial_fit(X[:64], Y[:64])


def test_functions_that_do_not_tell_their_arguments():
    (negative,) = make(np.negative)
    assert negative.name == "negative" and own.takes(make, "augment") and not own.takes(np.negative, "numbers")


def test_learners_that_were_kept_before_are_read(tmp_path):
    fitted = learner("gradients").fit(X[:64], Y[:64])
    place = fitted.save(tmp_path / "learner") / "learner.json"
    content = json.loads(place.read_text())["learner"]
    del content["augment"], content["words"]["augment"], content["parameters"]["augment"]
    write_sealed(place, {"learner": content})
    again = Learner.load(tmp_path / "learner")
    np.testing.assert_array_equal(again.predict(X[:64]), fitted.predict(X[:64]))
    assert again.augment is None and again.partial_fit(X[:64], Y[:64]).training_.epochs == 3


def test_each_epoch_and_each_piece_has_its_own_transforms():
    seen = []

    def look(x, seed, numbers):
        seen.append(x.copy())
        return x

    made = learner("rates", augment=(AUGMENT, look), batch=30, shuffle=False).fit(X[:30], Y[:30])
    made.partial_fit(X[:30], Y[:30]).partial_fit(X[:30], Y[:30])
    whole = [x for x in seen if len(x) == 30]
    assert len(whole) == 4 and len({x.tobytes() for x in whole}) == 4


SEQUENCES = (np.random.default_rng(0).random((20, 12, 5)) < 0.3).astype(float)
SPIKING = {"network": "layers(8)", "rule": "bptt", "epochs": 1}
STDP = {"network": "diehl-cook(neurons=8)", "rule": "pair_stdp", "engine": "torch"}


@pytest.mark.parametrize(("asked", "reason"), [
    (SPIKING | {"encoder": "sequences", "augment": "flip"}, "changes images, and these samples are sequences"),
    (SPIKING | {"encoder": "latency", "augment": "time_shift"}, "moves sequences .* have no steps"),
    ({"rule": "mlp", "augment": "time_shift"}, "moves sequences .* have no steps"),
    ({"rule": "soft_hebb", "augment": "time_shift"}, "moves sequences .* have no steps"),
    (STDP | {"augment": "time_shift"}, "moves sequences .* have no steps"),
    (STDP | {"encoder": "sequences", "augment": "shift+flicker"}, "changes images"),
    (STDP | {"encoder": "sequences", "augment": "flicker"}, "makes graded values of spikes"),
    (SPIKING | {"encoder": "sequences(stream=True)", "shuffle": False, "augment": "time_shift"},
     "moves windows .* stream=True joins"),
    *((SPIKING | {"encoder": "words(n=7)", "augment": name}, "makes other words of words")
      for name in ("noise", "flicker", "time_shift"))])
def test_what_cannot_work_is_refused_when_it_is_made(asked, reason):
    with pytest.raises(RefusedError, match=rf"augment=\w+\(.*\) {reason}"):
        Learner(**asked)


@pytest.mark.parametrize(("asked", "x", "error", "reason"), [
    (WAYS["method"] | {"augment": "flip"}, X.reshape(-1, 64), PlasticityError,
     r"augment=flip\(p=0.5\) needs rows and columns of images, and samples came flat, with 64 features; give X as"),
    (SPIKING | {"augment": "flip"}, SEQUENCES, RefusedError, "changes images.* or give images an encoder"),
    (SPIKING | {"augment": "time_shift"}, X.reshape(-1, 64), RefusedError, "moves sequences .* have no steps"),
    (WAYS["rates"] | {"augment": "crop(pixels=9)"}, X, PlasticityError, r"crop\(pixels=9\) leaves nothing"),
    (WAYS["rates"] | {"augment": lambda x, seed: x[0]}, X, PlasticityError, "it must keep the shape")])
def test_what_samples_cannot_have_is_refused_before_anything_is_learned(asked, x, error, reason):
    with pytest.raises(error, match=reason):
        Learner(**asked).prepare(x[:20], np.arange(20) % 2)


def test_what_is_told_of_steps_is_not_moved_away_from_them():
    """Targets and weights of steps stay, so samples do too; they may be disturbed."""
    asked, y, weight = SPIKING | {"loss": "bernoulli"}, SEQUENCES, np.ones(SEQUENCES.shape[:2])
    for targets, sample_weight in ((y, None), (y[:, 0], weight)):
        with pytest.raises(RefusedError, match=r"augment=time_shift.* moves samples against their steps' own"):
            Learner(**asked, augment="time_shift").prepare(SEQUENCES, targets, sample_weight=sample_weight)
    assert Learner(**asked, augment="noise").fit(SEQUENCES, y).training_.shown == len(SEQUENCES)


@pytest.mark.parametrize("asked", [
    SPIKING | {"augment": "time_shift(steps=3)+noise+flicker"}, SPIKING | {"encoder": "sequences",
                                                                         "augment": "time_shift(steps=3)"},
    {"rule": "gru", "epochs": 1, "augment": "time_shift(steps=3)"}, {"rule": "gru", "epochs": 1, "augment": "elastic"}])
def test_sequences_are_transformed_too(asked):
    y = np.arange(20) % 2
    plain, moved = (Learner(**asked | more).fit(SEQUENCES, y) for more in ({"augment": None}, {}))
    assert not same(plain.learned_, moved.learned_)


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    more = ["--rule", "mlp(hidden=10)", "--epochs", "2", "--train-samples", "100", "--test-samples", "20"]
    results = []
    for name, augment in (("a", ["--augment", "shift(pixels=1)"]), ("b", ["--augment", "shift(pixels=1)"]), ("c", [])):
        assert cli.run(["run", "digits", *more, *augment, "--out", name, "--json"]) == 0
        results.append(json.loads(capsys.readouterr().out))
    assert [result["augment"] for result in results] == ["shift(pixels=1)", "shift(pixels=1)", None]
    assert results[0]["loss"] == results[1]["loss"] != results[2]["loss"]
    kept = Learner.load(tmp_path / "a" / "learner")
    assert kept.described_.words["augment"] == "shift(pixels=1)"
    assert cli.run(["list", "augmentations"]) == 0 and "elastic" in capsys.readouterr().out


def test_a_comparison_augments_all_of_its_trainings():
    sizes = {"train_samples": 60, "test_samples": 20, "epochs": 1}
    asked = [Job("digits", "mlp(hidden=10)", augment=augment, **sizes)
             for augment in (None, "shift(pixels=1)", make("shift(pixels=1)")[0])]
    again = [Job.from_dict(json.loads(json.dumps(job.to_dict()))) for job in asked]
    assert again == asked and len({job.digest for job in asked}) == 3
    losses = [train_one(job)["losses"] for job in again]
    assert losses[0] != losses[1] == losses[2]
    with pytest.raises(RefusedError, match=r"time_shift.* have no steps"):
        compare("digits", ["mlp"], augment="time_shift", seeds=1, **sizes)
