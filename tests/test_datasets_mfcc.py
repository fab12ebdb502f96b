"""Sounds as cepstral coefficients: by the training part standardised, in official parts, from files in their form."""

import hashlib
import io
import os
import tarfile
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plasticity import Learner
from plasticity.datasets import fsdd, sequenced, speech_commands, spoken_words, tasks
from plasticity.datasets.description import Source
from plasticity.datasets.listing import listing
from plasticity.datasets.mfcc import Spectra, Standard
from plasticity.datasets.speech_commands import PARTS, VERSIONS, which_part
from plasticity.encoding import fit_length, mfcc
from plasticity.errors import DataError, PlasticityError

RATE = 16_000
real = pytest.mark.skipif(not os.environ.get("PLASTICITY_DATA"), reason="$PLASTICITY_DATA is not set")


def tone(pitch: float, samples: int = RATE, rate: int = RATE, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=samples)
    return (0.2 * np.sin(2 * np.pi * pitch * np.arange(samples) / rate) + 0.01 * noise).astype(np.float32)


def packed(sound: np.ndarray) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setparams((1, 2, RATE, 0, "NONE", ""))
        written.writeframes((sound * 32767).astype("<i2").tobytes())
    return file.getvalue()


def speakers(part: str, count: int = 2) -> list[str]:
    return [name for name in (f"{k:08x}" for k in range(2000)) if which_part(f"{name}_nohash_0.wav") == part][:count]


def archive(path: Path, pitches: dict[str, float], noise: bool) -> Source:
    """An archive in the official form: two speakers in each part, with two recordings of each word."""
    with tarfile.open(path, "w:gz") as made:
        files = {f"{word}/{who}_nohash_{k}.wav": packed(tone(pitch, RATE - 4000 * k, seed=int(who, 16)))
                 for word, pitch in pitches.items() for part in PARTS for who in speakers(part) for k in range(2)}
        if noise:
            files["_background_noise_/hum.wav"] = packed(tone(50, 2 * RATE))
        for name, content in files.items():
            about = tarfile.TarInfo(f"./{name}")
            about.size = len(content)
            made.addfile(about, io.BytesIO(content))
    return Source(path.name, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), size=path.stat().st_size)


@pytest.fixture
def three(tmp_path, monkeypatch):
    source = archive(tmp_path / "speech-commands-3-words.tar.gz", {"bed": 300, "cat": 900, "happy": 2500}, False)
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path))
    monkeypatch.setattr(spoken_words, "THREE_WORDS", replace(spoken_words.THREE_WORDS, source=source))
    return tmp_path / source.filename


@pytest.fixture
def official(tmp_path, monkeypatch):
    source = archive(tmp_path / "words.tar.gz", {"yes": 300, "no": 900, "wow": 2500}, True)
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path))
    monkeypatch.setattr(speech_commands, "VERSIONS", {2: replace(VERSIONS[2], source=source)})


def test_each_sound_is_heard_as_if_alone():
    sounds = [tone(440, samples) for samples in (4000, 4000, 3000, *[2000] * 70, 100)]
    heard = Spectra(RATE, 20e-3, 5e-3, 30, 13).of(sounds)
    for sound, each in zip(sounds, heard, strict=True):
        alone = mfcc(np.pad(sound, (0, max(0, 320 - len(sound)))), RATE, 20e-3, 5e-3, 30, 13)
        np.testing.assert_allclose(each, alone, rtol=1e-5, atol=1e-5)
        assert each.dtype == np.float32


def test_standardised_by_what_is_learned_from():
    rng = np.random.default_rng(0)
    heard = [rng.normal(3, 2, (n, 4)).astype(np.float32) for n in (5, 9, 2)]
    heard = [np.concatenate([each[:, :3], np.full((len(each), 1), 7, np.float32)], 1) for each in heard]
    flat = np.concatenate(heard)
    found = Standard.of(heard)(heard, 6)
    assert found.shape == (3, 6, 4) and found.dtype == np.float32
    for each, row in zip(heard, found, strict=True):
        wanted = ((each - flat.mean(0)) / np.where(flat.std(0) > 0, flat.std(0), 1))[:6]
        np.testing.assert_allclose(row[:len(each)], wanted, atol=1e-5)
        assert not row[len(each):].any() and not row[:, 3].any()


def test_spoken_digits(monkeypatch):
    sounds = fsdd.Sounds(tuple(tone(300 + 100 * k, 1600 + 80 * k, 8000) for k in range(12)), np.arange(12) % 2,
                         ("ann",) * 12, (tone(300, 800, 8000),), np.array([1]), ("ann",))
    monkeypatch.setattr(fsdd, "load_fsdd", lambda: sounds)
    task = tasks.load("fsdd_mfcc(steps=15, coefficients=12)")
    assert task.train_x.shape == (12, 15, 12) and task.test_x.shape == (1, 15, 12) and task.form == "sequences"
    assert task.train_y.tolist() == [0, 1] * 6 and not task.test_x[0, 8:].any() and task.test_x[0, :8].all()
    whole = sequenced.fsdd_mfcc(steps=40).train_x
    heard = whole[:, :, 0][whole.any(2)]  # windows of sounds, not what follows them
    assert abs(heard.mean()) < 1e-4 and abs(heard.std() - 1) < 1e-4
    assert len(tasks.load("fsdd_mfcc", validation=True).test_x) == 2
    with pytest.raises(PlasticityError, match="coefficients must be between 1 and"):
        tasks.load("fsdd_mfcc(coefficients=41)")
    with pytest.raises(PlasticityError, match="steps"):
        tasks.load("fsdd_mfcc(steps=0)")


