"""Runs that are killed and gone on with end as those that are not: docs/results/reliability_kills.json.

    .venv/bin/python scripts/reliability/kills.py
    .venv/bin/python scripts/reliability/kills.py --kills 20 --only bptt

A run of the command of each way of learning is killed (SIGKILL) at a moment drawn from the time that it takes, and gone
on with, again and again until it has been killed as often as asked; each time it ends, another begins. Its weights must
be those of a run that nobody killed, to the bit, its result the same but for seconds and paths, and its lines of
metrics must rise to the same end (how many there are depends on time). A comparison is killed likewise.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

import _command
import numpy as np
from _children import Outcome, say
from _summary import tally, total, write

SMALL = ("--train-samples", "200", "--test-samples", "50", "--checkpoint-every", "0")
STREAM = ("run", "digits", "--network", "diehl-cook(neurons=20)", "--epochs", "1")
#: way -> arguments of the command
WAYS: Mapping[str, Sequence[str]] = MappingProxyType({
    "pair_stdp, event": (*STREAM, *SMALL),
    "clopath, event": (*STREAM, "--rule", "clopath", *SMALL),
    "pair_stdp, torch": (*STREAM, "--engine", "torch", "--train-samples", "60", "--test-samples", "20",
                         "--checkpoint-every", "0"),
    "pair_stdp, brian2": ("run", "digits", "--network", "diehl-cook(neurons=10, steps=30)", "--engine", "brian2",
                          "--epochs", "1", "--train-samples", "20", "--test-samples", "10", "--checkpoint-every", "0"),
    "soft_hebb": ("run", "digits", "--rule", "soft_hebb", "--epochs", "40", *SMALL),
    "eprop, random feedback": ("run", "digits", "--rule", "eprop(feedback=random)", "--epochs", "6", *SMALL),
    "bptt": ("run", "digits", "--rule", "bptt", "--epochs", "4", *SMALL),
    "dfa, autograd": ("run", "digits", "--rule", "dfa", "--engine", "autograd", "--epochs", "2", *SMALL),
    "backprop": ("run", "digits", "--rule", "backprop", "--epochs", "60", *SMALL),
    "predictive_coding": ("run", "digits", "--rule", "predictive_coding", "--epochs", "4", *SMALL),
    "forward_forward": ("run", "digits", "--rule", "forward_forward", "--epochs", "10", *SMALL),
    "comparison": ("compare", "digits", "--rules", "soft_hebb,backprop,bptt", "--seeds", "1", "--epochs", "3",
                   "--train-samples", "200", "--test-samples", "50")})
#: of a result, what differs from run to run
SECONDS = ("train_seconds", "images_per_second", "compile_seconds", "label_seconds", "test_seconds", "run", "settings",
           "fit_seconds", "peak_mb")


def command(arguments: Sequence[str]) -> int:
    """Starts the command in a child of this process, which has imported everything already; answers its id."""
    child = os.fork()
    if child:
        return child
    from plasticity import cli

    null = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(null, stream)
    os.setsid()
    try:
        os._exit(cli.run([*arguments]))
    except BaseException:
        os._exit(70)


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def result(folder: Path) -> dict:
    """What must be the same: hashes of weights, and the result without its seconds."""
    told = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    rows = told.get("runs", [told])
    same = [{name: value for name, value in row.items() if name not in SECONDS} for row in rows]
    weights = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
               for path in sorted(folder.rglob("*.safetensors")) if "checkpoint" not in path.parts}
    lines = folder / "metrics.jsonl"
    text = lines.read_text("utf-8") if lines.exists() else ""
    shown = [json.loads(line).get("images") for line in text.split("\n")[:-1]]
    return {"rows": same, "weights": weights, "metrics": (sorted({*shown}) == shown, shown[-1:])}


def killed(arguments: Sequence[str], folder: Path, seconds: float, whole: Mapping, draw: np.random.Generator,
           most: int) -> Iterator[tuple[str, Outcome]]:
    """(moment, outcome) of each kill of one run, until it ends by itself; it is killed at most so often."""
    kills: list[str] = []
    while True:
        begun = (folder / "config.json").exists()
        child = command([*arguments[:2], "--resume", str(folder)] if begun else [*arguments, "--out", str(folder)])
        moment = float(draw.uniform(0, seconds)) if len(kills) < most else np.inf
        code = _wait(child, moment)
        if code is None:
            with suppress(ProcessLookupError):  # it has not even begun
                os.killpg(child, signal.SIGKILL)
            os.kill(child, signal.SIGKILL)
            ended(child)
            kills.append(f"after {moment:.2f} s")
            if not (folder / "config.json").exists():
                shutil.rmtree(folder, ignore_errors=True)
            if not (folder / "result.json").exists():
                continue
            code = 0  # all was done that there was to do
        found = Outcome("traceback", f"exit {code}") if code else _held_against(whole, result(folder))
        if found.kind != "harmless" and not kills:
            raise SystemExit(f"a run that nobody killed is another one the second time: {found.said}")
        yield from ((when, found) for when in kills)
        return


def _held_against(whole: Mapping, now: Mapping) -> Outcome:
    other = [name for name, value in now.items() if value != whole[name]]
    return Outcome("accepted", f"other {', '.join(other)}") if other else Outcome("harmless")


def _wait(child: int, seconds: float) -> int | None:
    """The exit code, or None when it still runs after so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    return None


def trials(chosen: Mapping[str, Sequence[str]], kills: int, seed: int, folder: Path,
           ) -> Iterator[tuple[str, str, Outcome]]:
    """(way, moment, outcome) of about so many kills, as many of each way."""
    each = -(-kills // len(chosen))
    for number, (name, arguments) in enumerate(chosen.items()):
        draw, place = np.random.default_rng([seed, number]), folder / str(number)
        for _ in range(2):  # the first compiles
            shutil.rmtree(place, ignore_errors=True)
            begun = time.monotonic()
            code = ended(command([*arguments, "--out", str(place)]))
            seconds = time.monotonic() - begun
            if code:
                raise SystemExit(f"{name}: the run that nobody killed ended with exit code {code}")
        whole, done = result(place), 0
        while done < each:
            shutil.rmtree(place)
            for when, found in killed(arguments, place, seconds, whole, draw, each - done):
                done += 1
                yield name, when, found
        say(f"{name}: {done} kills of a run of {seconds:.1f} s")


def main() -> None:
    asked = _command.asked(__doc__, "ways", kills=(204, "how many"), seed=(0, "of when they come"))
    import torch

    import plasticity.comparison.run  # noqa: F401  all that a run imports: a child has it at once

    torch.set_num_threads(1)
    chosen = _command.chosen(WAYS, asked.only)
    settings = {"kills": asked.kills, "seed": asked.seed, "only": asked.only,
                "ways": {name: " ".join(each) for name, each in chosen.items()}}
    told: dict[str, dict] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, way in chosen.items():
            told |= tally(trials({name: way}, -(-asked.kills // len(chosen)), asked.seed, Path(folder)))
            write("kills", settings, {"total": total(told), "subjects": told}, asked.out)
    _command.end(told)


if __name__ == "__main__":
    main()
