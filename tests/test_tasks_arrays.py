"""Arrays as tasks: what they may be, and what is refused."""

import numpy as np
import pytest
from support.own_data import save, sequences, table

from plasticity.datasets import tasks
from plasticity.errors import DataError, PlasticityError

X, Y = table()
SPIKES, STEPS = sequences()
IMAGES = np.random.default_rng(2).random((10, 3, 4))
HALF = np.arange(10) % 2


@pytest.mark.parametrize(("x", "y", "form", "shape", "targets", "classes", "outputs"), [
    (X, Y, "table", (3,), "labels", ("0", "1"), 2), (X, Y > 0, "table", (3,), "labels", ("False", "True"), 2),
    (X, Y[:, None] - 3, "table", (3,), "labels", ("-3", "-2"), 2),
    (X, np.array(["b", "a"])[Y], "table", (3,), "labels", ("a", "b"), 2),
    (X, np.array([b"ja", "né".encode()])[Y], "table", (3,), "labels", ("ja", "né"), 2),
    (X, list(np.array(["b", "a"])[Y]), "table", (3,), "labels", ("a", "b"), 2),
    (X, np.array(["b", "a"])[Y].astype(object), "table", (3,), "labels", ("a", "b"), 2),
    (X.tolist(), Y.astype(np.uint8) * 200, "table", (3,), "labels", ("0", "200"), 2),
    (X, X[:, :2], "table", (3,), "vectors", (), 2), (X, X[:, :1], "table", (3,), "vectors", (), 1),
    (IMAGES, HALF, "images", (3, 4), "labels", ("0", "1"), 2),
    (IMAGES[..., None], HALF, "images", (3, 4), "labels", ("0", "1"), 2),
    (np.stack([IMAGES] * 3, -1), HALF, "images", (3, 4, 3), "labels", ("0", "1"), 2),
    (IMAGES, IMAGES[:, 0], "images", (3, 4), "vectors", (), 4),
    (SPIKES, STEPS, "sequences", (5, 4), "labels per step", ("0", "1", "2"), 3),
    (SPIKES, np.repeat(HALF[:, None], 5, 1), "sequences", (5, 4), "labels per step", ("0", "1"), 2),
    (SPIKES * 2.5, STEPS, "sequences", (5, 4), "labels per step", ("0", "1", "2"), 3),
    (SPIKES * 2.5, STEPS[..., None] * [1.0, 2.0], "sequences", (5, 4), "vectors per step", (), 2),
    (SPIKES, SPIKES, "sequences", (5, 4), "vectors per step", (), 4)])
def test_what_arrays_are(x, y, form, shape, targets, classes, outputs):
    task = tasks.load((x, y))
    assert (task.form, task.image_shape, task.targets, task.classes) == (form, shape, targets, classes)
    assert task.outputs == outputs and task.source is None
    n = len(task.train_x) + len(task.test_x)
    assert n == len(x) and len(task.test_x) == round(0.2 * n)
    assert task.train_y.dtype == (np.int64 if classes else np.float32)
    assert task.train_x.dtype == (bool if np.asarray(x).dtype == bool else np.float32)


def test_samples_keep_their_targets():
    task = tasks.load((X, np.array(["b", "a"])[Y]), seed=3)
    label = {tuple(np.float32(x)): "ba"[y] for x, y in zip(X, Y, strict=True)}
    for x, y in ((task.train_x, task.train_y), (task.test_x, task.test_y)):
        assert [task.classes[each] for each in y] == [label[tuple(row)] for row in x]
    assert np.bincount(task.test_y).tolist() == [2, 2]
    other = tasks.load((X, Y), seed=4)
    assert not np.array_equal(task.train_x, other.train_x)


def test_parts_that_are_there_keep_their_order():
    task = tasks.load((X, Y, X[:5] / 2, Y[:5]))
    np.testing.assert_array_equal(task.train_x, X.astype(np.float32))
    np.testing.assert_array_equal(task.test_x, (X[:5] / 2).astype(np.float32))
    assert task.test_y.tolist() == [0, 1, 0, 1, 0]


@pytest.mark.parametrize(("x", "values"), [
    (np.array([0, 51, 255], np.uint8), [0, 0.2, 1]), (np.array([0, 51, 255]), [0, 0.2, 1]),
    (np.array([False, True, True]), [0, 1, 1]), (np.array([0.0, 0.5, 1.0]), [0, 0.5, 1])])
