"""Data sets: where files are looked for, what is refused, and that the real ones are what they say."""

import bz2
import gzip
import hashlib
import http.server
import os
import pickle
import struct
import subprocess
import sys
import threading
from dataclasses import replace

import h5py
import numpy as np
import pytest

from plasticity.datasets import DataSet, Form, Source, catalogue, check_images, load, validation_split
from plasticity.datasets.digits import held_out
from plasticity.datasets.download import download
from plasticity.datasets.idx import read_idx
from plasticity.datasets.loading import load_description
from plasticity.datasets.mnist import idx_sources, read_four
from plasticity.datasets.usps import read_h5, read_text
from plasticity.errors import DataError, PlasticityError

real = pytest.mark.skipif(not os.environ.get("PLASTICITY_DATA"), reason="$PLASTICITY_DATA is not set")
NAMES = ("train-images.gz", "train-labels.gz", "test-images.gz", "test-labels.gz")


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)


def arrays() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    return (rng.integers(0, 256, (9, 4, 3)), rng.integers(0, 3, 9), rng.integers(0, 256, (5, 4, 3)),
            rng.integers(0, 3, 5))


def content() -> dict[str, bytes]:
    """A small data set in MNIST's format: file name -> bytes."""
    return {name: idx(array) for name, array in zip(NAMES, arrays(), strict=True)}


def describe(files: dict[str, bytes], *hosts: str, **changes) -> DataSet:
    facts = [(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()]
    form = Form(idx_sources(hosts, facts), read_four)
    return replace(DataSet(name="tiny", title="Tiny", licence="none", citation="Nobody 1900", homepage="nowhere",
                           classes=("a", "b", "c"), shape=(4, 3), train=9, test=5, forms=(form,), folders=("small",)),
                   **changes)


def write(folder, files: dict[str, bytes]) -> str:
    """Puts files into a folder; answers its file:// address."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder.as_uri() + "/"


@pytest.fixture(autouse=True)
def places(request, tmp_path, monkeypatch):
    """A cache of the test's own, and no $PLASTICITY_DATA but for the tests on real data."""
    monkeypatch.setenv("PLASTICITY_CACHE", str(tmp_path / "cache"))
    if not request.node.get_closest_marker("mnist"):
        monkeypatch.delenv("PLASTICITY_DATA", raising=False)


def leftovers(tmp_path) -> list[str]:
    return [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def assert_tiny(data) -> None:
    train_x, train_y, test_x, test_y = arrays()
    assert data.train_x.dtype == np.float32 and data.train_y.dtype == np.int64 and data.n_classes == 3
    assert data.train_x == pytest.approx(train_x / 255) and data.test_x == pytest.approx(test_x / 255)
    assert np.array_equal(data.train_y, train_y) and np.array_equal(data.test_y, test_y)


def test_download_from_an_address_then_from_the_cache(tmp_path, capfd):
    description = describe(content(), write(tmp_path / "host", content()))
    assert_tiny(load_description(description))
    output = capfd.readouterr()
    assert output.out == "" and "train-images.gz" in output.err
    assert sorted(leftovers(tmp_path)) == sorted(NAMES)
    for name in NAMES:
        (tmp_path / "host" / name).unlink()
    assert_tiny(load_description(description))


@pytest.mark.parametrize("folder", ["tiny", "small", "."])
def test_the_data_folder_comes_first(tmp_path, monkeypatch, folder):
    write(tmp_path / "mine" / folder, content())
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path / "mine"))
    assert_tiny(load_description(describe(content(), "http://127.0.0.1:9/")))
    assert leftovers(tmp_path) == []


def test_the_cache_follows_xdg(tmp_path, monkeypatch):
    monkeypatch.delenv("PLASTICITY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    load_description(describe(content(), write(tmp_path / "host", content())))
    assert (tmp_path / "xdg" / "plasticity" / "data" / "tiny" / NAMES[0]).is_file()


def test_a_data_folder_that_is_not_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match="which is not a folder"):
        load_description(describe(content()))


