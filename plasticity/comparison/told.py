"""Figures of which more is better, as the scores that they are: accuracy in percent, NLL turned round again."""

from __future__ import annotations

from collections.abc import Mapping

from plasticity.readout.scores import SCORES


def score_of(row: Mapping) -> str:
    """The score of a result or row, as `SCORES` names it; accuracy where it says nothing."""
    return row.get("score") or "accuracy"


def score_of_all(result: Mapping) -> str:
    """What the rows of a comparison are told by, as far as they did not fail: one name, or "score" where they are not
    told by the same."""
    names = {score_of(row) for row in result["rows"] if row["accuracy"] is not None} or {"accuracy"}
    return names.pop() if len(names) == 1 else "score"


def scale(row: Mapping) -> float:
    """By what a row's figure is multiplied before it is shown."""
    score = SCORES[score_of(row)]
    return 100.0 if score.name == "accuracy" else score.turned(1.0)


def heading(score: str) -> str:
    """Of a column of such figures."""
    return "accuracy, %" if score == "accuracy" else score
