"""plasticity compare."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from plasticity.cli.output import new_folder, quiet_stdout, say, table, went_on, write_json
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
        asked = resumed(resume)
        went_on(asked, {**given, "rules": split(rules), "seeds": list(range(seeds))}, typed,
                f"the comparison in {resume}")
    else:
        asked = {**given, "rules": split(rules), "seeds": seeds}
    folder = resume or out or new_folder(f"compare-{given['task']}")
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


def _print(found: Mapping, folder: Path, stdout) -> None:
    from plasticity.comparison.rows import COLUMNS

    config = found["config"]
    title = (f"{config['task']}: {len(found['rows'])} rules, {len(config['seeds'])} seeds, held-out "
             f"{'validation' if config['validation'] else 'test'} samples")
    table(title, tuple(COLUMNS), [[text(row) for text in COLUMNS.values()] for row in found["rows"]], stdout)
    say(f"everything is in {folder}")