@pytest.mark.parametrize("damage, message", [
    (lambda data: data[:-20], "is truncated"),
    (lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:], "is altered"),
])
def test_a_damaged_file_is_named(tmp_path, monkeypatch, damage, message):
    files = content()
    write(tmp_path / "mine" / "tiny", {**files, NAMES[2]: damage(files[NAMES[2]])})
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path / "mine"))
    with pytest.raises(DataError, match=f"{NAMES[2]} {message}"):
        load_description(describe(files, write(tmp_path / "host", files)))


@pytest.mark.parametrize("damage, message", [
    (lambda data: data[:-20], "is truncated"),
    (lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:], "is altered"),
    (lambda data: data + b"x" * 100_000, "is longer than"),
])
def test_a_damaged_download_leaves_nothing(tmp_path, damage, message):
    files = content()
    host = write(tmp_path / "host", {**files, NAMES[0]: damage(files[NAMES[0]])})
    with pytest.raises(DataError, match=message):
        load_description(describe(files, host))
    assert leftovers(tmp_path) == []


def test_the_next_address_is_tried(tmp_path):
    bad = write(tmp_path / "bad", {**content(), NAMES[1]: b"not it"})
    assert_tiny(load_description(describe(content(), bad, write(tmp_path / "good", content()))))


def test_offline_says_what_to_do(tmp_path):
    with pytest.raises(DataError) as caught:
        load_description(describe(content(), "http://127.0.0.1:9/"))
    message = str(caught.value)
    assert "\n" not in message and "cannot download" in message
    assert "$PLASTICITY_DATA/tiny/" in message and "Nobody 1900" in message
    assert leftovers(tmp_path) == []


def test_without_an_address_the_message_says_where_to_get_it():
    with pytest.raises(DataError, match=r"without an official address; .*ask the author; Nobody"):
        load_description(describe(content(), by_hand="ask the author"))


class _Handler(http.server.BaseHTTPRequestHandler):
    """Announces 1,000 bytes at every address but sends 10; /missing is not there; /hang never answers."""

    def do_GET(self):
        if self.path == "/hang":
            self.server.release.wait(10)
            return
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"0123456789")

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as running:
        running.release = threading.Event()
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.release.set()
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("path, message", [("/cut", "truncated|cannot download"), ("/missing", "Not Found"),
                                           ("/hang", "timed out")])
def test_http_failures(server, tmp_path, path, message):
    source = Source("file.bin", sha256="0" * 64, size=1000)
    with pytest.raises(DataError, match=message):
        download(server + path, source, tmp_path / "cache", timeout=0.5)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "data:,hello", "/etc/hostname"])
def test_other_schemes_are_not_read(tmp_path, url):
    with pytest.raises(DataError, match="only https, http, file"):
        download(url, Source("x", sha256="0" * 64), tmp_path)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", "..", "", "..\\x"])
def test_a_source_cannot_leave_its_folder(name):
    with pytest.raises(PlasticityError, match="plain name without folders"):
        Source(name, sha256="0" * 64)


def test_a_source_needs_a_checksum():
    with pytest.raises(PlasticityError, match="needs a checksum"):
        Source("x")


