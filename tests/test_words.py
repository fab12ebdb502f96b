"""Words as one spike per step, and texts as windows of streams."""

import io
import json
import os
import tarfile
import zipfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticity import Learner, cli
from plasticity.datasets import archives, ptb, tasks
from plasticity.encoding import catalogue as encoders
from plasticity.errors import DataError, PlasticityError, RefusedError
from plasticity.readout import metrics, scores
from plasticity.readout.answers import softmax
from plasticity.readout.losses import LOSSES, kind_of

N, BATCH, STEPS = 6, 3, 5
TEXTS = {"ptb.train.txt": " the cat sat \n the dog sat on the mat \n a cat \n" * 5,
         "ptb.valid.txt": " the mat sat \n", "ptb.test.txt": " a dog sat on the cat \n the dog \n"}
FILES = {name: text.encode() for name, text in TEXTS.items()}
NETWORK = {"network": "recurrent(7, neuron=snu(graded=True))", "rule": "bptt", "readout": "leaky(tau=0, bias=True)",
           "loss": "cross_entropy(score=perplexity)", "batch": BATCH, "epochs": 2}
real = pytest.mark.skipif(not (Path(os.environ.get("PLASTICITY_DATA", "")) / "ptb").is_dir(),
                          reason="no Penn Treebank in $PLASTICITY_DATA")


def text(samples=4 * BATCH, n=N, seed=0):
    """Windows of a stream in which each word is the one before plus one, now and then any other."""
    rng = np.random.default_rng(seed)
    words = (np.cumsum(np.where(rng.random(samples * STEPS) < 0.8, 1, rng.integers(0, n, samples * STEPS)))) % n
    return ptb.windows(words.astype(np.int32), BATCH, STEPS)


# ------------------------------------------------------------------ the encoder


@given(x=st.lists(st.lists(st.integers(-1, N - 1), min_size=4, max_size=4), min_size=1, max_size=5))
def test_each_word_is_one_spike_of_its_input(x):
    x = np.array(x)
    wanted = x[..., None] == np.arange(N)
    for given_as in (x, x[..., None], x.astype(np.float32)):
        spikes = encoders.make(f"words(n={N})")(given_as)
        np.testing.assert_array_equal(spikes.dense(), wanted)
        assert spikes.n == N and spikes.index.dtype == np.int32 and spikes.ptr.dtype == np.int64


@pytest.mark.parametrize(("x", "message"), [
    ([[N]], f"0 to {N - 1}.*got {N}"), ([[-2]], "got -2"), ([[0.5]], r"got 0\.5"), ([0, 1], r"\[samples, steps\]"),
    (np.zeros((2, 3, 2)), "shape")])
def test_what_is_no_word_is_refused(x, message):
    with pytest.raises(PlasticityError, match=message):
        encoders.make(f"words(n={N})")(np.array(x))


@pytest.mark.parametrize("stream", [False, True])
def test_words_learn_as_one_hot_sequences_do(stream):
    """The reference: the same network on sequences of n values per step."""
    part = text()
    hot = np.eye(N, dtype=np.float32)[part.y] * part.weight[..., None]
    asked = {**NETWORK, "shuffle": not stream}
    words = Learner(**asked, encoder=f"words(n={N}, stream={stream})").fit(part.x, part.y, part.weight)
    dense = Learner(**asked, encoder=f"sequences(stream={stream})").fit(hot, part.y, part.weight)
    assert words.losses_ == pytest.approx(dense.losses_, rel=1e-5)
    np.testing.assert_allclose(words.predict_proba(part.x), dense.predict_proba(hot), atol=1e-5)
    flat = Learner(**asked, encoder=f"words(n={N}, stream={stream})").fit(part.x[..., 0], part.y, part.weight)
    assert flat.losses_ == words.losses_


def test_no_word_is_seen_before_it_is_told():
    """What is said of step t, in this window and those before, stays whatever words come from t on."""
    part = text()
    learner = Learner(**NETWORK, encoder=f"words(n={N}, stream=True)", shuffle=False).fit(part.x, part.y)
    told = learner.predict_proba(part.x)
    for window, step in ((0, 0), (1, 0), (1, 3), (3, 4)):
        other, rows = part.x.copy(), slice(window * BATCH, (window + 1) * BATCH)
        other[rows, step:] = (other[rows, step:] + 1) % N
        other[rows.stop:] = (other[rows.stop:] + 1) % N
        changed = learner.predict_proba(other)
        np.testing.assert_array_equal(changed[:rows.start], told[:rows.start])
        np.testing.assert_array_equal(changed[rows, :step + 1], told[rows, :step + 1])
    first = part.x.copy()
    first[:BATCH, 0] = (first[:BATCH, 0] + 1) % N
    assert (learner.predict_proba(first)[-BATCH:] != told[-BATCH:]).any()  # the stream passes from window to window


