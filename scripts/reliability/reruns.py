"""The same command answers the same bits again: docs/results/reliability_reruns.json.

    .venv/bin/python scripts/reliability/reruns.py

Each way of learning is run in three processes of its own: twice alike, with different seeds of Python's hashes, and
once with another number of threads. Weights and accuracies of the first two must be the same to the bit; whether a
second thread changes them is told (on the event engine it may not).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import _command
from _children import say
from _summary import write
from kills import WAYS, result

#: ways whose bits do not depend on the number of threads
THREADS_ALIKE = ("pair_stdp, event", "clopath, event")


def once(arguments: Sequence[str], folder: Path, hashes: int, threads: int) -> dict:
    """What a process of its own answers."""
    number = str(threads)
    env = {**os.environ, "PYTHONHASHSEED": str(hashes), "OMP_NUM_THREADS": number, "NUMBA_NUM_THREADS": number}
    subprocess.run([sys.executable, "-P", "-m", "plasticity", *arguments, "--out", str(folder)], env=env, check=True,
                   capture_output=True)
    return result(folder)


def main() -> None:
    asked, told = _command.asked(__doc__, "ways"), {}
    with tempfile.TemporaryDirectory() as place:
        for name, given in _command.chosen(WAYS, asked.only).items():
            if name == "comparison":
                continue
            runs = [once(given, Path(place) / f"{len(told)}-{number}", hashes, threads)
                    for number, (hashes, threads) in enumerate(((1, 1), (2, 1), (1, 2)))]
            texts = [json.dumps(run, sort_keys=True) for run in runs]
            told[name] = {"again": texts[0] == texts[1], "two threads": texts[0] == texts[2],
                          "accuracies": [run["rows"][0]["accuracy"] for run in runs]}
            say(f"{name}: {told[name]}")
    write("reruns", {"only": asked.only}, {"ways": told}, asked.out)
    sys.exit(not all(each["again"] and (each["two threads"] or name not in THREADS_ALIKE)
                     for name, each in told.items()))


if __name__ == "__main__":
    main()
