"""Penn Treebank, word level: 929,589 + 73,760 + 82,430 words of the Wall Street Journal, of a vocabulary of 10,000."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from plasticity._utils.validation import require_positive
from plasticity.datasets.archives import Archive, files_of
from plasticity.datasets.description import MEGABYTE
from plasticity.datasets.parts import Part, Parts
from plasticity.errors import DataError

#: what stands for the end of a line, which is a word
END = "<eos>"
#: part -> its file
FILES = {"train": "ptb.train.txt", "validation": "ptb.valid.txt", "test": "ptb.test.txt"}
_NONE = -1

PTB = Archive(
    name="ptb",
    title="Penn Treebank, word level, as prepared by Mikolov",
    filename="ptb.zip",
    also=("simple-examples.tgz",),
    unpacked="ptb",
    endings=tuple(FILES.values()),
    members=3,
    content="64f40ffea534c4caf53e4f8f5eff6a760dd81e9a36d312cfb57e52a7d78ca9b5",
    licence="LDC User Agreement: not to be passed on",
    citation="Marcus, Santorini & Marcinkiewicz 1993, Computational Linguistics 19(2); this form: Mikolov et al. 2010, "
             "Interspeech",
    homepage="https://catalog.ldc.upenn.edu/LDC99T42",
    folders=("simple-examples", "penn"),
    most=64 * MEGABYTE,
)


def ptb(batch: int = 20, steps: int = 35) -> Parts:
    """The next word of a text, from all words before it, for the encoder words(n=10_000, stream=True).

    Each part is one text, cut into `batch` streams of the same length side by side, and these into windows of `steps`
    words: samples 0 to batch - 1 are the first windows of all streams, the next `batch` samples go on from there. A
    learner has the same `batch`, and shuffle=False. x: int32 [samples, steps, 1], numbers of words, by how often they
    stand in the training part; -1 after the end of a stream. y: int64 [samples, steps], the same numbers, 0 after the
    end. Weight is 1 for each word, so that every word of a part counts once, and 0 after the end.

    y is x, and nothing may be shifted: see `plasticity.encoding.catalogue.words`, which says what a network has heard
    when it answers. The first word of each stream is told from nothing.

    The text is under a licence of the Linguistic Data Consortium, so it is never downloaded: it is read from ptb.zip,
    simple-examples.tgz, or the files ptb.train.txt, ptb.valid.txt and ptb.test.txt, in $PLASTICITY_DATA/ptb.

    Raises DataError when files are missing, altered, or not what they should be.

    Source: Mikolov et al. 2010, Interspeech, for the text; windows of streams: Zaremba, Sutskever & Vinyals 2014,
    arXiv:1409.2329 (20 streams, 35 steps).
    """
    require_positive(batch=batch, steps=steps)
    return parts_of(files_of(PTB), batch, steps)


def parts_of(files: Mapping[str, bytes], batch: int, steps: int) -> Parts:
    """From name -> content. Raises DataError for text that is none, and for words that the training part lacks."""
    words = {part: words_of(name, files[name]) for part, name in FILES.items()}
    names = vocabulary(words["train"])
    number = {word: k for k, word in enumerate(names)}
    strange = next((word for part in words.values() for word in part if word not in number), None)
    if strange is not None:
        raise DataError(f"ptb: the word {strange[:40]!r} does not stand in {FILES['train']}; take files of one "
                        "archive")
    return Parts(lambda part: windows(np.array([number[word] for word in words[part]], np.int32), batch, steps),
                 "labels per step", names)


def words_of(name: str, content: bytes) -> list[str]:
    """The words of a text, with one for the end of each line."""
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise DataError(f"{name} is no text; replace it") from None
    return [word for line in lines for word in (*line.split(), END)]


def vocabulary(words: list[str]) -> tuple[str, ...]:
    """All words, the most frequent first, equally frequent ones by the alphabet."""
    return tuple(sorted((counts := Counter(words)), key=lambda word: (-counts[word], word)))


def windows(numbers: np.ndarray, batch: int, steps: int) -> Part:
    """A text as windows of streams side by side, see `ptb`."""
    length = -(-len(numbers) // batch)
    count = -(-length // steps)
    streams = np.full((batch, count * steps), _NONE, np.int32)
    for stream, begin in zip(streams, range(0, len(numbers), length), strict=False):
        said = numbers[begin:begin + length]
        stream[:len(said)] = said
    x = streams.reshape(batch, count, steps).swapaxes(0, 1).reshape(count * batch, steps)
    return Part(x[..., None], np.maximum(x, 0).astype(np.int64), (x != _NONE).astype(np.float32))