def test_intensities(x, values):
    images = np.tile(x, (4, 2, 1))
    labels = [0, 1, 0, 1]
    for data in ((images, labels), (images, labels, images, labels)):
        task = tasks.load(data, form="images")
        assert task.test_x[0] == pytest.approx(np.tile(values, 2)) and task.test_x.dtype == np.float32


def test_a_test_part_of_dark_bytes_is_scaled_as_bytes():
    task = tasks.load((np.full((2, 2, 2), 255), [0, 1], np.ones((2, 2, 2), int), [0, 1]))
    assert task.test_x[0, 0] == np.float32(1 / 255) and task.train_x[0, 0] == 1


@pytest.mark.parametrize(("x", "axes"), [(X * [1, 50, 0] - 3, 0), (IMAGES * 300 - 9, None), (SPIKES * 4.5 - 2, (0, 1))])
def test_scale_is_learned_on_the_training_part_alone(x, axes):
    labels = np.arange(len(x)) % 2
    test = np.concatenate([x[:1] - 1000, x[1:2] + 1000])
    task = tasks.load((x, labels, test, [0, 1]), scale="unit", form="sequences" if axes == (0, 1) else None)
    low, high = x.min(axes), x.max(axes)
    expected = np.where(high > low, (x - low) / np.where(high > low, high - low, 1), 0).reshape(task.train_x.shape)
    assert task.train_x == pytest.approx(expected, abs=1e-5) and task.train_x.max() == 1
    assert task.bounds[0] == pytest.approx(low) and task.bounds[1] == pytest.approx(high)
    assert task.test_x[0].max() == 0 and (task.test_x[1] == (high > low)).all()
    few = tasks.load((x, labels, test, [0, 1]), 4, scale="unit", form=task.form)  # of what is learned from
    assert few.bounds[1] == pytest.approx(x[:4].max(axes))


def test_tables_stay_as_they_are():
    assert tasks.load((X * 1000 - 5, Y)).train_x.max() > 100


def test_weights_go_with_their_samples_and_padding_is_no_class():
    weight = np.tile([1, 1, 1, 0.5, 0], (10, 1))
    task = tasks.load((SPIKES, np.where(weight > 0, STEPS, -1)), weight=weight)
    assert task.classes == ("0", "1", "2") and (task.train_y[:, -1] == 0).all()
    assert task.train_weight.dtype == np.float32 and task.train_weight.tolist() == weight[:8].tolist()
    assert len(task.test_weight) == 2
    values = np.where(weight > 0, 1.0, np.nan)[..., None]
    assert tasks.load((SPIKES, values), weight=weight).train_y[:, :, 0].tolist() == (weight[:8] > 0).tolist()
    both = tasks.load((SPIKES, STEPS, SPIKES[:2], STEPS[:2]), weight=weight, weight_test=weight[:2])
    assert both.test_weight.tolist() == weight[:2].tolist()
    assert tasks.load((SPIKES * 1.0, HALF), weight=weight).form == "sequences"


def test_what_is_open_can_be_said(tmp_path):
    square = np.random.default_rng(0).random((10, 5))
    with pytest.raises(DataError, match="may be vectors or vectors per step; say targets='vectors'"):
        tasks.load((SPIKES, square), form="sequences")
    assert tasks.load((SPIKES, square), form="sequences", targets="vectors").train_y.shape == (8, 5)
    assert tasks.load((SPIKES, square), targets="vectors per step").train_y.shape == (8, 5, 1)
    assert tasks.load((IMAGES, HALF), form="sequences").train_x.shape == (8, 3, 4)
    path = save(tmp_path / "a.npz", x=SPIKES * 1.5, y=square, form="sequences", targets="vectors per step")
    assert tasks.load(path).train_y.shape == (8, 5, 1) and tasks.load(path, targets="vectors").train_y.shape == (8, 5)


