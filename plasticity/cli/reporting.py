"""plasticity report."""

from __future__ import annotations

import sys
from pathlib import Path

from plasticity.cli.output import report as print_report
from plasticity.cli.output import say, write_json
from plasticity.errors import PlasticityError
from plasticity.runs import report
from plasticity.runs.files import read_json


def show(path: Path, as_json: bool) -> None:
    """Prints what a run was asked and measured, and writes its page anew if it has finished."""
    if not (path / "config.json").is_file():
        raise PlasticityError(f"there is no run in {path} (no config.json)")
    config = read_json(path / "config.json")
    finished = (path / "result.json").is_file()
    result = read_json(path / "result.json") if finished else {}
    told = {"run": str(path), "finished": finished, "settings": config.get("settings", {}), "result": result,
            "versions": config.get("versions", {}), "machine": config.get("machine", {}),
            "started": config.get("started")}
    if finished:
        figures = {file.stem: file for file in sorted((path / "figures").glob("*.png"))}
        report.write(path / "report.html", result, figures, config)
    if as_json:
        write_json(told, sys.stdout)
        return
    numbers = {name: value for name, value in result.items() if name not in ("settings", "warnings")}
    state = "finished" if finished else f"not finished; go on with plasticity run --resume {path}"
    print_report(numbers or told["settings"], False, sys.stdout, f"{path}: {state}")
    if finished:
        say(f"page: {path / 'report.html'}")
