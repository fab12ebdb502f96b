"""A folder of images by class as a task, and new samples in the form of a task."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from support.own_data import faces, grey, picture, save, table, zipped

from plasticity.datasets import tasks
from plasticity.datasets.pictures import read_picture
from plasticity.errors import DataError, DataWarning, PlasticityError

COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [51, 51, 51]]], np.uint8)
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def intensities(task) -> dict[str, list[int]]:
    """The grey level of each image (they have but one), by class, of both parts."""
    x, y = np.concatenate([task.train_x, task.test_x]), np.concatenate([task.train_y, task.test_y])
    assert (x == x[:, :1]).all()
    return {name: sorted(round(v * 255) for v in x[y == k, 0]) for k, name in enumerate(task.classes)}


def test_folders_are_classes_and_every_image_is_used_once(tmp_path):
    task = tasks.load(faces(tmp_path / "faces", {"ben": 10, "anna": 20}))
    assert (task.name, task.classes, task.form, task.image_shape) == ("faces", ("anna", "ben"), "images", (4, 3))
    assert intensities(task) == {"anna": list(range(1, 21)), "ben": list(range(1, 11))}
    assert np.bincount(task.test_y).tolist() == [4, 2] and task.train_x.shape == (24, 12)
    again, other = tasks.load(tmp_path / "faces"), tasks.load(tmp_path / "faces", seed=1)
    assert tasks.fingerprint(again) == tasks.fingerprint(task) != tasks.fingerprint(other)
    assert len(set(task.train_y[:12])) == 2  # no class comes first
    half = tasks.load(tmp_path / "faces", test=0.5)
    assert np.bincount(half.test_y).tolist() == [10, 5]


def test_train_and_test_are_as_they_are_named(tmp_path):
    faces(tmp_path / "train", {"anna": 5, "ben": 5})
    faces(tmp_path / "test", {"ben": 3, "anna": 2})
    task = tasks.load(tmp_path)
    assert (len(task.train_x), len(task.test_x), task.held_out) == (10, 5, "test")
    assert np.bincount(task.test_y).tolist() == [2, 3] and len(set(task.train_y[:6])) == 2
    held = tasks.load(tmp_path, validation=True)
    assert (len(held.train_x), len(held.test_x), held.held_out) == (8, 2, "validation")


@pytest.mark.parametrize("ending", ["png", "PNG", "bmp", "gif", "pgm", "webp", "jpg", "jpeg"])
def test_formats(ending, tmp_path):
    lossless = {"lossless": True} if ending == "webp" else {}
    values = read_picture(picture(tmp_path / f"a.{ending}", grey(102), **lossless))
    assert values.dtype == np.float32 and np.abs(values - 0.4).max() < 0.02
    assert values.shape == (4, 3)


def test_depth_colour_transparency_and_turns(tmp_path):
    deep = picture(tmp_path / "deep.png", np.array([[0, 6553], [32768, 65535]], np.uint16))
    assert read_picture(deep).ravel() == pytest.approx([0, 0.1, 0.5, 1], abs=1e-4)
    assert read_picture(deep, colour=True).shape == (2, 2, 3) and read_picture(deep, (3, 5)).shape == (3, 5)
    rgb = picture(tmp_path / "rgb.png", COLOURS)
    np.testing.assert_array_equal(read_picture(rgb), COLOURS / np.float32(255))
    assert read_picture(rgb, colour=False).ravel() == pytest.approx([0.299, 0.587, 0.114, 0.2], abs=0.003)
    seen = np.concatenate([COLOURS, np.array([[[0], [255]], [[128], [255]]], np.uint8)], -1)
    half = read_picture(picture(tmp_path / "alpha.png", seen))
    assert half[0, 0].tolist() == [0, 0, 0] and half[1, 0] == pytest.approx([0, 0, 0.5], abs=0.01)
    assert half[0, 1].tolist() == [0, 1, 0]
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    turned = picture(tmp_path / "turned.png", np.array([[0, 51, 255]], np.uint8), exif=exif)
    assert read_picture(turned).ravel() == pytest.approx([0, 0.2, 1]) and read_picture(turned).shape == (3, 1)
    black_white = tmp_path / "bw.png"
    Image.fromarray(np.array([[True, False]])).save(black_white)
    assert read_picture(black_white).tolist() == [[1, 0]]


def test_one_image_in_colour_makes_all_of_them(tmp_path):
    faces(tmp_path)
    picture(tmp_path / "ben" / "z.png", np.full((4, 3, 3), (255, 0, 0), np.uint8))
    task = tasks.load(tmp_path)
    assert task.image_shape == (4, 3, 3) and task.train_x.shape[1] == 36
    assert tasks.load(tmp_path, colour=False).image_shape == (4, 3)
    faces(tmp_path / "grey")
    assert tasks.load(tmp_path / "grey", colour=True).image_shape == (4, 3, 3)


def test_sizes(tmp_path):
    faces(tmp_path)
    picture(tmp_path / "ben" / "z.png", grey(9, 7, 5))
    with pytest.raises(DataError, match=r"z\.png has 7x5 pixels and .*0\.png 4x3; .* one size with size=\(4, 3\)"):
        tasks.load(tmp_path)
    assert tasks.load(tmp_path, size=6).image_shape == (6, 6)
    task = tasks.load(f"{tmp_path}(size=(2, 5))")
    assert task.image_shape == (2, 5) and intensities(task)["ben"] == [1, 2, 3, 4, 9]
    assert tasks.fingerprint(tasks.load(tasks.describe(task))) == tasks.fingerprint(task)
    for wrong in (0, "big", (3,), 2.5, (3, -1), True):
        with pytest.raises(PlasticityError, match="size must be"):
            tasks.load(tmp_path, size=wrong)


def test_other_files_are_ignored_with_one_warning(tmp_path):
    faces(tmp_path)
    for name in (".DS_Store", "README.txt", "anna/.hidden.png", "anna/notes.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "anna" / "older").mkdir()
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / "ben" / "pipe.png")
    with pytest.warns(DataWarning, match="7 hidden or other entries are ignored") as told:
        task = tasks.load(tmp_path)
    assert len(told) == 1 and len(task.train_x) + len(task.test_x) == 10
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tasks.load(faces(tmp_path / "clean"))


def write(path: Path, content: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize(("change", "message"), [
    (lambda root: (root / "cleo").mkdir(), "cleo holds no images .*add some or remove the folder"),
    (lambda root: write(root / "cleo" / "a.txt"), "cleo holds no images"),
    (lambda root: write(root / "ben" / "a.png"), r"a\.png cannot be read as an image.*replace or remove it"),
    (lambda root: write(root / "ben" / "a.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n"), r"a\.jpg cannot be read as an image"),
    (lambda root: write(root / "ben" / "a.png", (root / "ben" / "0.png").read_bytes()[:45]), r"a\.png cannot be read"),
    (lambda root: (root / "ben" / "x.png").symlink_to(root.parent / "secret.png"), r"x\.png .* leads out of"),
    (lambda root: (root / "cleo").symlink_to(root.parent), "cleo is a link that leads out of"),
    (lambda root: (root / "ben" / "x.png").symlink_to(root / "no.png"), r"x\.png leads nowhere"),
    (lambda root: (root / "ben" / "x.png").symlink_to(root / "ben" / "x.png"), r"x\.png leads nowhere"),
    (lambda root: [faces(root / part) for part in ("train", "test")], "holds train/ and test/ beside anna/; move all")])
def test_unfit_folders_are_refused_by_name(change, message, tmp_path):
    root = faces(tmp_path / "faces")
    picture(tmp_path / "secret.png", grey(7))
    change(root)
    with pytest.raises(DataError, match=message):
        tasks.load(root)


@pytest.mark.parametrize(("counts", "message"), [
    ({"anna": 3}, "holds 1 folders of images; it needs one for each of two classes"), ({}, "holds 0 folders"),
    ({"anna": 3, "ben": 1}, "of class 'ben' there is a single sample"),
    ({"train/anna": 2, "train/ben": 2, "test/anna": 1}, "test holds 1 folders"),
    ({"train/anna": 2, "train/ben": 2, "test/anna": 1, "test/cleo": 1}, "y_test holds the label 'cleo'")])
def test_too_few_classes_or_images_are_refused(counts, message, tmp_path):
    root = tmp_path / "faces"
    root.mkdir()
    for name, count in counts.items():
        for k in range(count):
            picture(root / name / f"{k}.png", grey(k))
    with pytest.raises(DataError, match=message):
        tasks.load(root)


def test_links_within_the_folder_are_followed(tmp_path):
    root = faces(tmp_path / "faces")
    (root / "ben" / "x.png").symlink_to(root / "anna" / "5.png")
    (tmp_path / "link").symlink_to(root)
    assert intensities(tasks.load(tmp_path / "link"))["ben"] == [1, 2, 3, 4, 6]


def test_images_are_bounded_in_pixels_and_bytes(tmp_path, monkeypatch):
    root = faces(tmp_path / "faces")
    with pytest.raises(DataError, match=r"holds 1 MB, more than the 0\.000244141 MB.*limit_mb="):
        tasks.load(root, limit_mb=2**-12)
    with pytest.raises(DataError, match="more than the 2,048 MB"):
        tasks.load(root, size=10**6)
    write(tmp_path / "bomb.pgm", b"P5 8000 5000 255 ")
    with pytest.raises(DataError, match=r"bomb\.pgm has more than the 33,554,432 pixels"):
        read_picture(tmp_path / "bomb.pgm")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 200)
    assert read_picture(picture(tmp_path / "fits.png", grey(1, 20, 10))).shape == (20, 10)
    for height in (21, 100):  # a warning of Pillow's, and its error
        with pytest.raises(DataError, match=r"large\.png has more than the 200 pixels.*make it smaller"):
            read_picture(picture(tmp_path / "large.png", grey(1, height, 10)))


@FUZZ
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4),
       length=st.floats(0.1, 1), ending=st.sampled_from(["png", "jpg", "gif", "bmp", "pgm", "webp"]))
def test_altered_images_load_or_are_refused(tmp_path, flips, length, ending):
    path = picture(tmp_path / f"altered.{ending}", np.arange(48, dtype=np.uint8).reshape(6, 8))
    content = bytearray(path.read_bytes())
    for where, bits in flips:
        content[int(where * len(content))] ^= bits
    path.write_bytes(content[:int(length * len(content))] if length < 0.9 else content)
    try:
        values = read_picture(path)
        assert values.dtype == np.float32 and values.min() >= 0 and values.max() <= 1 and values.ndim in (2, 3)
    except DataError as error:
        assert path.name in str(error)


def test_new_samples_take_the_form_of_a_task(tmp_path):
    task = tasks.load(faces(tmp_path / "faces"))
    for like in (task, tasks.describe(task)):
        new = tasks.samples(tmp_path / "faces" / "anna", like)
        assert new.names == tuple(f"{k}.png" for k in range(6)) and new.x.shape == (6, 12)
        assert new.x[:, 0] == pytest.approx(np.arange(1, 7) / 255)
        one = tasks.samples(str(picture(tmp_path / "new.png", grey(9, 8, 8))), like)
        assert one.x == pytest.approx(np.full((1, 12), 9 / 255)) and one.names == ("new.png",)
        for shape in ((2, 4, 3), (2, 12), (2, 4, 3, 1)):
            arrays = tasks.samples(np.full(shape, 51), like)
            assert arrays.x == pytest.approx(np.full((2, 12), 0.2)) and arrays.names == ("0", "1")


def test_new_samples_are_scaled_as_the_training_part_was(tmp_path):
    x, y = table()
    task = tasks.load((x * 9, y, x[:5] * 9, y[:5]), scale="unit")
    path = save(tmp_path / "new.npz", x=x[:5] * 9)
    for like in (task, tasks.describe(task)):
        np.testing.assert_array_equal(tasks.samples(path, like).x, task.test_x)


@pytest.mark.parametrize(("data", "message"), [
    (np.zeros((2, 5)), r"x has shape \(2, 5\).*have shape \(4, 3\), so give \[samples, 4, 3\]"),
    (np.full((2, 12), np.nan), "x holds NaN"), (np.full((2, 12), 1.5), "x goes from 1.5"),
    (np.zeros((0, 12)), "holds nothing"), ("nowhere", "nowhere is neither"), ("x.npz", "no array called 'x'")])
def test_samples_that_do_not_fit_are_refused(data, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zipped(tmp_path / "x.npz", {})
    task = tasks.load(faces(tmp_path / "faces"))
    with pytest.raises(DataError, match=message):
        tasks.samples(data, task)
    with pytest.raises(DataError, match=r"holds images, and the task is one of table; give an \.npz"):
        tasks.samples(tmp_path / "faces" / "ben", tasks.load(table()))
