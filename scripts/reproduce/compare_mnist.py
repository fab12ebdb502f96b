"""The table of learning rules on MNIST: gradient rules on one network, forward-forward, the STDP network, and a CNN.

    .venv/bin/python scripts/reproduce/compare_mnist.py                       # 2 trainings at a time, under an hour
    .venv/bin/python scripts/reproduce/compare_mnist.py --device cuda --jobs 12
    .venv/bin/python scripts/reproduce/compare_mnist.py --task digits

All 60,000 training images, seeds 0 to 2, the 10,000 test images asked once, by each network at its end. It is
`plasticity compare mnist` with its defaults; docs/compare.md says what is the same for all. An interrupted call goes
on where it stopped. Writes docs/results/compare_TASK.json.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from plasticity.cli.comparing import split
from plasticity.comparison import compare
from plasticity.runs import write_json

RESULTS = Path(__file__).parents[2] / "docs" / "results"
RULES = ("bptt,eprop(feedback=symmetric),eprop(feedback=random),eprop(feedback=adaptive),ottt,decolle,dfa,"
         "forward_forward,pair_stdp,cnn")
#: of a training, kept beside the rows
KEPT = ("rule", "seed", "accuracy", "train_seconds", "fit_seconds", "peak_mb", "losses", "update_cosine",
        "update_alignment", "error")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="mnist")
    parser.add_argument("--rules", default=RULES)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, help="default: the task's own")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, help="default: runs/compare_TASK")
    given = parser.parse_args()
    out = given.out or Path("runs") / f"compare_{given.task}"
    found = compare(given.task, split(given.rules), given.seeds, epochs=given.epochs, device=given.device,
                    jobs=given.jobs, out=out, resume=(out / "config.json").exists(),
                    say=lambda line: print(line, file=sys.stderr, flush=True))
    runs = [{name: run[name] for name in KEPT if name in run} for run in found["runs"]]
    write_json(RESULTS / f"compare_{given.task}.json", found | {"runs": runs})
    for row in found["rows"]:
        print(row["rule"], row["accuracy"], row["accuracy_sd"])


if __name__ == "__main__":
    main()
