"""Trains what is not trained yet, so many at a time, in processes that are kept; what has finished stays on disk."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from plasticity._utils.progress import progress
from plasticity._utils.stopping import stop_requests
from plasticity.comparison.job import Training
from plasticity.comparison.told import scale, score_of
from plasticity.comparison.workers import Pool, packed
from plasticity.errors import DataError
from plasticity.runs.files import write_bytes, write_json
from plasticity.runs.folder import RESULT
from plasticity.runs.sealed import as_written, read_sealed, write_sealed

TRAIN = "plasticity.comparison.one:train_one"
LOOK = 0.1  # s between two looks at whether someone wants it to stop


def run_all(trainings: Sequence[Training], folder: Path, at_once: int = 1,
            say: Callable[[str], None] = lambda line: None, verbose: bool = False, train: str = TRAIN) -> list[dict]:
    """The results of all trainings, in their order. Those that `folder` holds already are not trained again; those that
    failed are, and those that were altered or have other settings, which `say` is told. What a signal has ended is
    trained once more.

    train: "module:function", which is given a `Job` in another process and answers what it measured. Ctrl-C and a
    terminate signal end all processes and raise KeyboardInterrupt; nothing of what they had not finished is kept.
    """
    places = [folder / "runs" / f"{number:03d}-{_stem(training)}" for number, training in enumerate(trainings)]
    digests = [training.job.digest for training in trainings]
    waiting = [number for number, place in enumerate(places) if not _finished(place, digests[number], say)]
    threads = max((training.job.threads for training in trainings), default=1)
    with stop_requests() as stop, progress(len(places), len(places) - len(waiting), verbose) as advance, \
            Pool(max(1, min(at_once, len(waiting))), train, threads) as pool:
        running: dict[Future, int] = {
            pool.submit(packed(trainings[number].job), _begun(places[number], trainings[number])): number
            for number in waiting}
        while running:
            for future in wait(running, LOOK, FIRST_COMPLETED).done:
                number = running.pop(future)
                write_sealed(places[number] / RESULT, _named(trainings[number], future.result(), digests[number]))
                say(_line(read_sealed(places[number] / RESULT)))
                advance(1, places[number].name)
            if stop.asked:
                raise KeyboardInterrupt
    return [read_sealed(place / RESULT) for place in places]


def _stem(training: Training) -> str:
    """Of a folder; only the letters that every system takes."""
    return f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', training.job.name)[:40]}-seed{training.job.seed}"


def _finished(place: Path, digest: str, say: Callable[[str], None]) -> bool:
    """Whether there is a result of this very training."""
    if not (place / RESULT).exists():
        return False
    try:
        result = read_sealed(place / RESULT, "digest", "names", "rule", "seed")
        with as_written(place / RESULT):
            _line(result)
    except DataError as error:
        say(f"{error}; it is trained again")
        return False
    if "error" in result:
        return False
    if result["digest"] != digest:
        say(f"{place.name}: the result there is one of other settings; it is trained again")
        return False
    return True


def _begun(place: Path, training: Training) -> Path:
    """Says what is trained, takes a former result away, and answers where the log goes."""
    (place / RESULT).unlink(missing_ok=True)
    write_json(place / "job.json", {"names": training.names, **training.job.to_dict()})
    write_bytes(place / "log.txt", b"")
    return place / "log.txt"


def _named(training: Training, answer: dict, digest: str) -> dict:
    """What was measured, with what it belongs to."""
    return {**answer, "rule": training.names.get("rule") or training.job.text, "seed": training.job.seed,
            "names": dict(training.names), "digest": digest}


def _line(result: dict) -> str:
    axes = ", ".join(name for name in result["names"].values() if name)
    name = f"{axes or result['rule']}, seed {result['seed']}"
    if "error" in result:
        return f"{name} failed: {result['error']}"
    before = f" (at the second try: {result['before']})" if "before" in result else ""
    unit = "%" if score_of(result) == "accuracy" else score_of(result)
    return f"{name}: {scale(result) * result['accuracy']:.2f} {unit} in {result['train_seconds']:.0f} s{before}"