@pytest.mark.parametrize(("x", "y", "options", "message"), [
    (X, Y[:-1], {}, r"x has shape \(20, 3\) and y \(19,\); give one target"),
    (X[0], Y, {}, "give one target"), (X[:, 0], Y, {}, r"x has shape \(20,\)"), (X, 3, {}, "one target"),
    (X * np.nan, Y, {}, "the arrays: x holds NaN"), (X * 1e300, Y, {}, "beyond float32"),
    (X.astype(str), Y, {}, "must hold numbers, got <U"), (X * 1j, Y, {}, "got complex128; convert"),
    ([[1], [2, 3]], [0, 1], {}, "x is no array.*pad sequences"), (X[:, :0], Y, {}, "holds nothing"),
    (X, np.zeros(20, int), {}, "y holds the one label 0; there is nothing to tell apart"),
    (X, Y * 1.0, {}, "neither of: labels: whole numbers, bools or texts"), (X, np.eye(20, dtype=int), {}, "argmax"),
    (X, np.array([None, 1] * 10), {}, r"numbers or texts, got object; save texts as y\.astype\(str\)"),
    (X, np.array([b"\xff", b"a"] * 10), {}, "bytes that are no text"),
    (X, np.where(Y[:, None] > 0, np.inf, X), {}, "y holds NaN, inf"), (X, X[:, :0], {}, "y has shape.*nothing"),
    (X, np.arange(20), {}, "of class '0' there is a single sample.*floats"),
    (X[:1], X[:1], {}, "there is a single sample, so none can be held out"),
    (IMAGES * 2, HALF, {}, 'x goes from 0.* to 1.*float64.*scale="unit".*form="sequences"'),
    (np.full((10, 2, 2), 256), HALF, {}, "goes from 256"), (np.full((10, 2, 2), -1), HALF, {}, "goes from -1 to -1"),
    (np.ones((10, 2, 2), np.uint8), HALF, {}, "whole numbers 0 and 1.*as floats"),
    (SPIKES, HALF, {}, r"x is bool \(10, 5, 4\), which may be.*say form=\"sequences\""),
    (np.zeros((10, 2, 2, 2)), HALF, {}, "colours: 1 or 3"), (np.zeros((10, 2, 2, 2, 3)), HALF, {}, "images have"),
    (X, Y, {"form": "images"}, "images have"), (X, Y, {"form": "sequences"}, "sequences have"),
    (X, Y, {"form": "image"}, "did you mean 'images'"), (X, Y, {"targets": "label"}, "did you mean 'labels'"),
    (X, Y, {"targets": "vectors"}, "is labels, not vectors"),
    (SPIKES, STEPS, {"weight": np.ones((10, 4))}, r"weight must hold numbers \[samples, steps\].*\(10, 5\)"),
    (SPIKES, STEPS, {"weight": -np.ones((10, 5))}, "must not be negative"),
    (SPIKES, STEPS, {"weight": np.zeros((10, 5))}, "above 0 somewhere"),
    (SPIKES, STEPS, {"weight": np.full((10, 5), np.nan)}, "weight holds NaN"),
    (X, Y, {"weight": X}, r"weight.*of sequences.*for table|images have|sequences have"),
    (SPIKES, STEPS, {"weight_test": np.ones((10, 5))}, "weight_test but no x_test")])
def test_unfit_arrays_are_refused(x, y, options, message):
    with pytest.raises(PlasticityError, match=message):
        tasks.load((x, y), **options)


@pytest.mark.parametrize(("x", "y", "message"), [
    (X[:5, :2], Y[:5], r"samples of x have shape \(3,\) and those of x_test \(2,\)"), (X[:5], Y[:4], "x_test has"),
    (X[:5], Y[:5] + 1, "y_test holds the label 2, which y does not hold"), (X[:0], Y[:0], "x_test.*nothing"),
    (X[:5], np.array(["a"] * 5), "y_test holds <U1 and y int64"), (X[:5], X[:5], "samples of y have shape"),
    (X[:5], Y[:5] + 0.5, r"y_test holds the label 0\.5"),
    (X[:5] * np.inf, Y[:5], "x_test holds NaN"), (X[:5], None, "there is x_test but no y_test"),
    (None, Y[:5], "there is y_test but no x_test")])
def test_unfit_test_parts_are_refused(x, y, message):
    with pytest.raises(DataError, match=message):
        tasks.load((X, Y, x, y))


def test_targets_of_the_test_part_that_are_texts_are_no_vectors():
    with pytest.raises(DataError, match="y_test holds <U1 and y float64"):
        tasks.load((X, X, X, np.full(X.shape, "a")))


def test_samples_of_which_nothing_is_known_are_as_they_are(tmp_path):
    """As those that a saved learner is asked about, which says nothing of a task."""
    x = np.arange(12.0).reshape(3, 4) * 100
    np.savez(tmp_path / "new.npz", x=x)
    np.testing.assert_array_equal(tasks.samples(tmp_path / "new.npz").x, x)
    np.testing.assert_array_equal(tasks.samples(x).x, x)
    (tmp_path / "one.png").write_bytes(b"")
    with pytest.raises(DataError, match="holds images, and the task is one of a form that is not known"):
        tasks.samples(tmp_path / "one.png")
