"""Tasks from .npz files: what is refused, and that no bytes in them do harm."""

import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.own_data import header, npy, save, sequences, table, zipped

from plasticity.datasets import tasks
from plasticity.errors import DataError, PlasticityError

X, Y = table()
SPIKES, STEPS = sequences()
FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_an_npz_file_is_the_same_as_its_arrays(tmp_path):
    weight = np.ones((10, 5))
    arrays = {"x": SPIKES, "y": STEPS, "x_test": SPIKES[:3], "y_test": STEPS[:3], "weight": weight,
              "weight_test": weight[:3]}
    kept, packed = save(tmp_path / "a.npz", **arrays), tmp_path / "b.npz"
    np.savez_compressed(packed, **{name: np.asfortranarray(each) for name, each in arrays.items()})
    direct = tasks.load((SPIKES, STEPS, SPIKES[:3], STEPS[:3]), weight=weight, weight_test=weight[:3])
    for path in (kept, packed):
        task = tasks.load(path)
        assert tasks.fingerprint(task) == tasks.fingerprint(direct)
        assert task.name == path.stem and task.source == str(path)


@pytest.mark.parametrize(("members", "message"), [
    ({"x.npy": npy(X)}, r"holds no array called 'y' \(it holds: x\).*numpy\.savez"), ({}, "it holds: nothing"),
    ({"x.npy": npy(X), "y.npy": npy(Y), "weights.npy": npy(X)}, "unknown array 'weights'; did you mean 'weight'"),
    ({"x.npy": npy(X), "y.npy": npy(Y), "../x.npy": npy(X)}, "unknown array '../x'"),
    ({"x.npy": npy(X), "x": npy(X), "y.npy": npy(Y)}, "two arrays called 'x'"),
    ({"x.npy": b"nonsense", "y.npy": npy(Y)}, "is not a whole .npz file.*savez"),
    ({"x.npy": npy(X)[:-1], "y.npy": npy(Y)}, "array 'x' announces 608 bytes and has 607; it is altered"),
    ({"x.npy": npy(X) + b"0", "y.npy": npy(Y)}, "announces 608 bytes and has 609"),
    ({"x.npy": header((10**12, 3)), "y.npy": npy(Y)}, "announces 12000000000128 bytes and has 128"),
    ({"x.npy": header((10**12,), "<U0"), "y.npy": npy(Y)}, "must hold numbers or texts"),
    ({"x.npy": header((-3, 2)), "y.npy": npy(Y)}, "none of them empty"),
    ({"x.npy": header((0, 2)), "y.npy": npy(Y)}, "none of them empty"),
    ({"x.npy": header((1,) * 40), "y.npy": npy(Y)}, r"shape \(1, 1.*\.\.\.; it must have 1 to 4"),
    ({"x.npy": header((3,), "|O"), "y.npy": npy(Y)}, r"dtype object.*pickle.*x\.astype\(str\)"),
    ({"x.npy": header((3,), "<M8[s]"), "y.npy": npy(Y)}, "numbers or texts, got datetime64"),
    ({"x.npy": header((3,), [("a", "<f4")]), "y.npy": npy(Y)}, "numbers or texts"),
    ({"x.npy": b"\x93NUMPY\x03\x00" + npy(X)[8:], "y.npy": npy(Y)}, r"format \(3, 0\) that is not read"),
    ({"x.npy": npy(X), "y.npy": npy(np.array(["a", "b"]))[:-1] + b"\x11"}, "'y' holds bytes that are no str"),
    ({"x.npy": npy(X), "y.npy": npy(np.array(["a", "b"]))[:-4] + b"\0\xd8\0\0"}, "'y' holds bytes that are no str"),
    ({"x.npy": npy(X), "y.npy": npy(Y > 0)[:-1] + b"\x07"}, "'y' holds bytes that are no bool"),
    ({"x.npy": npy(X), "y.npy": npy(Y), "form.npy": npy(np.array("tables"))}, "value for form of .*'tables'; did you")])