def test_three_words_keep_the_official_parts(three):
    task, tuned = (tasks.load("speech_commands_3_words_mfcc", validation=tune) for tune in (False, True))
    assert task.classes == ("bed", "cat", "happy") and task.outputs == 3 and task.targets == "labels"
    assert task.train_x.shape == task.test_x.shape == tuned.test_x.shape == (12, 98, 40)
    assert (task.held_out, tuned.held_out) == ("test", "validation")
    np.testing.assert_array_equal(task.train_x, tuned.train_x)
    assert np.bincount(task.train_y).tolist() == np.bincount(task.test_y).tolist() == [4, 4, 4]
    np.testing.assert_allclose(task.train_x.mean((0, 1)), 0, atol=1e-4)
    np.testing.assert_allclose(task.train_x.std((0, 1)), 1, atol=1e-3)
    assert len(np.unique(task.train_y[:6])) > 1  # not word by word


def test_each_clip_is_its_own(three):
    """Against clips read one by one: the speakers of a part, the label of a word, the standard of the training part."""
    task = tasks.load("speech_commands_3_words_mfcc")
    heard = {part: [(word, mfcc(fit_length([sound], RATE)[0], RATE))
                    for word, _, sound in speech_commands.stream(three, part=part)] for part in ("training", "testing")}
    learned = np.concatenate([each for _, each in heard["training"]])
    wanted = sorted((task.classes.index(word), float(((each - learned.mean(0)) / learned.std(0)).sum()))
                    for word, each in heard["testing"])
    found = sorted((int(y), float(x.astype(np.float64).sum())) for x, y in zip(task.test_x, task.test_y, strict=True))
    for (label, total), (other, same) in zip(wanted, found, strict=True):
        assert label == other and total == pytest.approx(same, abs=0.05)


@pytest.mark.parametrize(("options", "classes", "counts"), [
    ("silence=25, unknown=50", ("_silence_", "_unknown_", "yes", "no"), [2, 4, 4, 4]),
    ("silence=0, unknown=50", ("_unknown_", "yes", "no"), [4, 4, 4]),
    ("silence=25, unknown=0", ("_silence_", "yes", "no"), [2, 4, 4]), ("silence=0, unknown=0", ("yes", "no"), [4, 4])])
def test_classes_of_the_official_archive(options, classes, counts, official):
    task = tasks.load(f"speech_commands_mfcc(words=(yes, no), {options}, stride=0.02, coefficients=10)")
    assert task.classes == classes and np.bincount(task.train_y).tolist() == counts
    assert task.train_x.shape == (sum(counts), 49, 10)


def test_they_are_learned(three):
    task = tasks.load("speech_commands_3_words_mfcc(stride=0.05, coefficients=13)")
    learner = Learner("recurrent(20)", rule="bptt", epochs=15, batch=6).fit(task.train_x, task.train_y)
    assert learner.score(task.train_x, task.train_y) > 0.8


def test_missing_and_altered_archives_are_named(three, official):
    content = three.read_bytes()
    three.write_bytes(content[:-9])
    with pytest.raises(DataError, match="truncated"):
        tasks.load("speech_commands_3_words_mfcc")
    three.unlink()
    with pytest.raises(DataError, match=r"3-words\.tar\.gz not found.*first 1,000 recordings"):
        tasks.load("speech_commands_3_words_mfcc")
    with pytest.raises(DataError, match="holds no clip of 'up'"):
        tasks.load("speech_commands_mfcc(words=(yes, up))")
    with pytest.raises(PlasticityError, match="version must be"):
        tasks.load("speech_commands_mfcc(version=3)")


def test_the_list_says_how_many_words():
    told = {entry["name"]: entry["summary"] for entry in listing()}
    assert "three words of thirty" in told["speech_commands_3_words_mfcc"] and "fsdd_mfcc" in told


@real
@pytest.mark.skipif(not (Path(os.environ.get("PLASTICITY_DATA", "")) / "speech-commands-3-words.tar.gz").is_file(),
                    reason="no speech-commands-3-words.tar.gz in $PLASTICITY_DATA")
def test_real_words():
    task = tasks.load("speech_commands_3_words_mfcc(stride=0.1)", validation=True)
    assert (len(task.train_x), len(task.test_x)) == (2385, 297) and np.bincount(task.train_y).min() > 700
