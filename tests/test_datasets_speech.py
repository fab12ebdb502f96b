"""Speech Commands, on small archives made in its form: parts, classes, one pass, and what is refused."""

import io
import tarfile
import wave
from dataclasses import replace

import numpy as np
import pytest

from plasticity.datasets import speech_commands, streaming_tar
from plasticity.datasets.description import Source
from plasticity.datasets.speech_commands import VERSIONS, load_speech_commands, stream, which_part
from plasticity.errors import DataError, PlasticityError

WORDS = ("yes", "no")
#: speakers of which the official lists say validation, and names of this file's own in the other parts
VALIDATION = ("a69b9b3e", "439c84f4", "2643992f", "6a27a9bf", "8b775397", "060cd039")


def sound(level: int, samples: int = 16000, rate: int = 16000) -> bytes:
    packed = io.BytesIO()
    with wave.open(packed, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.full(samples, level, "<i2").tobytes())
    return packed.getvalue()


def pack(path, files, mode="w:gz"):
    with tarfile.open(path, mode) as packed:
        for name, content in files:
            about = tarfile.TarInfo(name)
            about.size = len(content)
            packed.addfile(about, io.BytesIO(content))
    return path


def speakers(part: str, count: int) -> list[str]:
    """The first made-up speakers of a part."""
    return [name for name in (f"{k:08x}" for k in range(2000)) if which_part(f"{name}_nohash_0.wav") == part][:count]


def clips() -> list[tuple[str, bytes]]:
    """Three speakers per part; yes is loud 1,000, no 2,000, four 3,000, wow 4,000; the second recording is shorter."""
    files = [("./README.md", b"words"), ("./_background_noise_/README.md", b"noise"), ("./testing_list.txt", b"")]
    for word, level in (("yes", 1000), ("no", 2000), ("four", 3000), ("wow", 4000)):
        for part in speech_commands.PARTS:
            for name in speakers(part, 3):
                files += [(f"./{word}/{name}_nohash_{k}.wav", sound(level, 16000 - 6000 * k)) for k in range(2)]
    return [*files, ("./_background_noise_/hum.wav", sound(8000, 40000))]


@pytest.fixture
def archive(tmp_path):
    return pack(tmp_path / "words.tar.gz", clips())


def test_official_clips_are_in_their_official_part():
    assert {which_part(f"right/{name}_nohash_{k}.wav") for name in VALIDATION for k in range(3)} == {"validation"}


def test_parts_are_of_their_size_and_keep_speakers_together():
    parts = [which_part(f"{k:08x}_nohash_0.wav") for k in range(5000)]
    assert [parts.count(part) / 5000 for part in speech_commands.PARTS] == pytest.approx([0.8, 0.1, 0.1], abs=0.015)
    assert {which_part(f"./yes/0a7c2a8d_nohash_{k}.wav") for k in range(9)} == {which_part("0a7c2a8d_nohash_11.wav")}
    assert which_part("anything.wav", validation=100.1) == "validation" and which_part("x.wav", 0, 0) == "training"


def test_the_task_has_words_others_and_silence(archive):
    found = load_speech_commands("validation", words=WORDS, silence=25.0, unknown=30.0, path=archive)
    assert found.classes == ("_silence_", "_unknown_", "yes", "no") and found.rate == 16000
    assert np.bincount(found.y).tolist() == [3, 4, 6, 6]  # 25 and 30 % of 12, rounded up
    assert found.x.dtype == np.float32 and found.x.shape == (19, 16000)
    first = found.x[:, 0] * 32768
    assert set(first[found.y == 2]) == {1000.0} and set(first[found.y == 3]) == {2000.0}
    assert set(first[found.y == 1]) <= {3000.0, 4000.0}
    lengths = (found.x[found.y >= 1] != 0).sum(1)
    assert set(lengths) == {16000, 10000} and (found.x[found.y >= 1, 16000 - 6000:].any(1) == (lengths == 16000)).all()
    quiet = found.x[found.y == 0]
    assert (np.ptp(quiet, axis=1) == 0).all() and (quiet > 0).all() and (quiet <= 8000 / 32768).all()
    assert len({row[0] for row in quiet}) == 3


def test_parts_share_no_speaker_and_the_seed_decides(archive):
    one, again, other = (load_speech_commands("training", words=("yes",), unknown=50.0, seed=seed, path=archive)
                         for seed in (0, 0, 5))
    assert np.array_equal(one.x, again.x) and np.array_equal(one.y, again.y)
    assert not np.array_equal(one.x, other.x)


