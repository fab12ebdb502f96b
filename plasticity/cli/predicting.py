"""plasticity predict."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from plasticity.cli.output import quiet_stdout, table, write_json
from plasticity.errors import PlasticityError


def show(run: Path, data: str, store: str | None, seed: int, as_json: bool, as_csv: bool) -> None:
    """Prints what the learner of a run answers to new samples: labels and their probabilities, or values."""
    if as_json and as_csv:
        raise PlasticityError("--json and --csv both want stdout; choose one")
    from plasticity.comparison.answers import answers

    with quiet_stdout() as stdout:
        told = answers(run, data, store, seed)
        if as_json:
            write_json(told, stdout)
        elif as_csv:
            _csv(told, stdout)
        else:
            table(f"{len(told['answers'])} samples, {told['learner']}", ("sample", "answer", "probability"),
                  [[row["sample"], str(row["answer"]), "" if row["probability"] is None else
                    f"{row['probability']:.3f}"] for row in told["answers"]], stdout)


def _csv(told: Mapping, stdout) -> None:
    writer = csv.writer(stdout, lineterminator="\n")
    writer.writerow(["sample", "answer", "probability"])
    writer.writerows([row["sample"], row["answer"], "" if row["probability"] is None else row["probability"]]
                     for row in told["answers"])
    stdout.flush()


