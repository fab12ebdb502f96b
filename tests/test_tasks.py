"""One door to all data: names, paths, arrays, descriptions."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.own_data import faces, save, sequences, table

from plasticity.comparison import settings
from plasticity.datasets import tasks
from plasticity.datasets.description import Dataset
from plasticity.datasets.listing import listing
from plasticity.datasets.splits import draw
from plasticity.datasets.tasks import Task
from plasticity.errors import DataError, PlasticityError

MINE = """
import numpy as np
from plasticity.datasets import tasks

X, Y = np.eye(8), np.arange(8) % 2
pair = (X, Y)

def mine(noise=0.0):
    return X + noise, Y

def whole():
    return tasks.load("digits", train_samples=50)
"""


def same(one: Task, other: Task) -> bool:
    return tasks.fingerprint(one) == tasks.fingerprint(other)


def test_names_are_all_that_a_comparison_and_the_list_of_data_sets_call_a_task():
    assert set(settings.TASKS) <= set(tasks.names())
    listed = {entry["name"] for entry in listing() if entry["task"]}
    assert listed == set(tasks.names()) - {"nmnist"}  # the recordings are listed as nmnist_small
    assert list(tasks.names()) == sorted(tasks.names())


@pytest.mark.parametrize(("text", "name"), [("fashion-mnist", "fashion_mnist"), ("rows-mnist", "rows_mnist"),
                                            ("nmnist", "nmnist_frames"), ("nmnist-frames", "nmnist_frames"),
                                            ("fsdd", "fsdd_spikes"), (" digits ", "digits")])
def test_dashes_and_short_names(text, name, monkeypatch):
    images = Dataset("", np.zeros((12, 2, 2), np.float32), np.arange(12) % 3, np.zeros((2, 2, 2), np.float32),
                     np.zeros(2, int), 3)
    monkeypatch.setattr("plasticity.datasets.named.load", lambda asked: replace(images, name=asked))
    monkeypatch.setattr("plasticity.datasets.named.load_sequences", lambda asked: replace(images, name=asked))
    assert tasks.load(text).name == tasks.load(text).source == name
    assert tasks.load(text, validation=True).test_y.tolist() == [1, 2]  # the last sixth


def test_a_named_task_is_what_it_was():
    whole = tasks.load("digits")
    assert (whole.form, whole.targets, whole.outputs, whole.image_shape) == ("images", "labels", 10, (8, 8))
    assert whole.train_weight is whole.test_weight is whole.bounds is None
    few = tasks.load("digits", 30, 20)
    assert few.options == {"train_samples": 30, "test_samples": 20}
    np.testing.assert_array_equal(few.train_x, whole.train_x[:30])
    np.testing.assert_array_equal(few.test_y, whole.test_y[:20])


def test_options_in_the_text_are_options_apart(monkeypatch):
    monkeypatch.setattr("plasticity.datasets.sequenced.load", lambda name: Dataset(
        name, np.zeros((4, 2, 2), np.float32), np.arange(4), np.zeros((2, 2, 2), np.float32), np.arange(2), 4))
    text, apart = tasks.load("rows-mnist(hold=3)"), tasks.load("rows_mnist", hold=3)
    assert text.train_x.shape == (4, 6, 2) and same(text, apart) and text.options == apart.options == {"hold": 3}
    assert (text.form, text.classes) == ("sequences", ("0", "1", "2", "3"))


@pytest.mark.parametrize(("name", "kind", "outputs"), [
    ("store_recall(samples=4, group=2)", "labels per step", 2),
    ("evidence_accumulation(samples=6, group=2)", "labels per step", 2),
    ("pattern_generation(inputs=5, outputs=3)", "vectors per step", 3)])
def test_tasks_that_are_made(name, kind, outputs):
    task = tasks.load(name, seed=5)
    assert (task.targets, task.outputs, task.form) == (kind, outputs, "sequences") and task.train_x.dtype == bool
    assert task.train_weight.shape == task.train_x.shape[:2] == task.train_y.shape[:2]
    assert 0 < task.train_weight.mean() <= 1 and task.image_shape == task.train_x.shape[1:]
    assert same(task, tasks.load(name, seed=5)) and not same(task, tasks.load(name, seed=6))
    frozen = name.startswith("pattern")
    assert np.array_equal(task.train_x, task.test_x) == frozen


def test_load_sequences_is_load_now():
    with pytest.warns(DeprecationWarning, match=r"tasks\.load"), pytest.raises(PlasticityError, match="of sequences"):
        tasks.load_sequences("digits")


def test_epochs_know_both_spellings():
    assert tasks.epochs("digits") == 10 and tasks.epochs("faces/") == tasks.epochs("fashion-mnist") == 1


@pytest.mark.parametrize(("task", "options", "error", "message"), [
    ("mnits", {}, PlasticityError, "unknown task 'mnits'; did you mean 'mnist'.*nor is there a file"),
    ("data/x.npz", {}, DataError, r"there is no file or folder data/x\.npz"),
    ("x.npz", {}, DataError, "there is no file or folder"),
    (Path("nowhere"), {}, DataError, "there is no file or folder nowhere"),
    ("~nobody_at_all/x", {}, PlasticityError, "no file or folder"), ("a\0b", {}, PlasticityError, "unknown task"),
    ("a" * 5000, {}, PlasticityError, "unknown task"), (3, {}, PlasticityError, "must be a name, a path.*got int"),
    ("digits", {"size": 3}, PlasticityError, "digits.*size"), ("digits(size=3)", {}, PlasticityError, "digits.*size"),
    ("rows_mnist(holds=3)", {}, PlasticityError, "did you mean 'hold'"),
    ("rows_mnist(3)", {}, PlasticityError, "option=value"),
    ("rows_mnist(hold=3)", {"hold": 2}, PlasticityError, "hold is given twice"),
    ("digits", {"seed": -1}, PlasticityError, "seed must be"),
    ("digits", {"train_samples": 2.5}, PlasticityError, "train_samples must be between 1 and 1201"),
    ("digits", {"test_samples": True}, PlasticityError, "test_samples must be between 1 and 596"),
    ((np.eye(2),), {}, PlasticityError, "got 1 of them"), ((np.eye(2), [0, 1], 1), {}, PlasticityError, "got 3"),
    (table(), {"size": 3}, PlasticityError, "arrays.*size"), (table(), {"test": 1}, PlasticityError, "test must be"),
    (table(), {"scale": "units"}, PlasticityError, "scale.*did you mean 'unit'"),
    (table(5), {"validation": True}, PlasticityError, "holds out one of 6"),
    ("setup.py:nothing", {}, PlasticityError, "no file|defines no")])
def test_what_is_no_task_is_refused(task, options, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        tasks.load(task, **options)


def test_names_go_before_folders_of_that_name_and_other_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faces(tmp_path / "digits")
    assert tasks.load("digits").image_shape == (8, 8) and tasks.load("./digits").image_shape == (4, 3)
    assert tasks.load(Path("digits")).image_shape == (4, 3)
    (tmp_path / "x.csv").write_text("1,2")
    with pytest.raises(DataError, match=r"x\.csv is neither an \.npz file nor a folder.*numpy\.savez"):
        tasks.load("x.csv")


def test_options_follow_paths_and_brackets_may_belong_to_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = table()
    save(tmp_path / "data (1).npz", x=x, y=y)
    assert len(tasks.load("data (1).npz").train_x) == 16
    assert len(tasks.load("data (1).npz", test=0.5).train_x) == 10
    save(tmp_path / "data.npz", x=x, y=y)
    assert len(tasks.load("data.npz(test=0.5)").train_x) == 10


def test_a_file_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("data.py").write_text(MINE)
    pair, noisy = tasks.load("data.py:pair", test=0.5), tasks.load("data.py:mine(noise=1)", test=0.5)
    assert pair.train_x.shape == (4, 8) and pair.train_x.max() == 1 and noisy.train_x.max() == 2
    digits = tasks.load("data.py:whole", train_samples=20)
    assert digits.train_x.shape == (20, 64)
    for task in (pair, noisy, digits):
        assert same(tasks.load(json.loads(json.dumps(tasks.describe(task)))), task)
    for text, message in (("data.py:pair(a=1)", "no function"), ("data.py:mine(nose=1)", "nose"),
                          ("data.py:X", "must be a name.*ndarray")):
        with pytest.raises(PlasticityError, match=message):
            tasks.load(text)


def test_a_task_is_a_task():
    whole = tasks.load("digits")
    assert tasks.load(whole) is whole
    few = tasks.load(whole, 10, validation=True)
    assert (len(few.train_x), len(few.test_x), few.held_out, few.source) == (10, 199, "validation", None)
    with pytest.raises(PlasticityError, match="leave scale= away"):
        tasks.load(whole, scale="unit")
    assert same(pickle.loads(pickle.dumps(few)), few)


@pytest.mark.parametrize("change", [
    {"train_x": np.ones((3, 2))}, {"train_y": np.array([0, 1, 1])}, {"test_x": np.ones((1, 2))},
    {"classes": ("a", "c")},
    {"train_weight": np.ones((3, 2))}, {"image_shape": (2, 1)}, {"train_x": np.zeros((3, 2), np.float32)},
    {"form": "images"}, {"test_weight": np.ones((3, 2))}])
def test_a_fingerprint_sees_every_array_and_what_it_means(change):
    task = Task("t", np.zeros((3, 2)), np.array([0, 1, 0]), np.zeros((1, 2)), np.array([0]), (2,), ("a", "b"),
                form="table")
    assert not same(task, replace(task, **change))
    assert same(task, replace(task, name="u", source="v", train_x=np.asfortranarray(task.train_x)))
    assert len(tasks.fingerprint(task)) == 64


@pytest.mark.parametrize("options", [{}, {"train_samples": 9, "test_samples": 2}, {"validation": True, "seed": 3},
                                     {"scale": "unit", "test": 0.4}])
def test_descriptions_lead_back_to_the_same_data(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = table(40)
    save(tmp_path / "t.npz", x=x, y=y)
    task = tasks.load("t.npz", **options)
    text = json.dumps(tasks.describe(task))
    monkeypatch.chdir(tmp_path.parent)  # from anywhere
    again = tasks.load(json.loads(text))
    assert same(again, task) and again.options == task.options
    save(tmp_path / "t.npz", x=x + 1e-3, y=y)
    with pytest.raises(DataError, match=r"changed since.*other values"):
        tasks.load(json.loads(text))
    save(tmp_path / "t.npz", x=np.delete(x, [0, 1], 0), y=np.array(list("ab"))[y[2:]])
    with pytest.raises(DataError, match=r"classes was \['0', '1'\], is \['a', 'b'\]|must be between"):
        tasks.load(json.loads(text))
    (tmp_path / "t.npz").unlink()
    with pytest.raises(DataError, match="there is no file"):
        tasks.load(json.loads(text))


def test_a_description_of_arrays_is_compared_by_hand():
    about = tasks.describe(tasks.load(table()))
    with pytest.raises(DataError, match=r"only Python had.*tasks\.verify"):
        tasks.load(about)
    assert tasks.verify(tasks.load(table()), about).name == "arrays"
    with pytest.raises(DataError, match="changed since"):
        tasks.verify(tasks.load(table(seed=1)), about)
    with pytest.raises(PlasticityError, match="give it alone"):
        tasks.load(about, train_samples=3)


@pytest.mark.parametrize(("about", "message"), [
    ({}, "only Python had"), ({"source": 3}, "only Python had"), ({"source": None}, "only Python had"),
    ({"source": "digits", "options": [1]}, "only Python had"), ({"source": "digits"}, "changed since"),
    ({"source": "digits", "options": {"task": 1}}, "multiple values for argument 'task'"),
    ({"source": "digits", "options": {"what": 1}}, "what"), ({"source": "digit"}, "did you mean 'digits'")])
def test_altered_descriptions_are_refused(about, message):
    with pytest.raises(PlasticityError, match=message):
        tasks.load({"sha256": "0", **about})


def test_a_mapping_of_arrays_is_no_description():
    with pytest.raises(PlasticityError, match=r"arrays are given as \(x, y\)"):
        tasks.load(dict(zip("xy", table(), strict=True)))


def test_what_is_drawn_is_in_proportion_and_seeded():
    labels = np.repeat([0, 1, 2], [50, 20, 2])
    learned, held = draw(72, 0.2, 4, labels)
    assert np.bincount(labels[held]).tolist() == [10, 4, 1] and sorted([*learned, *held]) == list(range(72))
    assert not np.array_equal(learned, np.sort(learned))
    np.testing.assert_array_equal(held, draw(72, 0.2, 4, labels)[1])
    assert set(held) != set(draw(72, 0.2, 5, labels)[1])
    assert len(draw(10, 0.01, 0)[1]) == 1 and len(draw(10, 0.99, 0)[0]) == 1


def test_validation_of_ones_own_data_is_drawn_and_leaves_the_test_part_alone():
    x, y = sequences(36)
    y = np.repeat([0, 1], 18)
    task, tuning = (tasks.load((x * 1.0, y, x[:4], y[:4]), validation=on) for on in (False, True))
    assert (len(tuning.train_x), len(tuning.test_x), tuning.held_out) == (30, 6, "validation")
    assert np.bincount(tuning.test_y).tolist() == [3, 3] and task.train_x.tolist() == x.reshape(36, 20).tolist()
    assert sorted(map(bytes, [*tuning.train_x, *tuning.test_x])) == sorted(map(bytes, task.train_x))
