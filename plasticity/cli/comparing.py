"""plasticity compare."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from plasticity.cli.output import new_folder, quiet_stdout, say, went_on, write_json
from plasticity.errors import PlasticityError


def execute(given: Mapping[str, object], typed: set[str], rules: str, seeds: int, jobs: int, out: Path | None,
            resume: Path | None, as_json: bool) -> None:
    """given: arguments of `compare` that jobs share; typed: names of all that the person typed.

    Exit code 1 if a training failed.
    """
    from plasticity.comparison import compare, resumed

    options = {**given, "rules": split(rules, "--rules"),
               **{many: given[many] and split(given[many], f"--{many}") for many in ("networks", "engines")}}
    if resume is not None:
        if out is not None and out.resolve() != resume.resolve():
            raise PlasticityError(f"--resume {resume} goes on in that folder; leave --out {out} away")
        asked = resumed(resume)
        went_on(asked, {**options, "seeds": list(range(seeds))}, typed, f"the comparison in {resume}")
    else:
        asked = {**options, "seeds": seeds}
    folder = resume or out or new_folder(f"compare-{given['task']}")
    with quiet_stdout() as stdout:
        try:
            result = compare(**asked, jobs=jobs, out=folder, resume=resume is not None, say=say,
                             verbose=sys.stderr.isatty())
        except KeyboardInterrupt:
            if not folder.exists():
                raise
            say(f"stopped; go on with: plasticity compare {given['task']} --resume {folder}")
            raise typer.Exit(130) from None
        if as_json:
            write_json(result, stdout)
        else:
            _print(result, folder, stdout)
    if any("failed" in row for row in result["rows"]):
        say(f"some trainings failed; train them again with: plasticity compare {given['task']} --resume {folder}")
        raise typer.Exit(1)


def split(texts: str, option: str = "--rules") -> list[str]:
    """"bptt, eprop(feedback=random, reset=True)" -> its parts; commas within brackets do not part them."""
    parts, depth = [""], 0
    for letter in texts:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    parts = [part.strip() for part in parts]
    if not all(parts):
        raise PlasticityError(f"{option} {texts!r} names no {option[2:-1]} somewhere; write "
                              "NAME,NAME(option=value),...")
    return parts


def _print(result: Mapping, folder: Path, stdout) -> None:
    from rich.console import Console

    from plasticity.comparison.tables import draw

    draw(result, Console(file=stdout))
    say(f"everything is in {folder}, as table.txt, table.csv, table.tex and result.json too")
