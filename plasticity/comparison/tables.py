"""A comparison as text, CSV, LaTeX or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType

from plasticity.comparison import latex
from plasticity.comparison.columns import Column, columns, varying
from plasticity.comparison.paired import differences
from plasticity.comparison.rows import MEANS, SHARED
from plasticity.errors import choice
from plasticity.runs.files import plain, write_text

WIDEST = 10_000  # letters of a line where nothing is wrapped
NOTE = "± sample standard deviation over seeds; interval of the mean: Student t"


def table(result: Mapping[str, object], form: str = "text", baseline: str | None = None) -> str:
    """What `compare` answered, for people, programs and papers. One line per combination that was compared; axes
    (rule, network, engine) are columns where they vary.

    form: "text"; "csv", with every figure in full; "latex", a table in the style of booktabs; "json", the whole
    result. baseline: a rule; a column says by how much each other row's accuracy differs from its, over common seeds.
    Raises PlasticityError for an unknown form or baseline.
    """
    return FORMS[choice("form", form, FORMS)](result, baseline)


def write(result: Mapping[str, object], folder: Path) -> None:
    """Writes result.json, table.txt, table.csv and table.tex."""
    for form, name in FILES.items():
        write_text(folder / name, table(result, form))


def draw(result: Mapping[str, object], console, baseline: str | None = None) -> None:
    """Prints the table on a console of rich, with as many columns as it has room for, and what failed below."""
    from rich.markup import escape
    from rich.table import Table

    every = columns(result, baseline)
    shown = fitting(every, result["rows"], console.width)
    left = ", ".join(column.heading for column in every[len(shown):])
    note = f"{NOTE}; no room for: {left}" if left else NOTE
    drawn = Table(box=None, pad_edge=False)
    for k, column in enumerate(shown):
        drawn.add_column(escape(column.heading), overflow="fold", style="bold" if k == 0 else None, no_wrap=k == 0)
    for row in result["rows"]:
        drawn.add_row(*(escape(column.cell(row)) for column in shown))
    console.print(title(result), style="italic", markup=False, highlight=False)
    console.print(drawn)
    for line in (note, *failures(result), *remarks(result)):
        console.print(line, markup=False, highlight=False)


def fitting(shown: Sequence[Column], rows: Sequence[Mapping], width: int) -> list[Column]:
    """The first columns, as many as fit a line of so many letters, and at least two."""
    from rich.cells import cell_len

    widths = [2 + max(cell_len(text) for text in (column.heading, *map(column.cell, rows))) for column in shown]
    fit = sum(total - 2 <= width for total in accumulate(widths))
    return list(shown[:max(fit, 2)])


def failures(result: Mapping[str, object]) -> list[str]:
    """A line per training that failed."""
    return [f"{_named(row)}, seed {each['seed']} failed: {each['error']}"
            for row in result["rows"] for each in row.get("failed", ())]


def remarks(result: Mapping[str, object]) -> list[str]:
    """A line per warning that a training gave."""
    return [f"warning: {_named(row)}, seed {each['seed']}: {each['warning']}"
            for row in result["rows"] for each in row.get("warnings", ())]


def _named(row: Mapping) -> str:
    return ", ".join(name for name in row["names"].values() if name)


def title(result: Mapping[str, object]) -> str:
    """What was compared, in one line."""
    config = result["config"]
    sizes = {many: len(config[many]) for many in (*(f"{axis}s" for axis in varying(result)), "seeds")}
    counted = ", ".join(f"{size} {many if size > 1 else many[:-1]}" for many, size in sizes.items())
    return f"{config['task']}: {counted}, held-out {'validation' if config['validation'] else 'test'} samples"


def _text(result: Mapping[str, object], baseline: str | None) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=WIDEST, color_system=None)
    draw(result, console, baseline)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def _csv(result: Mapping[str, object], baseline: str | None) -> str:
    against = {} if baseline is None else {
        tuple(each["names"].items()): each for each in differences(result, baseline)}
    records = [_record(row, varying(result), against) for row in result["rows"]]
    file = io.StringIO()
    writer = csv.DictWriter(file, list(dict.fromkeys(name for record in records for name in record)),
                            lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return file.getvalue()


def _record(row: Mapping, axes: list[str], against: Mapping[tuple, Mapping]) -> dict[str, object]:
    """A row of numbers; what is not there is empty."""
    low, high = row["accuracy_interval"] or (None, None)
    record = {axis: row["names"].get(axis) or row.get(axis) for axis in axes} | {
        "accuracy": row["accuracy"], "accuracy_sd": row["accuracy_sd"], "n": row["n"], "accuracy_low": low,
        "accuracy_high": high}
    if against:
        other = against.get(tuple(row["names"].items()), {})
        low, high = other.get("difference_interval") or (None, None)
        record |= {"baseline": other.get("baseline"), "difference": other.get("difference"),
                   "difference_sd": other.get("difference_sd"), "difference_n": other.get("n"),
                   "difference_low": low, "difference_high": high}
    record |= {part: row.get(part) for name in MEANS for part in (name, f"{name}_sd")}
    record |= {name: row.get(name) for name in SHARED if name not in axes}
    return record | {"failed": len(row.get("failed", ())), "errors": "; ".join(
        f"seed {each['seed']}: {each['error']}" for each in row.get("failed", ())), "warnings": "; ".join(
        f"seed {each['seed']}: {each['warning']}" for each in row.get("warnings", ()))}


def _json(result: Mapping[str, object], baseline: str | None) -> str:
    whole = dict(result) if baseline is None else {**result, "differences": differences(result, baseline)}
    return json.dumps(plain(whole), indent=2) + "\n"


#: form -> its function of a result and a baseline
FORMS: Mapping[str, Callable[[Mapping, str | None], str]] = MappingProxyType({
    "text": _text, "csv": _csv, "latex": lambda result, baseline: latex.table(result, columns(result, baseline)),
    "json": _json})
#: form -> the file of it in a comparison's folder
FILES: Mapping[str, str] = MappingProxyType({
    "text": "table.txt", "csv": "table.csv", "latex": "table.tex", "json": "result.json"})
