"""plasticity report."""

from __future__ import annotations

import sys
from pathlib import Path

from plasticity.cli.output import report as print_report
from plasticity.cli.output import say, write_json
from plasticity.errors import PlasticityError
from plasticity.runs import folder, report
from plasticity.runs.sealed import as_written


def show(path: Path, as_json: bool) -> None:
    """Prints what a run was asked and measured, and writes its page anew if it has finished."""
    if not (path / folder.CONFIG).is_file():
        raise PlasticityError(f"there is no run in {path} (no {folder.CONFIG})")
    config = folder.config(path)
    finished = (path / folder.RESULT).is_file()
    result = folder.result(path) if finished else {}
    told = {"run": str(path), "finished": finished, "settings": config["settings"], "result": result,
            "versions": config["versions"], "machine": config["machine"], "started": config.get("started")}
    if finished:
        figures = {file.stem: file for file in sorted((path / "figures").glob("*.png"))}
        with as_written(path / folder.RESULT):
            report.write(path / "report.html", result, figures, config)
    if as_json:
        write_json(told, sys.stdout)
        return
    numbers = {name: value for name, value in result.items() if name not in ("settings", "warnings")}
    state = "finished" if finished else f"not finished; go on with plasticity run --resume {path}"
    print_report(numbers or told["settings"], False, sys.stdout, f"{path}: {state}")
    if finished:
        say(f"page: {path / 'report.html'}")
