"""Data sets in three official parts: chorales."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from plasticity import Learner, cli
from plasticity.datasets import jsb, tasks
from plasticity.datasets.description import Source
from plasticity.datasets.listing import listing
from plasticity.errors import DataError, PlasticityError
from plasticity.readout.metrics import binary_nll

real = pytest.mark.skipif(not (Path(os.environ.get("PLASTICITY_DATA", "")) / "jsb").is_dir(),
                          reason="no JSB chorales in $PLASTICITY_DATA")
LENGTHS = {"traindata": (4, 6, 3, 5), "validdata": (7, 2), "testdata": (3, 8, 2)}


def pieces(seed=0):
    """Variable -> a row of cells with chords of four keys."""
    rng, found = np.random.default_rng(seed), {}
    for name, lengths in LENGTHS.items():
        found[name] = np.empty((1, len(lengths)), object)
        for k, length in enumerate(lengths):
            found[name][0, k] = np.zeros((length, 88), np.uint8)
            for chord in found[name][0, k]:
                chord[rng.choice(88, 4, replace=False)] = 1
    return found


def source_of(path: Path) -> Source:
    return Source(path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), size=path.stat().st_size)


@pytest.fixture
def chorales(tmp_path, monkeypatch):
    """A file of few and short pieces in the official form, found as the official one would be."""
    held = pieces()
    (tmp_path / "jsb").mkdir()
    path = tmp_path / "jsb" / "JSB_Chorales.mat"
    savemat(path, held, do_compression=True)
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path))
    monkeypatch.setattr(jsb, "JSB", replace(jsb.JSB, source=source_of(path)))
    return held


def test_chords_are_their_own_targets_and_the_first_does_not_count(chorales):
    task = tasks.load("jsb")
    assert (task.form, task.targets, task.outputs, task.held_out) == ("sequences", "vectors per step", 88, "test")
    assert task.train_x.shape == (4, 6, 88) and task.test_x.shape == (3, 8, 88) and task.train_x.dtype == np.float32
    np.testing.assert_array_equal(task.train_x, task.train_y)
    for part, name in (("train", "traindata"), ("test", "testdata")):
        x, weight = getattr(task, f"{part}_x"), getattr(task, f"{part}_weight")
        for k, piece in enumerate(chorales[name][0]):
            np.testing.assert_array_equal(x[k, :len(piece)], piece)
            assert not x[k, len(piece):].any()
            assert weight[k].tolist() == [0] + [1] * (len(piece) - 1) + [0] * (x.shape[1] - len(piece))


def test_the_validation_part_is_held_out_or_left_alone(chorales):
    tuned, tested = tasks.load("jsb", validation=True), tasks.load("jsb")
    assert tuned.held_out == "validation" and tuned.test_x.shape == (2, 7, 88)
    np.testing.assert_array_equal(tuned.test_x[0], chorales["validdata"][0, 0])
    np.testing.assert_array_equal(tuned.train_x, tested.train_x)
    few = tasks.load("jsb", 3, 1)
    assert len(few.train_x) == 3 and len(few.test_x) == 1
    with pytest.raises(PlasticityError, match="test_samples must be between 1 and 2"):
        tasks.load("jsb", test_samples=3, validation=True)


def test_each_piece_can_count_the_same(chorales):
    rng = np.random.default_rng(1)
    by_step, by_piece = tasks.load("jsb"), tasks.load("jsb(weight=pieces)")
    np.testing.assert_array_equal(by_piece.train_weight, by_step.train_weight)
    p = rng.uniform(0.01, 0.99, by_step.test_x.shape)
    each = -(by_step.test_y * np.log(p) + (1 - by_step.test_y) * np.log(1 - p)).sum(-1)
    means = [row[1:length].mean() for row, length in zip(each, LENGTHS["testdata"], strict=True)]
    assert binary_nll(by_piece.test_y, p, by_piece.test_weight) == pytest.approx(np.mean(means), rel=1e-6)
    steps = np.concatenate([row[1:length] for row, length in zip(each, LENGTHS["testdata"], strict=True)])
    assert binary_nll(by_step.test_y, p, by_step.test_weight) == pytest.approx(steps.mean(), rel=1e-6)


def test_no_chord_is_seen_before_it_is_told(chorales):
    """What is said of step t stays whatever sounds from t on, so the input itself may be the target."""
    task = tasks.load("jsb")
    learner = Learner("layers(12, neuron=snu)", rule="bptt", readout="leaky(tau=0, bias=True)", loss="bernoulli",
                      epochs=1, batch=2).fit(task.train_x, task.train_y, task.train_weight)
    told = learner.predict_proba(task.test_x)
    for step in range(task.test_x.shape[1]):
        other = task.test_x.copy()
        other[:, step:] = 1 - other[:, step:]
        np.testing.assert_array_equal(learner.predict_proba(other)[:, :step + 1], told[:, :step + 1])
    assert (learner.predict_proba(1 - task.test_x) != told).any()
    nll = binary_nll(task.test_y, told.astype(np.float64), task.test_weight)
    assert learner.score(task.test_x, task.test_y, task.test_weight) == pytest.approx(-nll, rel=1e-5)


def test_a_run_tells_its_score(chorales, tmp_path, capsys):
    folder = tmp_path / "run"
    asked = ["run", "jsb", "--rule", "bptt", "--network", "layers(8, neuron=snu)", "--epochs", "1", "--validation"]
    assert cli.run([*asked, "--out", str(folder)]) == 0
    assert "nll (leaky(tau=0, bias=True), held out)" in capsys.readouterr().out
    result = json.loads((folder / "result.json").read_text())
    assert result["score"] == {"name": "nll", "value": -result["accuracy"], "unit": "nats", "better": "lower"}
    assert result["score"]["value"] > 0 and result["held_out"] == "validation"
    assert "nll of held-out samples" in (folder / "report.html").read_text()


def changed(name, value):
    def change(held):
        held[name][0, 0] = value(held[name][0, 0])
    return change


@pytest.mark.parametrize("change", [
    changed("traindata", lambda piece: piece[:, :87]), changed("validdata", lambda piece: piece * 2),
    changed("testdata", lambda piece: piece[:1]), changed("traindata", lambda piece: piece * np.nan),
    changed("traindata", lambda piece: "a text"), lambda held: held.pop("testdata"),
    lambda held: held.update(validdata=np.zeros((1, 3))), lambda held: held.update(testdata=np.empty((1, 0), object)),
    lambda held: held.update(traindata=held["traindata"].T)])
def test_other_matlab_files_are_refused(change, tmp_path):
    held = pieces()
    change(held)
    savemat(tmp_path / "a.mat", held)
    with pytest.raises(DataError, match=r"a\.mat is not a MATLAB file of chorales \("):
        jsb.read_mat(tmp_path / "a.mat")


def test_no_other_bytes_are_read(chorales, tmp_path):
    path = tmp_path / "jsb" / "JSB_Chorales.mat"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match="altered"):
        tasks.load("jsb")
    path.write_bytes(content[:len(content) // 2])
    with pytest.raises(DataError, match="truncated"):
        tasks.load("jsb")
    for broken in (content[:200], b"", b"MATLAB 5.0" + bytes(200)):
        path.write_bytes(broken)
        with pytest.raises(DataError, match="not a MATLAB file"):
            jsb.read_mat(path)


@pytest.mark.parametrize(("text", "message"), [("jsb(weight=songs)", "unknown value for weight.*steps"),
                                               ("jsb(weights=1)", "jsb.*weights")])
def test_bad_options_are_refused(text, message, chorales):
    with pytest.raises(PlasticityError, match=message):
        tasks.load(text)


def test_they_are_listed():
    entry = next(entry for entry in listing() if entry["name"] == "jsb")
    assert entry["kind"] == "sequences" and entry["task"] and "229 + 76 + 77" in entry["summary"]


@real
def test_real_chorales():
    task, tuned = tasks.load("jsb"), tasks.load("jsb", validation=True)
    assert (len(task.train_x), len(tuned.test_x), len(task.test_x)) == (229, 76, 77)
    counted = [int(weight.sum()) for weight in (task.train_weight, tuned.test_weight, task.test_weight)]
    assert counted == [13_578, 4_526, 4_648]
    assert 3.5 < task.train_x.sum() / (task.train_weight.sum() + 229) < 4  # four voices, now and then in unison
