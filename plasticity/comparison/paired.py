"""Differences to one of those compared, seed by seed: what the seed decides for both alike cancels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plasticity.comparison.rows import interval
from plasticity.errors import unknown
from plasticity.readout.metrics import summarise


def differences(result: Mapping[str, object], baseline: str, axis: str = "rule") -> list[dict[str, object]]:
    """The accuracy of every other row less that of the baseline, over the seeds that both have finished.

    result: what `compare` answered. baseline: a name on `axis` ("rule", "network" or "engine"), as rows carry it; each
    row is held against that with the same names on the other axes, or else, where the baseline has none there, against
    the one that has none. Answers per row {"names", "baseline", "seeds", "n", "difference", "difference_sd",
    "difference_interval" (95 %, Student t; None for fewer than two seeds)}; a row without a baseline, or without a
    common seed, has None. Raises PlasticityError for an unknown baseline, with the nearest match.
    """
    rows = result["rows"]
    names = [row["names"][axis] for row in rows if row["names"].get(axis)]
    if baseline not in names:
        raise unknown(f"{axis} as baseline:", baseline, names)
    return [_against(row, _partner(row, rows, baseline, axis), baseline) for row in rows
            if row["names"].get(axis) != baseline]


def _partner(row: Mapping, rows: Sequence[Mapping], baseline: str, axis: str) -> Mapping | None:
    """The row of the baseline that differs along `axis` alone; a baseline that has no such axis is one for all."""
    others = [name for name in row["names"] if name != axis]
    candidates = [each for each in rows if each["names"].get(axis) == baseline]
    alike = [each for each in candidates if all(each["names"][name] in (row["names"][name], None) for name in others)]
    return alike[0] if alike else None


def _against(row: Mapping, partner: Mapping | None, baseline: str) -> dict[str, object]:
    own, its = _by_seed(row), _by_seed(partner or {})
    values = {seed: own[seed] - its[seed] for seed in own if seed in its}
    summary = summarise(values) if values else None
    return {"names": dict(row["names"]), "baseline": baseline, "seeds": list(values), "n": len(values),
            "difference": summary and summary.mean, "difference_sd": summary and summary.sd,
            "difference_interval": interval(list(values.values()))}


def _by_seed(row: Mapping) -> dict[int, float]:
    return dict(zip(row.get("seeds", ()), row.get("accuracies", ()), strict=True))
