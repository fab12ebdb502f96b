"""Speech Commands as cepstral coefficients, in its official parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from plasticity.datasets.description import SingleFile, Source
from plasticity.datasets.files import verified_file
from plasticity.datasets.mfcc import Spectra, Standard
from plasticity.datasets.parts import Part, Parts
from plasticity.datasets.speech_commands import RATE, SILENCE, UNKNOWN, VERSIONS, WORDS, load_speech_commands

THREE = ("bed", "cat", "happy")
#: part of a task -> what the data set calls it
PARTS = {"train": "training", "validation": "validation", "test": "testing"}
_ABOUT = VERSIONS[1]

THREE_WORDS = SingleFile(
    name="speech_commands_3_words",
    title="Speech Commands 0.01, three words of thirty",
    source=Source("speech-commands-3-words.tar.gz", size=67_101_173,
                  sha256="9b772e6edb3eb3336eb67e5110ad810927671d0588b27de5869dcc3534a858c9"),
    licence=_ABOUT.licence,
    citation=_ABOUT.citation,
    homepage=_ABOUT.homepage,
    classes=THREE,
    folders=("speech_commands",),
    by_hand="of each of bed, cat and happy the first 1,000 recordings of version 0.01 by file name",
)


def speech_commands_mfcc(version: int = 2, words: Sequence[str] = WORDS, silence: float = 10.0, unknown: float = 10.0,
                         window: float = 30e-3, stride: float = 10e-3, coefficients: int = 40,
                         bands: int = 40) -> Parts:
    """Spoken words, one of 12 classes, as mel-frequency cepstral coefficients [samples, steps, coefficients].

    The official archive in its official parts, which are decided by the speaker (`which_part`); classes, `silence` and
    `unknown` as `load_speech_commands` has them (a class of 0 percent is none). window, stride: s, of
    `plasticity.encoding.mfcc`: a clip of a second has 98 steps. Each coefficient is standardised, (x - mean) / standard
    deviation, by all windows of the training part. The order is drawn once for all, so that the first samples hold all
    classes. Nothing is added to sounds and none is shifted: that is for those who learn, while they learn.

    Raises DataError for files that are missing, altered or of another form.

    Source: Warden 2018, arXiv 1804.03209.
    """
    return _parts(words, silence, unknown, Spectra(RATE, window, stride, bands, coefficients), version=version)


def speech_commands_3_words_mfcc(window: float = 30e-3, stride: float = 10e-3, coefficients: int = 40,
                                 bands: int = 40) -> Parts:
    """Three words of thirty of Speech Commands 0.01, bed, cat and happy, 1,000 recordings of each, as
    `speech_commands_mfcc`: no other words and no silence, so no figure of it can be held against those of the whole.
    """
    path = verified_file(THREE_WORDS, THREE_WORDS.source)
    return _parts(THREE, 0.0, 0.0, Spectra(RATE, window, stride, bands, coefficients), path=path)


def _parts(words: Sequence[str], silence: float, unknown: float, spectra: Spectra, version: int = 2,
           path: Path | None = None) -> Parts:
    kept = [k for k, share in enumerate((silence, unknown)) if share] + list(range(2, 2 + len(words)))

    def heard(part: str) -> tuple[list[np.ndarray], np.ndarray]:
        clips = load_speech_commands(PARTS[part], version, tuple(words), silence, unknown, path=path)
        order = np.random.default_rng(0).permutation(len(clips.x))
        return spectra.of(clips.x[order]), np.searchsorted(kept, clips.y[order])

    learned = heard("train")
    standard, steps = Standard.of(learned[0]), len(learned[0][0])

    def part(name: str) -> Part:
        sounds, y = learned if name == "train" else heard(name)
        return Part(standard(sounds, steps), y)

    return Parts(part, "labels", tuple((SILENCE, UNKNOWN, *words)[k] for k in kept))

