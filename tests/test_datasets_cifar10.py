"""CIFAR-10: records of bytes, files of JPEG, and pictures in colour on their way to a network."""

import hashlib
import io
import os
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.own_data import faces, picture

from plasticity import Learner, cli
from plasticity.comparison.nouns import in_maps, shaped
from plasticity.datasets import cifar10, tasks
from plasticity.datasets.cifar10 import BATCHES, CIFAR10, CIFAR10_JPEG, CLASSES, TEST_BATCH
from plasticity.datasets.description import Form, Source
from plasticity.datasets.listing import listing
from plasticity.datasets.loading import load_description
from plasticity.errors import DataError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (12, 32, 32, 3)).astype(np.uint8)
LABELS = np.arange(12) % 10
DATA = Path(os.environ.get("PLASTICITY_DATA", ""))


def record(k: int) -> bytes:
    """A label, then all red values row by row, all green ones, all blue ones."""
    return bytes([LABELS[k]]) + b"".join(PIXELS[k, :, :, colour].tobytes() for colour in range(3))


def batches() -> dict[str, bytes]:
    """Two training pictures in each batch, two test pictures."""
    return {name: record(2 * k) + record(2 * k + 1) for k, name in enumerate((*BATCHES, TEST_BATCH))}


def packed(path: Path, files: dict[str, bytes], folder="cifar-10-batches-bin/") -> Path:
    with tarfile.open(path, "w:gz") as made:
        for name, content in files.items():
            about = tarfile.TarInfo(folder + name)
            about.size = len(content)
            made.addfile(about, io.BytesIO(content))
    return path


def jpegs() -> dict[str, bytes]:
    """One colour each: train/CLASS/0000 and 0001 of two classes, one test picture of each."""
    files = {}
    for part, numbers in (("train", 2), ("test", 1)):
        for kind, label in (("cat", 3), ("airplane", 0)):
            for number in range(numbers):
                out = io.BytesIO()
                colour = (20 * label + 10, 100 + 50 * number, 200)
                Image.fromarray(np.full((32, 32, 3), colour, np.uint8)).save(out, "JPEG", quality=75)
                files[f"{part}/{kind}/{number:04d}.jpg"] = out.getvalue()
    return files


def here(description, path, read, monkeypatch, **sizes):
    """The description with a small file in place of the official one."""
    source = Source(path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), size=path.stat().st_size)
    monkeypatch.setenv("PLASTICITY_DATA", str(path.parent))
    return replace(description, forms=(Form((source,), read),), **sizes)


def test_each_byte_is_where_it_belongs(tmp_path, monkeypatch):
    files = {**batches(), "batches.meta.txt": b"airplane\n", "readme.html": b""}
    path = packed(tmp_path / "cifar-10-binary.tar.gz", files)
    data = load_description(here(CIFAR10, path, cifar10.read_binary, monkeypatch, train=10, test=2))
    np.testing.assert_array_equal(np.rint(data.train_x * 255), PIXELS[:10])
    np.testing.assert_array_equal(np.rint(data.test_x * 255), PIXELS[10:])
    assert data.train_y.tolist() == list(range(10)) and data.test_y.tolist() == [0, 1]
    assert data.train_x.shape == (10, 32, 32, 3) and data.train_x.dtype == np.float32 and data.pixels == 3072


def test_pictures_of_jpeg_take_turns(tmp_path, monkeypatch):
    path = packed(tmp_path / "cifar10-jpeg.tar.gz", jpegs(), "cifar10-jpeg/")
    data = load_description(here(CIFAR10_JPEG, path, cifar10.read_jpeg, monkeypatch, train=4, test=2))
    assert data.train_y.tolist() == [0, 3, 0, 3] and data.test_y.tolist() == [0, 3]
    np.testing.assert_allclose(data.train_x.mean((1, 2)) * 255, [
        (10, 100, 200), (70, 100, 200), (10, 150, 200), (70, 150, 200)], atol=5)


def without(files, name):
    return {other: content for other, content in files.items() if other != name}


@pytest.mark.parametrize(("files", "message"), [
    (without(batches(), TEST_BATCH), "test_batch.bin is missing"), (without(batches(), BATCHES[2]), "data_batch_3"),
    ({**batches(), "data_batch_6.bin": record(0)}, "data_batch_6.bin is not of it"),
    ({**batches(), BATCHES[0]: record(0)[:-1]}, "truncated"), ({**batches(), TEST_BATCH: b""}, "truncated"),
    ({**batches(), BATCHES[1]: b"\x0a" + record(0)[1:]}, "label 10"),
    ({"data_batch_1": pickle.dumps({b"data": PIXELS.reshape(12, -1)})}, "not the binary version")])
def test_other_archives_are_refused(files, message, tmp_path):
    with pytest.raises(DataError, match=message):
        cifar10.read_binary([packed(tmp_path / "a.tar.gz", files)])


@pytest.mark.parametrize(("files", "message"), [
    ({"train/lion/0000.jpg": b"x"}, "train/lion/0000.jpg, of no class"), (without({}, ""), "holds no pictures train"),
    ({"train/cat/0000.jpg": b"x"}, "0000.jpg cannot be read as an image"),
    (jpegs() | {"test/./cat/0000.jpg": b"", "x/../train/cat/0001.jpg": b""}, None)])
def test_other_pictures_are_refused(files, message, tmp_path):
    path = packed(tmp_path / "a.tar.gz", files, "cifar10-jpeg/")
    if message is None:  # names that lead elsewhere are no pictures of it
        assert len(cifar10.read_jpeg([path])[0]) == 4
        return
    with pytest.raises(DataError, match=message):
        cifar10.read_jpeg([path])