def test_a_text_becomes_predictable():
    part = text(20 * BATCH)
    asked = {**NETWORK, "epochs": 8, "lr": 5e-2}
    learner = Learner(**asked, encoder=f"words(n={N}, stream=True)", shuffle=False).fit(part.x, part.y, part.weight)
    assert -learner.score(part.x, part.y, part.weight) < 3 < N


def test_rules_at_spikes_take_words_too():
    x = np.arange(24).reshape(4, 6) % N
    learner = Learner("diehl-cook(neurons=5)", rule="pair_stdp", encoder=f"words(n={N})").fit(x, [0, 1, 0, 1])
    assert learner.weights_.shape == (N, 5)


@pytest.mark.parametrize(("asked", "error", "message"), [
    ({"encoder": "words(n=0)"}, PlasticityError, "n must be"), ({"encoder": "words(m=2)"}, PlasticityError, "words.*m"),
    ({"encoder": "words(stream=True)"}, RefusedError, "shuffle=False"),
    ({"encoder": f"words(n={N - 1})", "shuffle": False}, PlasticityError, r"give words\(n="),
    ({"loss": "cross_entropy(score=r2)"}, PlasticityError, "score.*perplexity")])
def test_what_does_not_fit_is_refused(asked, error, message):
    part = text()
    with pytest.raises(error, match=message):
        Learner(**{**NETWORK, "encoder": f"words(n={N})", **asked}).fit(part.x, part.y)


# ------------------------------------------------------------------ scores of steps


def test_scores_follow_the_loss():
    part = text()
    learner = Learner(**NETWORK, encoder=f"words(n={N}, stream=True)", shuffle=False).fit(part.x, part.y, part.weight)
    p = softmax(learner.decision_function(part.x).astype(np.float64))
    wanted = metrics.perplexity(part.y, p, part.weight)
    assert learner.score(part.x, part.y, part.weight) == pytest.approx(-wanted, rel=1e-5)
    by_readout, answers = learner.read(part.x, part.y, part.weight)
    assert list(by_readout.values()) == [learner.score(part.x, part.y, part.weight)]
    np.testing.assert_array_equal(answers, p.argmax(-1))
    assert kind_of("cross_entropy(score=nll)").score == "nll" and kind_of("cross_entropy").score == "accuracy"


@given(cuts=st.lists(st.integers(0, 9), max_size=4), seed=st.integers(0, 99), weighed=st.booleans(),
       name=st.sampled_from(["accuracy", "nll", "perplexity", "r2"]))
@settings(max_examples=60, deadline=None)
def test_a_part_at_a_time_is_the_whole(cuts, seed, weighed, name):
    rng = np.random.default_rng(seed)
    y, labels = rng.normal(size=(9, 4, 3)), rng.integers(0, 3, (9, 4))
    targets = rng.normal(size=y.shape) if name == "r2" else labels
    weight = rng.random((9, 4)) * (rng.random((9, 1)) < 0.7) if weighed else None
    ends, kind = sorted({0, *cuts, 9}), LOSSES["mse" if name == "r2" else "cross_entropy"]
    parts = [(targets[a:b], y[a:b], None if weight is None else weight[a:b])
             for a, b in pairwise(ends)]
    if weighed and not weight.any():
        with pytest.raises(PlasticityError, match="above 0"):
            scores.of_parts(parts, kind, name)
        return
    assert scores.of_parts(parts, kind, name) == pytest.approx(scores.score(targets, y, kind, weight, name), rel=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy(score=perplexity)", "bernoulli", "mse"])
def test_validation_is_told_by_the_same_score(loss):
    part = text()
    y = part.y if loss.startswith("cross") else np.eye(N, dtype=np.float32)[part.y]
    held = part.x[:BATCH], y[:BATCH]
    learner = Learner(**{**NETWORK, "loss": loss}, encoder=f"words(n={N})", validation=held, patience=2)
    learner.fit(part.x, y)
    assert learner.validation_[-1] == pytest.approx(learner.score(*held), rel=1e-6)


def test_labels_that_no_sample_has_can_be_announced():
    part = text()
    learner = Learner(**NETWORK, encoder=f"words(n={N + 3})").fit(part.x, part.y, classes=range(N + 3))
    assert learner.classes_.tolist() == list(range(N + 3))
    assert learner.score(part.x, np.full_like(part.y, N + 2)) < -1


# ------------------------------------------------------------------ the text


@given(length=st.integers(1, 200), batch=st.integers(1, 7), steps=st.integers(1, 9))
def test_streams_hold_every_word_once_and_in_order(length, batch, steps):
    part = ptb.windows(np.arange(length, dtype=np.int32), batch, steps)
    assert part.x.shape[1:] == (steps, 1) and len(part.x) % batch == 0
    streams = part.x.reshape(-1, batch, steps).swapaxes(0, 1).reshape(batch, -1)
    said = streams[streams >= 0]
    np.testing.assert_array_equal(said, np.arange(length))
    for stream in streams:
        assert (np.flatnonzero(stream >= 0) == np.arange((stream >= 0).sum())).all()  # silence only at the end
    np.testing.assert_array_equal(part.weight > 0, part.x[..., 0] >= 0)
    np.testing.assert_array_equal(part.y[part.weight > 0], part.x[part.weight > 0, 0])
    assert part.weight.sum() == length and part.y.min() >= 0


def test_a_text_in_numbers():
    parts = ptb.parts_of(FILES, 2, 4)
    assert parts.classes == ("<eos>", "the", "cat", "sat", "a", "dog", "mat", "on")
    held = parts.part("validation")
    assert held.y.reshape(-1)[:2].tolist() == [1, 6] and held.weight.sum() == 4
    assert parts.part("train").weight.sum() == 70 and parts.part("test").weight.sum() == 10
    with pytest.raises(DataError, match=r"the word 'bird' does not stand in ptb\.train\.txt"):
        ptb.parts_of({**FILES, "ptb.test.txt": b"a bird \n"}, 2, 4)
    with pytest.raises(DataError, match=r"ptb\.valid\.txt is no text"):
        ptb.parts_of({**FILES, "ptb.valid.txt": b"\xff\xfe"}, 2, 4)


def as_zip(folder):
    with zipfile.ZipFile(folder / "ptb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in FILES.items():
            packed.writestr(name, content)


def as_tar(folder):
    with tarfile.open(folder / "simple-examples.tgz", "w:gz") as packed:
        for name, content in {**FILES, "ptb.char.train.txt": b"t h e"}.items():
            about = tarfile.TarInfo(f"./simple-examples/data/{name}")
            about.size = len(content)
            packed.addfile(about, io.BytesIO(content))


def as_folder(folder):
    for name, content in FILES.items():
        (folder / name).write_bytes(content)


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "ptb").mkdir()
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path))
    monkeypatch.setattr(ptb, "PTB", replace(ptb.PTB, content=archives.content_of(FILES)))
    return tmp_path / "ptb"