@pytest.mark.parametrize("data, message", [
    (b"plain text", "not a complete gzip file"),
    (idx(np.zeros((3, 2, 2)))[:-9], "not a complete gzip file"),
    (gzip.compress(b"\x89PNG" + bytes(30)), "not an IDX file .it starts with 89 50 4e 47"),
    (gzip.compress(b"\0\0\x08"), "not an IDX file"),
    (idx(np.zeros(3)), "not an IDX file|in 1 dimensions"),
    (idx(np.zeros((3, 2, 2, 2))), "in 4 dimensions, expected type 0x08"),
    (gzip.compress(b"\0\0\x0d\x03" + struct.pack(">3I", 1, 1, 1) + bytes(4)), "type 0x0d"),
    (gzip.compress(b"\0\0\x08\x03" + struct.pack(">3I", 3, 2, 2) + bytes(11)), "fewer values than the 12"),
    (gzip.compress(b"\0\0\x08\x03" + struct.pack(">3I", 3, 2, 2) + bytes(13)), "more values than the 12"),
    (gzip.compress(b"\0\0\x08\x03" + b"\xff" * 12), "announces"),
    (pickle.dumps(np.zeros(3)), "not a complete gzip file"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_idx_refuses(tmp_path, data, message):
    (tmp_path / "x.gz").write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_idx(tmp_path / "x.gz", 3)


@pytest.mark.parametrize("changes, message", [
    ({"train": 10}, r"train images have shape \(9, 4, 3\), expected \(10, 4, 3\)"),
    ({"shape": (3, 4)}, "expected"),
    ({"classes": ("a", "b")}, r"labels of train images of tiny must lie within 0\.\.1, got 0\.\.2"),
])
def test_files_must_hold_what_the_description_says(tmp_path, changes, message):
    host = write(tmp_path / "host", content())
    with pytest.raises(DataError, match=message):
        load_description(describe(content(), host, **changes))


def fake_usps() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    return (rng.integers(0, 2001, (6, 256)) / 2000, np.arange(6) % 10, rng.integers(0, 2001, (3, 256)) / 2000,
            np.array([9, 0, 4]))


def test_usps_reads_alike_in_both_forms(tmp_path):
    train_x, train_y, test_x, test_y = fake_usps()
    with h5py.File(tmp_path / "usps.h5", "w") as file:
        for part, x, y in (("train", train_x, train_y), ("test", test_x, test_y)):
            file[f"{part}/data"], file[f"{part}/target"] = x.astype(np.float32), y
    for name, x, y in (("usps.bz2", train_x, train_y), ("usps.t.bz2", test_x, test_y)):
        lines = [" ".join([str(label + 1), *(f"{i + 1}:{2 * v - 1:.6g}" for i, v in enumerate(row) if v != 0.5)])
                 for row, label in zip(x, y, strict=True)]
        (tmp_path / name).write_bytes(bz2.compress("\n".join(lines).encode()))
    by_h5, by_text = read_h5([tmp_path / "usps.h5"]), read_text([tmp_path / "usps.bz2", tmp_path / "usps.t.bz2"])
    for a, b, expected in zip(by_h5, by_text, fake_usps(), strict=True):
        assert a.reshape(expected.shape) == pytest.approx(expected, abs=1e-6)
        assert b.reshape(expected.shape) == pytest.approx(expected, abs=1e-6)
    assert by_h5[0].shape == (6, 16, 16)


def test_usps_refuses(tmp_path):
    (tmp_path / "x").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="not the HDF5 file"):
        read_h5([tmp_path / "x"])
    with pytest.raises(DataError, match="not a complete bzip2 file"):
        read_text([tmp_path / "x", tmp_path / "x"])
    (tmp_path / "y").write_bytes(bz2.compress(b"1 300:0.5\n"))
    with pytest.raises(DataError, match="not a LIBSVM file"):
        read_text([tmp_path / "y", tmp_path / "y"])
    with h5py.File(tmp_path / "z.h5", "w") as file:
        file["other"] = np.zeros(3)
    with pytest.raises(DataError, match="not the HDF5 file"):
        read_h5([tmp_path / "z.h5"])


def test_digits_are_real_and_split_for_good():
    data = load("digits")
    assert data.train_x.shape == (1201, 8, 8) and data.test_x.shape == (596, 8, 8) and data.pixels == 64
    assert data.train_x.min() == 0 and data.train_x.max() == 1
    train, test = np.bincount(data.train_y), np.bincount(data.test_y)
    assert np.abs(test / (train + test) - 1 / 3).max() < 0.01
    together = np.concatenate([data.train_x, data.test_x]).reshape(1797, 64)
    assert np.unique(together, axis=0).shape[0] == 1797  # no image on both sides
    assert hashlib.sha256(data.test_y.tobytes()).hexdigest() == hashlib.sha256(load("digits").test_y).hexdigest()


def test_held_out_by_hand():
    assert held_out(np.array([5, 7, 5, 5, 7, 7, 5, 5, 5])).tolist() == [0, 0, 0, 1, 0, 1, 0, 0, 1]


def test_train_samples_and_validation_split():
    data = load("digits", train_samples=100)
    assert len(data.train_x) == len(data.train_y) == 100 and len(data.test_x) == 596
    assert np.array_equal(data.train_x, load("digits").train_x[:100])
    tuning = validation_split(data, last=30)
    assert len(tuning.train_x) == 70 and np.array_equal(tuning.test_x, data.train_x[70:])
    assert np.array_equal(tuning.test_y, data.train_y[70:])
    for wrong in (0, 1202, -1):
        with pytest.raises(PlasticityError, match="train_samples must be between 1 and 1201"):
            load("digits", train_samples=wrong)
    with pytest.raises(PlasticityError, match="last must be between 1 and 99"):
        validation_split(data, last=100)


def test_unknown_names_get_the_nearest_match():
    with pytest.raises(PlasticityError, match="unknown data set 'fashion-mnists'; did you mean 'fashion_mnist'"):
        load("fashion-mnists")


@pytest.mark.parametrize("description", catalogue.values(), ids=list(catalogue))
def test_descriptions_are_complete(description):
    assert catalogue[description.name] is description
    for text in (description.title, description.licence, description.citation, description.homepage):
        assert text
    for source in description.sources:
        assert len(source.checksum) == {"sha256": 64, "md5": 32}[source.algorithm]
        assert all(url.endswith("/" + source.filename) for url in source.urls)
    assert any(form.can_be_downloaded for form in description.forms) or description.by_hand


@pytest.mark.mnist
@real
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_real_idx_files(name):
    data = load(name, train_samples=20_000)
    assert data.train_x.shape == (20_000, 28, 28) and data.test_x.shape == (10_000, 28, 28)
    assert data.train_x.max() == 1.0 and data.train_x.min() == 0.0
    first = {"mnist": [5, 0, 4, 1, 9], "fashion_mnist": [9, 0, 0, 3, 0]}[name]
    assert data.train_y[:5].tolist() == first
    mean = {"mnist": 0.1325, "fashion_mnist": 0.2868}[name]  # of the test images; both are well known
    assert data.test_x.mean() == pytest.approx(mean, abs=2e-4)


@pytest.mark.mnist
@real
def test_real_usps():
    data = load("usps")
    assert np.bincount(data.train_y).tolist() == [1194, 1005, 731, 658, 652, 556, 664, 645, 542, 644]
    assert np.bincount(data.test_y).tolist() == [359, 264, 198, 166, 200, 160, 170, 147, 166, 177]


def test_check_images_accepts():
    x = np.array([[[0, 255], [51, 102]]], np.uint8)
    intensities, labels = check_images(x, [2], n_classes=3)
    assert intensities.dtype == np.float32 and intensities == pytest.approx(x / 255)
    assert labels.dtype == np.int64 and labels.tolist() == [2]
    flat, none = check_images(np.array([[0.0, 1.0, 0.5]]))
    assert flat.tolist() == [[0.0, 1.0, 0.5]] and none is None
    assert check_images(np.ones((2, 2), bool))[0].tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("x, y, message", [
    (np.zeros(4), None, r"digits must have shape \[n, height, width\]"),
    (np.zeros((0, 2, 2)), None, "not be empty"),
    (np.array([["a"]]), None, "must hold numbers"),
    (np.full((1, 2), np.nan), None, "hold NaN or infinity"),
    (np.full((1, 2), -0.1), None, "lie within"),
    (np.full((1, 2), 16), None, r"must be uint8 \(0\.\.255\) or lie within \[0, 1\], got int64 16\.\.16; scale"),
    (np.zeros((2, 2)), [0, 3], r"labels of digits must lie within 0\.\.2, got 0\.\.3"),
    (np.zeros((2, 2)), [0, -1], r"must lie within 0\.\.2, got -1\.\.0"),
    (np.zeros((2, 2)), [0], r"must have shape \(2,\), one per image, got \(1,\)"),
    (np.zeros((2, 2)), [0.0, 1.5], "must be whole numbers"),
])
def test_check_images_refuses(x, y, message):
    with pytest.raises(DataError, match=message):
        check_images(x, y, n_classes=3, name="digits")


def test_importing_the_data_sets_is_quick():
    code = ("import sys, plasticity.datasets; "
            "sys.exit(any(m in sys.modules for m in ('sklearn', 'h5py', 'rich', 'urllib.request')))")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