def test_small_and_repeated_pictures_are_refused(tmp_path):
    out = io.BytesIO()
    Image.fromarray(np.zeros((31, 32, 3), np.uint8)).save(out, "JPEG")
    with pytest.raises(DataError, match=r"0000\.jpg has shape \(31, 32, 3\)"):
        cifar10.read_jpeg([packed(tmp_path / "a.tar.gz", {"train/cat/0000.jpg": out.getvalue()}, "")])
    twice = {"./train/cat/0000.jpg": jpegs()["train/cat/0000.jpg"], "train/cat/0000.jpg": b""}
    with pytest.raises(DataError, match="or twice"):
        cifar10.read_jpeg([packed(tmp_path / "b.tar.gz", twice, "")])


def test_altered_files_are_refused(tmp_path, monkeypatch):
    path = packed(tmp_path / "cifar-10-binary.tar.gz", batches())
    description = here(CIFAR10, path, cifar10.read_binary, monkeypatch, train=10, test=2)
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(DataError, match="altered"):
        load_description(description)
    path.write_bytes(content[:-50])
    with pytest.raises(DataError, match="truncated"):
        load_description(description)
    with pytest.raises(DataError, match="not a complete tar archive"):
        cifar10.read_binary([path])


def test_nothing_is_unpickled():
    source = Path(cifar10.__file__).read_text()
    assert "import pickle" not in source and all("python" not in each.filename for each in CIFAR10.sources)
    assert CIFAR10.forms[0].can_be_downloaded and not CIFAR10_JPEG.forms[0].can_be_downloaded


def test_every_listing_says_which_pixels_they_are(capsys):
    told = {entry["name"]: entry["summary"] for entry in listing()}
    assert "not the original pixels" in told["cifar10_jpeg"] and told["cifar10"].endswith("32x32 in colour")
    with pytest.raises(SystemExit, match="0"):
        cli.main(["list", "datasets"])
    assert "not the original pixels" in " ".join(capsys.readouterr().out.split())


# ------------------------------------------------------------------ pictures in colour, whoever's they are


def coloured(folder: Path) -> Path:
    """Red squares are apples, blue ones are plums, at random places of 8x8 pixels."""
    for kind, colour in (("apple", 0), ("plum", 2)):
        for k in range(10):
            values = np.zeros((8, 8, 3), np.uint8)
            y, x = np.random.default_rng([colour, k]).integers(0, 5, 2)
            values[y:y + 3, x:x + 3, colour] = 255
            picture(folder / kind / f"{k}.png", values)
    return folder


def test_colours_are_maps(tmp_path):
    task = tasks.load(coloured(tmp_path / "fruit"))
    assert task.image_shape == (8, 8, 3)
    x = shaped(task, task.train_x)
    assert x.shape == (16, 3, 8, 8)
    rows = task.train_x.reshape(-1, 8, 8, 3)
    for colour in range(3):
        np.testing.assert_array_equal(x[:, colour], rows[..., colour])
    grey = tasks.load(faces(tmp_path / "faces"))
    assert shaped(grey, grey.train_x).shape[1:] == grey.image_shape
    assert in_maps(task.train_x, "table", (192,)) is task.train_x


@pytest.mark.parametrize(("rule", "network"), [("bptt", "csnn(4, size=3, outputs=2)"), ("cnn(channels=(4,))", None)])
def test_convolutions_learn_colours(rule, network, tmp_path):
    """One output of maps of red, green and blue; a network that took rows for colours would see other windows."""
    task = tasks.load(coloured(tmp_path / "fruit"))
    x, held = shaped(task, task.train_x), shaped(task, task.test_x)
    more = {} if network is None else {"encoder": "current(steps=8)", "epochs": 8}
    learner = Learner(network, rule=rule, **more).fit(x, task.train_y)
    if network is not None:
        assert learner.network_.projections[0].window.shape == (3, 8, 8)
    assert learner.score(held, task.test_y) == 1


def test_a_run_is_asked_about_pictures_in_colour(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    coloured(tmp_path / "fruit")
    asked = ["run", "fruit", "--rule", "bptt", "--network", "csnn(4, size=3, outputs=2)", "--encoder",
             "current(steps=8)", "--epochs", "15", "--out", "run"]
    assert cli.run(asked) == 0
    capsys.readouterr()
    assert cli.run(["predict", "run", "fruit/plum"]) == 0
    assert capsys.readouterr().out.count("plum") >= 10


@pytest.mark.skipif(not (DATA / "cifar10-jpeg.tar.gz").is_file(), reason="no cifar10-jpeg.tar.gz in $PLASTICITY_DATA")
def test_real_pictures_are_near_the_original_ones():
    """Some of the first original pictures are at hand without loss; they are found again in the archive of JPEG."""
    content = next(content for *named, content in cifar10._pictures(DATA / "cifar10-jpeg.tar.gz")
                   if named == ["train", "frog", "0000"])
    shown = cifar10._picture(DATA, content)
    assert shown.shape == (32, 32, 3)
    lossless = DATA / "cifar10-lossless-4000"
    if not lossless.is_dir():
        pytest.skip("no cifar10-lossless-4000 in $PLASTICITY_DATA")
    rows = np.asarray(Image.open(lossless / "cifar10_batch_0.png")).reshape(-1, 32, 32, 3).astype(float)
    distance = np.sqrt(((rows - shown) ** 2).mean((1, 2, 3)))
    nearest, labels = distance.argmin(), np.loadtxt(lossless / "labels_0_3999.txt", int)
    assert distance[nearest] < 15 and CLASSES[labels[nearest]] == "frog"  # 30 dB are 8