def test_a_folder_holds_the_same(archive, tmp_path):
    for name, content in clips():
        file = tmp_path / "loose" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    packed, loose = (load_speech_commands("testing", words=WORDS, path=path) for path in (archive, tmp_path / "loose"))
    assert np.array_equal(packed.x, loose.x) and np.array_equal(packed.y, loose.y)


def test_streaming_keeps_the_order_of_the_archive(archive):
    heard = [(word, len(samples)) for word, _, samples in stream(archive, ("no", "four"), "testing")]
    assert heard == [("no", 16000), ("no", 10000)] * 3 + [("four", 16000), ("four", 10000)] * 3
    assert [len(samples) for _, _, samples in stream(archive, ("_background_noise_",))] == [40000]
    assert sum(1 for _ in stream(archive)) == 4 * 9 * 2


@pytest.fixture
def official(archive, tmp_path, monkeypatch):
    """Version 2 as this small archive, in $PLASTICITY_DATA."""
    import hashlib

    monkeypatch.setenv("PLASTICITY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path))
    source = Source("words.tar.gz", sha256=hashlib.sha256(archive.read_bytes()).hexdigest())
    monkeypatch.setattr(speech_commands, "VERSIONS", {2: replace(VERSIONS[2], source=source)})
    return archive


def test_the_official_archive_is_found_and_verified(official):
    assert len(load_speech_commands("testing", words=WORDS).y) == 12 + 2 + 2
    official.write_bytes(official.read_bytes() + b"x")
    with pytest.raises(DataError, match="altered"):
        load_speech_commands("testing", words=WORDS)


def test_descriptions_say_where_from_and_whose():
    for about in VERSIONS.values():
        assert about.source.filename == f"{about.name}.tar.gz" and len(about.source.sha256) == 64
        assert all(url.endswith(about.source.filename) for url in about.source.urls)
        assert about.licence == "CC BY 4.0" and "Warden" in about.citation and len(about.classes) == 12


@pytest.mark.parametrize("extra, message", [
    (("./yes/loud_nohash_0.wav", sound(1, 16001)), "more than 16000"),
    (("./yes/slow_nohash_0.wav", sound(1, 800, 8000)), r"\(1, 2, 8000\), expected \(1, 2, 16000\)"),
    (("./yes/text_nohash_0.wav", b"not a sound"), "is not a wave file"),
    (("./yes/00000000_nohash_0.wav", sound(1)), "twice"),
    (("./yes/vast_nohash_0.wav", bytes(streaming_tar.MOST_BYTES + 1)), "beyond")])
def test_bad_archives_are_refused(tmp_path, extra, message):
    path = pack(tmp_path / "bad.tar", [("./yes/00000000_nohash_0.wav", sound(1)), extra], "w")
    with pytest.raises(DataError, match=message):
        list(stream(path))


def test_other_names_and_links_are_left_alone(tmp_path):
    files = [("../yes/a_nohash_0.wav", sound(1)), ("/etc/b_nohash_0.wav", sound(1)), ("./yes/c_nohash_0.mp3", b"x"),
             ("./yes/d_nohash_0.wav", sound(1))]
    path = pack(tmp_path / "odd.tar", files, "w")
    with tarfile.open(path, "a") as packed:
        link = tarfile.TarInfo("./yes/e_nohash_0.wav")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        packed.addfile(link)
    assert [name for _, name, _ in stream(path)] == ["d_nohash_0.wav"]


def test_a_cut_archive_is_refused(archive, tmp_path):
    path = tmp_path / "cut.tar.gz"
    path.write_bytes(archive.read_bytes()[:3000])
    with pytest.raises(DataError, match="not a complete tar archive"):
        list(stream(path))


@pytest.mark.parametrize("arguments, message", [
    ({"part": "train"}, "training"), ({"part": "testing", "version": 3}, "version must be one of"),
    ({"part": "testing", "silence": -1.0}, "must not be negative"),
    ({"part": "testing", "words": ("yess",)}, "'yess'")])
def test_bad_arguments_are_refused(archive, arguments, message):
    path = None if "version" in arguments else archive
    with pytest.raises((PlasticityError, DataError), match=message):
        load_speech_commands(**arguments, path=path)


def test_silence_needs_noise(tmp_path):
    path = pack(tmp_path / "dry.tar", [(f"./yes/{speakers('training', 1)[0]}_nohash_0.wav", sound(1))], "w")
    with pytest.raises(DataError, match="take silence=0"):
        load_speech_commands("training", words=("yes",), path=path)
    assert len(load_speech_commands("training", words=("yes",), silence=0.0, path=path).y) == 1
