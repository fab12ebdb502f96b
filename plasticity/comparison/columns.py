"""The columns of a table of a comparison: headings, and the cells of a row as texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from plasticity.comparison.job import AXES
from plasticity.comparison.paired import differences
from plasticity.comparison.told import heading, scale, score_of_all


@dataclass(frozen=True)
class Column:
    """heading. cell(row): text, "" for nothing. number: whether it stands at the right."""

    heading: str
    cell: Callable[[Mapping], str]
    number: bool = True


def columns(result: Mapping[str, object], baseline: str | None = None) -> list[Column]:
    """Those of a result: an axis only where it varies, and none that is empty in all rows.

    baseline: a rule whose accuracy is subtracted from that of the others, seed by seed (see `differences`).
    """
    axes = [Column(axis, _named(axis), number=False) for axis in varying(result)]
    paired = [] if baseline is None else [_difference(result, baseline)]
    figures = Column(heading(score_of_all(result)), _accuracy), Column("95 % interval", _interval)
    chosen = [*axes, *figures, Column("seeds", _seeds), *paired, *MEASURED]
    return [column for column in chosen if any(column.cell(row) for row in result["rows"])]


def varying(result: Mapping[str, object]) -> list[str]:
    """The axes of a comparison along which there is more than one; the rule always."""
    config = result["config"]
    return [axis for axis, many in AXES.items() if axis == "rule" or len(config[many]) > 1]


def between(values: Sequence[float], times: float, form: str = ".2f") -> str:
    """"[94.50, 99.50]" of an interval of fractions, times 100."""
    low, high = (format(value, form) for value in sorted(times * value for value in values))
    return f"[{low}, {high}]"


def _named(axis: str) -> Callable[[Mapping], str]:
    """What a row's part is called; where it has its own, what the learner said of it."""
    return lambda row: row["names"].get(axis) or row.get(axis) or "own"


def _accuracy(row: Mapping) -> str:
    if row["accuracy"] is None:
        return "failed"
    spread = "" if row["accuracy_sd"] is None else f" ± {abs(scale(row)) * row['accuracy_sd']:.2f}"
    return f"{scale(row) * row['accuracy']:.2f}{spread}"


def _interval(row: Mapping) -> str:
    return between(row["accuracy_interval"], scale(row)) if row["accuracy_interval"] else ""


def _seeds(row: Mapping) -> str:
    return str(row["n"]) if row["n"] == row["asked"] else f"{row['n']} of {row['asked']}"


def _measured(name: str, form: str) -> Callable[[Mapping], str]:
    return lambda row: "" if row.get(name) is None else format(row[name], form)


def _difference(result: Mapping, baseline: str) -> Column:
    against = {tuple(each["names"].items()): each for each in differences(result, baseline)}

    def cell(row: Mapping) -> str:
        other = against.get(tuple(row["names"].items()), {})
        if other.get("difference") is None:
            return ""
        times, bounds = scale(row), other["difference_interval"]
        interval = f" {between(bounds, times, '+.2f')}" if bounds else ""
        return f"{times * other['difference']:+.2f}{interval}"

    return Column(f"less {baseline}", cell)


MEASURED = (
    Column("train s", _measured("train_seconds", ".1f")), Column("peak MB", _measured("peak_mb", ".0f")),
    Column("spikes", _measured("spikes_per_sample", ".0f")), Column("synops", _measured("synops_per_sample", ".3g")),
    Column("cosine", _measured("update_cosine", ".2f")))
