"""plasticity compare."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path

import typer

from plasticity.cli.output import quiet_stdout, say, table, write_json
from plasticity.errors import PlasticityError


def execute(given: Mapping[str, object], typed: set[str], rules: str, seeds: int, jobs: int, out: Path | None,
            resume: Path | None, as_json: bool) -> None:
    """given: arguments of `compare` that jobs share; typed: names of all that the person typed.

    Exit code 1 if every training failed.
    """
    from plasticity.comparison import compare, resumed

    if resume is not None:
        if out is not None and out.resolve() != resume.resolve():
            raise PlasticityError(f"--resume {resume} goes on in that folder; leave --out {out} away")
        asked = _stored(resumed(resume), resume, {**given, "rules": split(rules), "seeds": list(range(seeds))}, typed)
    else:
        asked = {**given, "rules": split(rules), "seeds": seeds}
    folder = resume or out or _new_folder(str(given["task"]))
    with quiet_stdout() as stdout:
        try:
            found = compare(**asked, jobs=jobs, out=folder, resume=resume is not None, say=say,
                            verbose=sys.stderr.isatty())
        except KeyboardInterrupt:
            if not folder.exists():
                raise
            say(f"stopped; go on with: plasticity compare {given['task']} --resume {folder}")
            raise typer.Exit(130) from None
        if as_json:
            write_json(found, stdout)
        else:
            _print(found, folder, stdout)
    if all(row["accuracy"] is None for row in found["rows"]):
        raise typer.Exit(1)


def split(rules: str) -> list[str]:
    """"bptt, eprop(feedback=random, reset=True)" -> its rules; commas within brackets do not part them."""
    found, depth = [""], 0
    for letter in rules:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            found.append("")
        else:
            found[-1] += letter
    found = [rule.strip() for rule in found]
    if not all(found):
        raise PlasticityError(f"--rules {rules!r} names no rule somewhere; write NAME,NAME(option=value),...")
    return found


def _stored(stored: dict, folder: Path, given: Mapping[str, object], typed: set[str]) -> dict:
    for name in sorted(typed & given.keys()):
        if given[name] != stored[name]:
            option = "TASK" if name == "task" else "--" + name.replace("_", "-")
            raise PlasticityError(f"the comparison in {folder} has {option} {stored[name]}, not {given[name]}; it goes "
                                  "on with the settings it was started with")
    return stored


def _new_folder(task: str) -> Path:
    """A name that does not exist yet."""
    stem = f"compare-{task}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = [stem, *(f"{stem}-{k}" for k in range(2, 1000))]
    return next(path for path in (Path("runs") / name for name in names) if not path.exists())


def _print(found: Mapping, folder: Path, stdout) -> None:
    from plasticity.comparison.rows import COLUMNS

    config = found["config"]
    title = (f"{config['task']}: {len(found['rows'])} rules, {len(config['seeds'])} seeds, held-out "
             f"{'validation' if config['validation'] else 'test'} samples")
    table(title, tuple(COLUMNS), [[text(row) for text in COLUMNS.values()] for row in found["rows"]], stdout)
    say(f"everything is in {folder}")
