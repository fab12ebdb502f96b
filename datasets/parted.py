"""Tasks of data sets that are published in three parts, by name."""

from __future__ import annotations

from collections.abc import Mapping

from plasticity.datasets.jsb import JSB, jsb
from plasticity.datasets.parts import Parted
from plasticity.datasets.ptb import PTB, ptb

catalogue: Mapping[str, Parted] = {each.name: each for each in (
    Parted("jsb", "JSB chorales: the next of 88 keys in each quarter note, 229 + 76 + 77 pieces", JSB, jsb),
    Parted("ptb", "Penn Treebank: the next of 10,000 words, windows of streams, for words(stream=True)", PTB, ptb))}
