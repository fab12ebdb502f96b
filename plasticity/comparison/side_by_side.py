"""One table of learners on the same task, data and seeds."""

from __future__ import annotations

import json
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from plasticity._utils.random import checked_seed
from plasticity._utils.validation import require_whole
from plasticity.comparison import parts, tables
from plasticity.comparison.axes import Comparison
from plasticity.comparison.job import AXES, PARTS, Job
from plasticity.comparison.processes import run_all
from plasticity.comparison.rows import row
from plasticity.errors import PlasticityError
from plasticity.rules import RuleLike
from plasticity.runs.files import plain
from plasticity.runs.folder import CONFIG
from plasticity.runs.lock import one_writer, require_empty
from plasticity.runs.machine import machine, versions
from plasticity.runs.sealed import as_written, read_sealed, write_sealed


def compare(task: str, rules: str | RuleLike | Sequence[str | RuleLike], seeds: int | Sequence[int] = 3, *,
            networks: object = None, engines: object = None, encoder: str | None = None, epochs: int | None = None,
            batch: int | None = None, lr: float | None = None, train_samples: int | None = None,
            test_samples: int | None = None, validation: bool = False, device: str = "cpu", threads: int = 1,
            jobs: int = 1, out: str | Path | None = None, resume: bool = False,
            say: Callable[[str], None] = lambda line: None, verbose: bool = False,
            network: str | None = None, augment: object = None) -> dict[str, object]:
    """Trains every rule in every network on every engine with every seed on the same data, and answers one table.

    task: a name in `plasticity.comparison.settings.TASKS`. rules: one or several: gradient rules, methods (as "cnn",
    "forward_forward"), "stdp", with options if wished, as "eprop(feedback=random)"; "file.py:rule"; or rules as
    objects, which the table calls by their names. seeds: how many (0, 1, ...), or which.
    networks: one or several, of gradient rules, as "layers(200, 200)"; engines: one or several, of rules for synapses;
    a rule that has no choice of them is trained once, with its own (None: each rule's own).
    encoder, epochs, batch: of all gradient rules alike (epochs and batch also of the methods), instead of the
    task's setting. lr: learning rate of all, instead of each rule's own. augment: what training
    samples become when they are shown, in all trainings. train_samples, test_samples: only the first
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
    require_whole(1, jobs=jobs, threads=threads)
    shared = Job(task, "", encoder=encoder, epochs=epochs, batch=batch, lr=lr, train_samples=train_samples,
                 test_samples=test_samples, validation=validation, device=device, threads=threads,
                 augment=augment)
    asked = Comparison(_several(rules), _seeds(seeds), shared, _several(networks), _several(engines))
    asked.check()
    if out is None:
        with tempfile.TemporaryDirectory(prefix="plasticity-compare-") as folder:
            return _compare(asked, Path(folder), jobs, say, verbose)
    folder = Path(out)
    if resume:
        _require_same(folder, asked)
    else:
        require_empty(folder, CONFIG)
    with one_writer(folder):
        return _compare(asked, folder, jobs, say, verbose)


def _seeds(chosen: int | Sequence[int]) -> tuple[int, ...]:
    """So many seeds from 0, or those that are named."""
    if isinstance(chosen, list | tuple | range | np.ndarray):
        return tuple(map(checked_seed, chosen))
    require_whole(0, seeds=chosen)
    return tuple(range(chosen))


def _several(chosen: object) -> tuple:
    """One, or a list or tuple of several, as a tuple."""
    return tuple(chosen) if isinstance(chosen, list | tuple) else (chosen,)


def resumed(folder: Path) -> dict[str, object]:
    """The arguments that the comparison in `folder` was started with.

    Raises PlasticityError when another version wrote it, and for objects that are not written there whole.
    """
    with as_written(folder / CONFIG):
        return _arguments(folder, _config(folder))


def _arguments(folder: Path, config: Mapping[str, object]) -> dict[str, object]:
    shared = [each.name for each in fields(Job) if each.name not in (*AXES, "seed")]
    missing = [name for name in (*shared, *AXES.values(), "seeds") if name not in config]
    if missing:
        raise PlasticityError(f"the comparison in {folder} was written by another version (it has no {missing[0]}); "
                              "start a new one")
    arguments = {name: parts.read(config[name]) if name in PARTS else config[name] for name in (*shared, "seeds")}
    return arguments | {many: [parts.read(part) for part in config[many]] for many in AXES.values()}


def _config(folder: Path) -> dict[str, object]:
    """What the comparison in a folder was asked. Raises DataError where that was altered, or written by another
    version."""
    return read_sealed(folder / CONFIG, "config")["config"]


def _require_same(folder: Path, asked: Comparison) -> None:
    if _config(folder) != json.loads(json.dumps(plain(asked.config()))):
        raise PlasticityError(f"the comparison in {folder} was started with other settings; resume it with the same")


def _compare(asked: Comparison, folder: Path, at_once: int, say: Callable[[str], None], verbose: bool) -> dict:
    if not (folder / CONFIG).exists():
        write_sealed(folder / CONFIG, {"config": asked.config(), "versions": versions(), "machine": machine(),
                                       "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")})
    runs = run_all(asked.trainings, folder, at_once, say, verbose)
    each = len(asked.seeds)
    rows = [row(first.names, runs[k * each:(k + 1) * each]) for k, first in enumerate(asked.combinations)]
    result: Mapping[str, object] = {"rows": rows, "runs": runs, "config": asked.config() | {"jobs": at_once},
                                    "versions": versions(), "machine": machine()}
    result = plain(result)
    tables.write(result, folder)
    return result
