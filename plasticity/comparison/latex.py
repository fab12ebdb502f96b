"""A comparison as a table for a paper, in the style of LaTeX's package booktabs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from plasticity.comparison.columns import Column
from plasticity.comparison.told import score_of_all

#: letters that mean something else to LaTeX, or that its standard fonts do not have
ESCAPES: Mapping[str, str] = MappingProxyType({
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "±": r"$\pm$", "−": "$-$", "\n": " "})
_POWER = re.compile(r"^(-?[0-9.]+)e([+-]?[0-9]+)$")
_SIGNED = re.compile(r"(?<![0-9A-Za-z])([+-][0-9.]+)")


def table(result: Mapping[str, object], columns: Sequence[Column]) -> str:
    r"""A `table` with caption and label tab:TASK; it needs \usepackage{booktabs}."""
    places = "".join("r" if column.number else "l" for column in columns)
    heads = [escape(column.heading[:1].upper() + column.heading[1:]) for column in columns]
    rows = [[number(column.cell(row)) if column.number else escape(column.cell(row)) for column in columns]
            for row in result["rows"]]
    return "\n".join((
        r"% needs \usepackage{booktabs}", r"\begin{table}", r"  \centering", rf"  \caption{{{caption(result)}}}",
        rf"  \label{{tab:{label(result['config']['task'])}}}", rf"  \begin{{tabular}}{{{places}}}", r"    \toprule",
        _line(heads), r"    \midrule", *map(_line, rows), r"    \bottomrule", r"  \end{tabular}", r"\end{table}", ""))


def caption(result: Mapping[str, object]) -> str:
    """Task, held-out part, seeds and the library's version, and what the numbers are."""
    config, rows = result["config"], result["rows"]
    samples = next((row["test_samples"] for row in rows if row.get("test_samples")), None)
    part = f"{'validation' if config['validation'] else 'test'} part"
    seeds = ", ".join(map(str, config["seeds"]))
    fewer = " Where trainings failed, fewer." if any(row["n"] < row["asked"] for row in rows) else ""
    words = f"{config['task']}: {score_of_all(result)} on the {part}{f' ({samples:,} samples)' if samples else ''}, " \
            f"mean ± sample standard deviation, {'seed' if len(config['seeds']) == 1 else 'seeds'} {seeds}." + fewer
    if any(row["accuracy_interval"] for row in rows):
        words += " Intervals of the mean are of 95 %, by Student's t distribution."
    return f"{escape(words)} plasticity {escape(result['versions']['plasticity'])}."


def escape(text: str) -> str:
    """A text as LaTeX prints it letter by letter."""
    return "".join(ESCAPES.get(letter, letter) for letter in text)


def number(text: str) -> str:
    """The same for numbers: powers of ten are written out, and signs are those of mathematics."""
    power = _POWER.match(text)
    if power:
        return rf"${power[1]} \times 10^{{{int(power[2])}}}$"
    return _SIGNED.sub(r"$\1$", escape(text))


def label(text: str) -> str:
    """A text as a name for \\ref."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")


def _line(cells: Sequence[str]) -> str:
    first = cells[0]
    guard = "{}" if first.startswith(("[", "*")) else ""  # else the end of the line before would take it as its option
    return f"    {guard}{' & '.join(cells)} \\\\"
