"""Google Speech Commands: one-second clips of single words, 16 kHz, read from the archive as they are asked for."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from plasticity.datasets.description import Source
from plasticity.datasets.files import verified_file
from plasticity.datasets.streaming_tar import named, words_of
from plasticity.datasets.waves import wave_of
from plasticity.errors import DataError, PlasticityError, choice

RATE = 16_000  # Hz; a clip is as many samples
PARTS = ("training", "validation", "testing")
#: the ten words of the task, and how all others and silence are called
WORDS = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
SILENCE, UNKNOWN, NOISE = "_silence_", "_unknown_", "_background_noise_"
_MOST = 2**27 - 1  # the official program's largest number of clips per class


@dataclass(frozen=True)
class SpeechCommands:
    """A description. clips: how many words are spoken in it."""

    name: str
    title: str
    source: Source
    clips: int
    licence: str = "CC BY 4.0"
    citation: str = ("Warden 2018, Speech Commands: a dataset for limited-vocabulary speech recognition, "
                     "arXiv:1804.03209")
    homepage: str = "https://www.tensorflow.org/datasets/catalog/speech_commands"
    classes: tuple[str, ...] = (SILENCE, UNKNOWN, *WORDS)
    folders: tuple[str, ...] = ("speech_commands",)
    by_hand: str = ""


def _source(version: str, size: int, sha256: str) -> Source:
    """Checksums and sizes as TensorFlow Datasets and torchaudio have them."""
    name = f"speech_commands_{version}.tar.gz"
    hosts = ("https://storage.googleapis.com/download.tensorflow.org/data/", "http://download.tensorflow.org/data/")
    return Source(name, tuple(host + name for host in hosts), sha256=sha256, size=size)


VERSIONS = {
    1: SpeechCommands("speech_commands_v0.01", "Speech Commands 0.01", _source(
        "v0.01", 1_489_096_277, "743935421bb51cccdb6bdd152e04c5c70274e935c82119ad7faeec31780d811d"), 64_727),
    2: SpeechCommands("speech_commands_v0.02", "Speech Commands 0.02", _source(
        "v0.02", 2_428_923_189, "af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58"), 105_829)}


@dataclass(frozen=True)
class Clips:
    """x: float32 [n, 16000] within -1 and 1, padded with zeros at the end; y: int64, numbers of `classes`."""

    x: np.ndarray
    y: np.ndarray
    classes: tuple[str, ...]
    rate: int = RATE


def which_part(name: str, validation: float = 10.0, testing: float = 10.0) -> str:
    """The part a clip belongs to, "training", "validation" or "testing": decided by its speaker, as officially.

    The file name up to "_nohash_" is hashed (SHA-1) into a number from 0 to 100; below `validation` and below
    `validation + testing` (percent) are those parts. So a speaker is in one part only, whatever else there is.
    """
    speaker = re.sub(r"_nohash_.*$", "", name.rpartition("/")[2])
    percent = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16) % (_MOST + 1) * (100.0 / _MOST)
    return PARTS[1] if percent < validation else PARTS[2] if percent < testing + validation else PARTS[0]


def stream(path: Path, words: Collection[str] | None = None,
           part: str | None = None) -> Iterator[tuple[str, str, np.ndarray]]:
    """(word, file name, samples float32) one by one, in the order of the archive (or folder); nothing else is kept.

    words: only these (None: all but background noise, which is asked for by its name). part: only clips of this part.
    """
    if part is not None:
        choice("part", part, PARTS)

    def wanted(word: str, name: str) -> bool:
        listed = word != NOISE if words is None else word in words
        return listed and (part is None or word == NOISE or which_part(name) == part)

    for word, name, content in words_of(path, wanted):
        longest = None if word == NOISE else RATE
        yield word, name, wave_of(f"{word}/{name}", content, RATE, longest)


def load_speech_commands(part: str, version: int = 2, words: Sequence[str] = WORDS, silence: float = 10.0,
                         unknown: float = 10.0, seed: int = 0, path: str | Path | None = None) -> Clips:
    """One part of the task: clips of `words`, with other words as "_unknown_", and "_silence_".

    part: "training", "validation" or "testing". silence, unknown: clips of these classes in percent of the clips of
    `words` (rounded up). Other words are drawn at random from the same part; a silence is a second of one of the
    recordings of background noise (the same for all parts), at a random place and a random volume from 0 to 1.
    path: an archive or unpacked folder of that form, taken as it is; None: the official archive of `version`, looked
    for in $PLASTICITY_DATA and the cache, else downloaded, and verified. Memory is for this part only.
    Raises DataError for files that are missing, altered or of another form.

    Source: Warden 2018, arXiv 1804.03209; parts and classes as in TensorFlow's program for the task.
    """
    choice("part", part, PARTS)
    if not (silence >= 0 and unknown >= 0):
        raise PlasticityError(f"silence and unknown must not be negative (percent), got {silence!r} and {unknown!r}")
    path = Path(path) if path is not None else verified_file(_version(version), _version(version).source)
    rng, classes = np.random.default_rng(seed), (SILENCE, UNKNOWN, *words)
    known, others = _names(path, words, part)
    count = math.ceil(len(known) * unknown / 100)
    drawn = {others[k] for k in rng.permutation(len(others))[:count]}
    chosen = {name: classes.index(name[0]) for name in known} | dict.fromkeys(drawn, 1)
    x, y = _clips(path, chosen)
    quiet = _silences(path, math.ceil(len(known) * silence / 100), rng)
    return Clips(np.concatenate([x, quiet]), np.concatenate([y, np.zeros(len(quiet), np.int64)]), classes)


def _version(version: int) -> SpeechCommands:
    if version not in VERSIONS:
        raise PlasticityError(f"version must be one of {list(VERSIONS)}, got {version!r}")
    return VERSIONS[version]


def _names(path: Path, words: Sequence[str], part: str) -> tuple[list, list]:
    """(word, file name) of a part, sorted: those of `words`, and all others."""
    found = sorted({(word, name) for word, name in named(path) if word != NOISE and which_part(name) == part})
    missing = set(words) - {word for word, _ in found}
    if missing:
        raise DataError(f"{path} holds no clip of {sorted(missing)[0]!r} in its {part} part; name only words it has")
    return [each for each in found if each[0] in words], [each for each in found if each[0] not in words]


def _clips(path: Path, chosen: dict[tuple[str, str], int]) -> tuple[np.ndarray, np.ndarray]:
    """The chosen clips and their classes, in the order of their names."""
    place = {each: row for row, each in enumerate(sorted(chosen))}
    x, y = np.zeros((len(place), RATE), np.float32), np.empty(len(place), np.int64)
    for word, name, content in words_of(path, lambda word, name: (word, name) in place):
        row, sound = place[word, name], wave_of(f"{word}/{name}", content, RATE, RATE)
        x[row, :len(sound)], y[row] = sound, chosen[word, name]
    return x, y


def _silences(path: Path, count: int, rng: np.random.Generator) -> np.ndarray:
    """Random seconds of background noise at random volumes, [count, 16000]; none are asked for without recordings."""
    out = np.zeros((count, RATE), np.float32)
    if not count:
        return out
    noises = sorted((name, sound) for _, name, sound in stream(path, (NOISE,)))
    if not noises or min(len(sound) for _, sound in noises) < RATE:
        raise DataError(f"{path} has no recordings of a second or more in {NOISE}; take silence=0")
    for row in out:
        sound = noises[rng.integers(len(noises))][1]
        begin = rng.integers(len(sound) - RATE + 1)
        row[:] = rng.uniform() * sound[begin:begin + RATE]
    return out

