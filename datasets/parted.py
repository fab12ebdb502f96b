"""Tasks of data sets that are published in three parts, by name."""

from __future__ import annotations

from collections.abc import Mapping

from plasticity.datasets.jsb import JSB, jsb
from plasticity.datasets.parts import Parted
from plasticity.datasets.ptb import PTB, ptb
from plasticity.datasets.speech_commands import VERSIONS
from plasticity.datasets.spoken_words import THREE_WORDS, speech_commands_3_words_mfcc, speech_commands_mfcc

catalogue: Mapping[str, Parted] = {each.name: each for each in (
    Parted("jsb", "JSB chorales: the next of 88 keys in each quarter note, 229 + 76 + 77 pieces", JSB, jsb),
    Parted("ptb", "Penn Treebank: the next of 10,000 words, windows of streams, for words(stream=True)", PTB, ptb),
    Parted("speech_commands_mfcc", "Speech Commands 0.02: 12 classes, 40 cepstral coefficients every 10 ms",
           VERSIONS[2], speech_commands_mfcc),
    Parted("speech_commands_3_words_mfcc",
           "three words of thirty of Speech Commands 0.01, 40 cepstral coefficients every 10 ms", THREE_WORDS,
           speech_commands_3_words_mfcc))}