def test_unfit_npz_files_are_refused_by_name(members, message, tmp_path):
    with pytest.raises(PlasticityError, match=message) as refusal:
        tasks.load(zipped(tmp_path / "mine.npz", members))
    assert "mine.npz" in str(refusal.value)


def test_objects_in_a_file_are_never_unpickled(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=X, y=np.array(["a", 1] * 10, dtype=object))
    with pytest.raises(DataError, match=r"array 'y' holds Python objects.*y\.astype\(str\)"):
        tasks.load(path)


def test_ways_to_pack_that_numpy_does_not_write_are_refused(tmp_path):
    path = zipped(tmp_path / "a.npz", {"x.npy": npy(X), "y.npy": npy(Y)}, compression=zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="packed in a way that numpy does not write"):
        tasks.load(path)


def test_no_more_is_read_than_the_limit(tmp_path, monkeypatch):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, x=np.zeros((16, 2**18), np.float32), y=np.arange(16) % 2)
    assert path.stat().st_size < 2**15
    monkeypatch.setenv("PLASTICITY_LIMIT_MB", "15.5")
    tracemalloc.start()
    with pytest.raises(DataError, match=r"bomb\.npz holds 17 MB, more than the 15\.5 MB.*limit_mb= or \$PLAST"):
        tasks.load(path)
    assert tracemalloc.get_traced_memory()[1] < 2**21
    tracemalloc.stop()
    assert tasks.load(path, limit_mb=20).train_x.shape == (12, 2**18)
    for wrong in ("-1", "much", "nan"):
        monkeypatch.setenv("PLASTICITY_LIMIT_MB", wrong)
        with pytest.raises(PlasticityError, match=r"\$PLASTICITY_LIMIT_MB must be a positive"):
            tasks.load(path)
    with pytest.raises(PlasticityError, match="limit_mb must be positive"):
        tasks.load(path, limit_mb=0)


def test_a_member_that_holds_more_than_it_says_is_refused(tmp_path):
    content, small = npy(np.zeros((16, 2**18), np.float32)), npy(np.zeros((16, 2), np.float32))
    path = zipped(tmp_path / "a.npz", {"x.npy": content, "y.npy": npy(np.arange(16) % 2)},
                  compression=zipfile.ZIP_DEFLATED)
    raw = path.read_bytes()
    for part in (len, zlib.crc32):
        raw = raw.replace(part(content).to_bytes(4, "little"), part(small).to_bytes(4, "little"))
    path.write_bytes(raw)
    tracemalloc.start()
    with pytest.raises(DataError, match=r"a\.npz"):
        tasks.load(path)
    assert tracemalloc.get_traced_memory()[1] < 2**21
    tracemalloc.stop()


def loads_or_says_why(path: Path, limit: int = 2**23) -> None:
    """Data that pass all checks, or a DataError that names the file; and never much memory."""
    tracemalloc.start()
    try:
        task = tasks.load(path, limit_mb=1)
        assert np.isfinite(task.train_x.sum()) and task.train_y.max() < len(task.classes) and len(task.test_x)
    except DataError as error:
        assert path.name in str(error)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < limit


@FUZZ
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=4),
       length=st.floats(0.1, 1), packed=st.booleans())
def test_altered_files_load_or_are_refused(tmp_path, flips, length, packed):
    path = tmp_path / "altered.npz"
    (np.savez_compressed if packed else np.savez)(path, x=X, y=np.array(["b", "a"])[Y])
    content = bytearray(path.read_bytes())
    for where, bits in flips:
        content[int(where * len(content))] ^= bits
    path.write_bytes(content[:int(length * len(content))] if length < 0.9 else content)
    loads_or_says_why(path)


@FUZZ
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=6), st.sampled_from("xy"))
def test_altered_arrays_in_whole_zip_files_load_or_are_refused(tmp_path, changes, name):
    content = {"x.npy": bytearray(npy(X)), "y.npy": bytearray(npy(np.array(["b", "a"])[Y]))}
    for where, value in changes:
        content[f"{name}.npy"][where] = value
    loads_or_says_why(zipped(tmp_path / "altered.npz", {key: bytes(value) for key, value in content.items()}))