@pytest.mark.parametrize("put", [as_zip, as_tar, as_folder])
def test_the_files_are_found_packed_or_not(put, place):
    put(place)
    task, tuned = tasks.load("ptb(batch=2, steps=4)"), tasks.load("ptb", batch=2, steps=4, validation=True)
    assert (task.form, task.targets, task.outputs, task.held_out) == ("sequences", "labels per step", 8, "test")
    assert task.image_shape == (4, 1) and task.train_x.dtype == np.int32
    assert task.test_weight.sum() == 10 and tuned.test_weight.sum() == 4 and tuned.held_out == "validation"


def test_altered_text_is_refused(place):
    with pytest.raises(DataError, match=r"ptb.*has 0 files"):
        tasks.load("ptb")
    place.rmdir()
    with pytest.raises(DataError, match=r"neither ptb\.zip nor the folder ptb.*LDC"):
        tasks.load("ptb")
    place.mkdir()
    as_folder(place)
    (place / "ptb.test.txt").write_text(TEXTS["ptb.test.txt"].replace("dog", "cat"))
    with pytest.raises(DataError, match="altered"):
        tasks.load("ptb")
    as_zip(place)
    content = (place / "ptb.zip").read_bytes()
    for broken in (content[:-30], content[:40] + b"\xff" + content[41:], b"PK"):
        (place / "ptb.zip").write_bytes(broken)
        with pytest.raises(DataError, match="not a whole zip file"):
            tasks.load("ptb")
    monster = replace(ptb.PTB, most=100)
    (place / "ptb.zip").write_bytes(content)
    with pytest.raises(DataError, match="unpacks to more than"):
        archives.files_of(monster)


def test_a_run_tells_perplexity(place, tmp_path):
    as_folder(place)
    asked = ["run", "ptb(batch=2, steps=4)", "--rule", "bptt", "--network", "recurrent(4, neuron=snu(graded=True))",
             "--encoder", "words(n=8, stream=True)", "--epochs", "1", "--train-samples", "4"]
    assert cli.run([*asked, "--out", str(tmp_path / "run")]) == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["score"]["name"] == "perplexity" and 1 < result["score"]["value"] == -result["accuracy"] < 30
    assert result["batch"] == 2


def test_a_batch_that_mixes_streams_is_refused(place, tmp_path, capsys):
    as_folder(place)
    asked = ["run", "ptb(batch=2, steps=4)", "--rule", "bptt", "--batch", "3", "--out", str(tmp_path / "run")]
    assert cli.run(asked) == 2
    assert "would mix the streams of ptb" in capsys.readouterr().err


@real
def test_real_text_has_the_words_that_are_known():
    task, tuned = tasks.load("ptb"), tasks.load("ptb", validation=True)
    assert [int(weight.sum()) for weight in (task.train_weight, tuned.test_weight, task.test_weight)] \
        == [929_589, 73_760, 82_430]
    assert len(task.classes) == 10_000 and task.classes[:3] == ("the", "<unk>", "<eos>") and task.image_shape == (35, 1)
