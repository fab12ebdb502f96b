"""One table of learners on the same task, data and seeds."""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from plasticity.comparison import parts, tables
from plasticity.comparison.axes import Comparison
from plasticity.comparison.job import AXES, PARTS, Job
from plasticity.comparison.processes import run_all
from plasticity.comparison.rows import row
from plasticity.errors import PlasticityError
from plasticity.rules import RuleLike
from plasticity.runs.files import plain, read_json, write_json
from plasticity.runs.machine import machine, versions


def compare(task: str, rules: str | RuleLike | Sequence[str | RuleLike], seeds: int | Sequence[int] = 3, *,
            networks: object = None, engines: object = None, encoder: str | None = None, epochs: int | None = None,
            batch: int | None = None, lr: float | None = None, train_samples: int | None = None,
            test_samples: int | None = None, validation: bool = False, device: str = "cpu", threads: int = 1,
            jobs: int = 1, out: str | Path | None = None, resume: bool = False,
            say: Callable[[str], None] = lambda line: None, verbose: bool = False,
            network: str | None = None) -> dict[str, object]:
    """Trains every rule in every network on every engine with every seed on the same data, and answers one table.

    task: a name in `plasticity.comparison.settings.TASKS`. rules: one or several: gradient rules, methods (as "cnn",
    "forward_forward"), "stdp", with options if wished, as "eprop(feedback=random)"; "file.py:rule"; or rules as
    objects, which the table calls by their names. seeds: how many (0, 1, ...), or which.
    networks: one or several, of gradient rules, as "layers(200, 200)"; engines: one or several, of rules for synapses;
    a rule that has no choice of them is trained once, with its own (None: each rule's own).
    encoder, epochs, batch: of all gradient rules alike (epochs and batch also of the methods), instead of the
    task's setting. lr: learning rate of all, instead of each rule's own. train_samples, test_samples: only the first
    ones. validation: hold out the last training images instead of using the test set. device, threads: of each process;
    jobs: how many processes train at a time; each is kept for the next training. out: a folder for results, new or,
    with `resume`, one of an earlier call: what it finished is not done again, what failed is. say: gets a line per
    training. verbose: a progress bar.

    Answers {"rows": one per combination, "runs": one per training, "config", "versions", "machine"}; what the columns
    mean is said in docs/compare.md, and `plasticity.comparison.table` makes text, CSV and LaTeX of it, which are in
    `out` too. Raises PlasticityError for names, sizes and options that do not exist, before anything is written or
    trained.
    """
    if network is not None:
        warnings.warn("network of compare is called networks now; the old name goes with the next release",
                      DeprecationWarning, stacklevel=2)
        networks = network
    if jobs < 1 or threads < 1:
        raise PlasticityError(f"jobs and threads must be at least 1, got {jobs} and {threads}")
    shared = Job(task, "", encoder=encoder, epochs=epochs, batch=batch, lr=lr, train_samples=train_samples,
                 test_samples=test_samples, validation=validation, device=device, threads=threads)
    asked = Comparison(_several(rules), tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds), shared,
                       _several(networks), _several(engines))
    asked.check()
    if out is None:
        with tempfile.TemporaryDirectory(prefix="plasticity-compare-") as folder:
            return _compare(asked, Path(folder), jobs, say, verbose)
    return _compare(asked, _folder(Path(out), asked, resume), jobs, say, verbose)


def _several(chosen: object) -> tuple:
    """One, or a list or tuple of several, as a tuple."""
    return tuple(chosen) if isinstance(chosen, list | tuple) else (chosen,)


def resumed(folder: Path) -> dict[str, object]:
    """The arguments that the comparison in `folder` was started with.

    Raises PlasticityError when another version wrote it, and for objects that are not written there whole.
    """
    config = read_json(folder / "config.json")["config"]
    shared = [each.name for each in fields(Job) if each.name not in (*AXES, "seed")]
    missing = [name for name in (*shared, *AXES.values(), "seeds") if name not in config]
    if missing:
        raise PlasticityError(f"the comparison in {folder} was written by another version (it has no {missing[0]}); "
                              "start a new one")
    arguments = {name: parts.read(config[name]) if name in PARTS else config[name] for name in (*shared, "seeds")}
    return arguments | {many: [parts.read(part) for part in config[many]] for many in AXES.values()}


def _folder(path: Path, asked: Comparison, resume: bool) -> Path:
    if resume:
        stored = read_json(path / "config.json")["config"]
        if stored != json.loads(json.dumps(plain(asked.config()))):
            raise PlasticityError(f"the comparison in {path} was started with other settings; resume it with the same")
        return path
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise PlasticityError(f"{path} is not an empty folder; choose another --out, or go on with --resume {path}")
    path.mkdir(parents=True, exist_ok=True)
    write_json(path / "config.json", {"config": asked.config(), "versions": versions(), "machine": machine(),
                                      "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")})
    return path


def _compare(asked: Comparison, folder: Path, at_once: int, say: Callable[[str], None], verbose: bool) -> dict:
    runs = run_all(asked.trainings, folder, at_once, say, verbose)
    each = len(asked.seeds)
    rows = [row(first.names, runs[k * each:(k + 1) * each]) for k, first in enumerate(asked.combinations)]
    result: Mapping[str, object] = {"rows": rows, "runs": runs, "config": asked.config() | {"jobs": at_once},
                                    "versions": versions(), "machine": machine()}
    result = plain(result)
    tables.write(result, folder)
    return result
