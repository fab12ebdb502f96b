"""Recordings in archives: sounds and events, what is refused, and that the real ones are what they say."""

import io
import os
import tarfile
import wave
from dataclasses import replace

import numpy as np
import pytest

from plasticity.datasets import archives, fsdd, nmnist
from plasticity.errors import DataError, PlasticityError

real = pytest.mark.skipif(not os.environ.get("PLASTICITY_DATA"), reason="$PLASTICITY_DATA is not set")


def tone(samples, rate=8000, channels=1) -> bytes:
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.asarray(samples, "<i2").tobytes())
    return packed.getvalue()


def events(rows) -> bytes:
    """(time in microseconds, x, y, polarity) as the camera's file has them."""
    return b"".join(bytes([x, y, (p << 7) | (t >> 16), (t >> 8) & 255, t & 255]) for t, x, y, p in rows)


def pack(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as packed:
        for name, content in files:
            about = tarfile.TarInfo(name)
            about.size = len(content)
            packed.addfile(about, io.BytesIO(content))
    return path


SOUNDS = {"3_ann_7.wav": tone([0, 16384, -32768]), "3_ann_2.wav": tone([1]), "0_bob_11.wav": tone([5, 6])}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A data set of three sounds, packed in $PLASTICITY_DATA."""
    monkeypatch.setenv("PLASTICITY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path))
    pack(tmp_path / "tiny.tar.gz", [(f"deep/{name}", content) for name, content in SOUNDS.items()])
    return replace(fsdd.FSDD, name="tiny", filename="tiny.tar.gz", unpacked="loose", members=3,
                   content=archives.content_of(SOUNDS))


def test_files_come_from_an_archive_or_a_folder(tiny, tmp_path):
    assert archives.files_of(tiny) == SOUNDS
    (tmp_path / "tiny.tar.gz").unlink()
    with pytest.raises(DataError, match="nor the folder loose found"):
        archives.files_of(tiny)
    (tmp_path / "tiny" / "loose").mkdir(parents=True)
    for name, content in SOUNDS.items():
        (tmp_path / "tiny" / "loose" / name).write_bytes(content)
    assert archives.files_of(tiny) == SOUNDS


def test_the_checksum_is_of_contents_not_of_packing(tiny, tmp_path):
    pack(tmp_path / "tiny.tar.gz", list(reversed(SOUNDS.items())), "w:xz")
    assert archives.files_of(tiny) == SOUNDS
    pack(tmp_path / "tiny.tar.gz", [*SOUNDS.items(), ("readme.txt", b"other files are not looked at")])
    assert archives.files_of(tiny) == SOUNDS


@pytest.mark.parametrize("change, what", [
    (lambda files: files | {"0_bob_11.wav": tone([5, 7])}, "altered or another version"),
    (lambda files: {name: files[name] for name in list(files)[:2]}, "has 2 files, expected 3"),
    (lambda files: files | {"1_new_0.wav": tone([1])}, "has 4 files, expected 3")])
def test_other_contents_are_refused(tiny, tmp_path, change, what):
    pack(tmp_path / "tiny.tar.gz", list(change(dict(SOUNDS)).items()))
    with pytest.raises(DataError, match=what):
        archives.files_of(tiny)


def test_hostile_archives_write_nothing_and_are_refused(tiny, tmp_path):
    packed = tmp_path / "tiny.tar.gz"
    outside = tmp_path.parent / "1_evil_0.wav"
    pack(packed, [("../1_evil_0.wav", tone([1])), ("/1_evil_0.wav", tone([1]))])
    with pytest.raises(DataError, match="two files called 1_evil_0"):
        archives.files_of(tiny)
    with tarfile.open(packed, "w:gz") as made:
        link = tarfile.TarInfo("1_link_0.wav")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        made.addfile(link)
    with pytest.raises(DataError, match="has 0 files"):
        archives.files_of(tiny)
    pack(packed, [("1_big_0.wav", b"0" * 2000)])
    with pytest.raises(DataError, match="more than the 1000 bytes"):
        archives.files_of(replace(tiny, most=1000))
    pack(packed, SOUNDS.items())
    whole = packed.read_bytes()
    for broken in (whole[:-40], whole[:60] + b"0000" + whole[64:], b"nonsense"):
        packed.write_bytes(broken)
        with pytest.raises(DataError, match="not a complete tar archive"):
            archives.files_of(tiny)
    assert not outside.exists() and sorted(file.name for file in tmp_path.iterdir()) == ["tiny.tar.gz"]


def test_sounds_are_numbers_and_split_by_their_number():
    found = fsdd.sounds(SOUNDS)
    assert found.train_y.tolist() == [0, 3] and found.test_y.tolist() == [3] and found.rate == 8000
    assert found.train_speakers == ("bob", "ann") and found.test_speakers == ("ann",)
    np.testing.assert_array_equal(found.train_x[1], np.float32([0, 0.5, -1]))


@pytest.mark.parametrize("name, content, what", [
    ("3_ann.wav", tone([1]), "names are DIGIT_SPEAKER_NUMBER.wav"), ("3_ann_1.wav", b"RIFF", "not a wave file"),
    ("3_ann_1.wav", tone([1], rate=16000), "expected"), ("3_ann_1.wav", tone([1, 2], channels=2), "expected"),
    ("3_ann_1.wav", tone([]), "no sound")])
def test_bad_sounds_are_refused(name, content, what):
    with pytest.raises(DataError, match=what):
        fsdd.sounds({name: content})


LISTED = {"train1K.txt": b"#sample #class\r\n2\t7\r\n1\t0\r\n", "test100.txt": b"#sample #class\r\n3\t4\r\n",
          "1.bs2": events([(70_000, 33, 0, 1), (5, 1, 2, 0)]), "2.bs2": events([(0, 0, 0, 1)]),
          "3.bs2": events([(2**23 - 1, 9, 8, 0)])}


def test_events_are_read_in_time_order():
    found = nmnist.recordings(LISTED)
    assert found.train_y.tolist() == [7, 0] and found.test_y.tolist() == [4]
    second = found.train_x[1]
    assert second.time.tolist() == [5, 70_000] and second.x.tolist() == [1, 33] and second.y.tolist() == [2, 0]
    assert second.polarity.tolist() == [0, 1] and found.test_x[0].time.tolist() == [2**23 - 1]


@pytest.mark.parametrize("change, what", [
    ({"1.bs2": b"1234567"}, "not 5 per event"), ({"1.bs2": b""}, "truncated"), ({"train1K.txt": b""}, "must list"),
    ({"1.bs2": events([(0, 34, 0, 1)])}, "outside of 34x34"), ({"train1K.txt": b"1 x"}, "must list"),
    ({"test100.txt": b"9 1"}, "there is no 9.bs2")])
def test_bad_events_are_refused(change, what):
    with pytest.raises(DataError, match=what):
        nmnist.recordings(LISTED | change)


def test_events_become_spikes():
    rows = [(0, 0, 0, 0), (999, 0, 0, 0), (999, 0, 0, 1), (1000, 2, 1, 1), (4999, 33, 33, 1), (5000, 1, 1, 0)]
    samples = [nmnist.events_of("a", events(rows)), nmnist.events_of("b", events([(2500, 1, 0, 1)]))]
    spikes = nmnist.as_spikes(samples, dt=1e-3, steps=5)
    dense = np.zeros((2, 5, 34, 34, 2), bool)
    dense[0, 0, 0, 0, :] = dense[0, 1, 1, 2, 1] = dense[0, 4, 33, 33, 1] = dense[1, 2, 0, 1, 1] = True
    assert np.array_equal(spikes.dense(), dense.reshape(2, 5, -1)) and spikes.n == 2312
    for wrong in ({"dt": 0.0}, {"steps": 0}):
        with pytest.raises(PlasticityError, match="must be"):
            nmnist.as_spikes(samples, **wrong)


@pytest.mark.mnist
@real
def test_the_real_sounds():
    if not any((folder / fsdd.FSDD.filename).exists() for folder in archives.candidates(fsdd.FSDD)):
        pytest.skip("fsdd is not in $PLASTICITY_DATA")
    found = fsdd.load_fsdd()
    assert len(found.train_x) == 2700 and len(found.test_x) == 300
    assert np.bincount(found.test_y).tolist() == [30] * 10 and len(set(found.train_speakers)) == 6
    assert max(np.abs(sound).max() for sound in found.test_x) <= 1


@pytest.mark.mnist
@real
def test_the_real_events():
    if not any((folder / nmnist.NMNIST_SMALL.filename).exists() for folder in archives.candidates(nmnist.NMNIST_SMALL)):
        pytest.skip("nmnist_small is not in $PLASTICITY_DATA")
    found = nmnist.load_nmnist_small()
    assert len(found.train_x) == 1000 and found.train_y[:5].tolist() == [5, 0, 4, 1, 9]  # as MNIST begins
    assert found.test_y[:3].tolist() == [7, 2, 1]
    spikes = nmnist.as_spikes(found.test_x)
    assert spikes.samples == 100 and spikes.steps == 300
    assert 1000 < spikes.counts().sum(1).mean() < 10_000
