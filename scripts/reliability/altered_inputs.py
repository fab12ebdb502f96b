"""Altered inputs are refused in one line, or do no harm: docs/results/reliability_altered_inputs.json.

    .venv/bin/python scripts/reliability/altered_inputs.py
    .venv/bin/python scripts/reliability/altered_inputs.py --inputs 500 --only "stopped run,state"

Files that the library wrote (learners, runs, checkpoints, comparisons), files of data, descriptions, spikes and states
are altered at random: bytes, values of JSON, arrays. Each is used as a person would, in a child process with limits. It
may be refused by a PlasticityError of one line, or be used where nothing that could be noticed came of it. Everything
else is a fault: another exception, a crash, ten seconds of computing, other results than before where there is a
checksum.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import _command
import numpy as np
import torch
from _children import Outcome, say, tried
from _subjects import Subject, subjects
from _summary import tally, total, write


def trials(chosen: dict[str, Subject], inputs: int, seed: int) -> Iterator[tuple[str, str, Outcome]]:
    """(subject, alteration, outcome) of `inputs` alterations at least."""
    whole = inputs / sum(subject.share for subject in chosen.values())
    for number, (name, subject) in enumerate(chosen.items()):
        require_whole(name, subject)
        draw, each = np.random.default_rng([seed, number]), math.ceil(whole * subject.share)
        drawn = [subject.alter(draw) for _ in range(each)]
        for (words, _), found in zip(drawn, tried(subject.use, [altered for _, altered in drawn]), strict=True):
            yield name, words, found
        say(f"{name}: {each}")


def require_whole(name: str, subject: Subject) -> None:
    """Ends the script unless the unaltered input is used without a word: only then do refusals say anything."""
    (found,) = tried(subject.use, [subject.whole])
    if found.kind != "harmless":
        raise SystemExit(f"{name}, unaltered: {found.kind}, {found.said}")


def main() -> None:
    asked = _command.asked(__doc__, "subjects", inputs=(10_000, "alterations"), seed=(0, "of what is drawn"))
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        told = tally(trials(_command.chosen(subjects(Path(folder)), asked.only), asked.inputs, asked.seed))
    write("altered_inputs", {"inputs": asked.inputs, "seed": asked.seed, "only": asked.only},
          {"total": total(told), "subjects": told}, asked.out)
    _command.end(told)


if __name__ == "__main__":
    main()
