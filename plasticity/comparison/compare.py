"""One table of learners on the same task, data and seeds."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from plasticity.comparison.candidates import Job, candidate, network_of
from plasticity.comparison.processes import run_all
from plasticity.comparison.rows import row
from plasticity.datasets.tasks import Task
from plasticity.errors import PlasticityError
from plasticity.learner.plan import Plan
from plasticity.runs.files import read_json, write_json
from plasticity.runs.machine import machine, versions


@dataclass(frozen=True)
class Comparison:
    """What is compared: every rule with every seed; `shared` holds what all jobs have in common."""

    rules: tuple[str, ...]
    seeds: tuple[int, ...]
    shared: Job

    @property
    def jobs(self) -> list[Job]:
        return [replace(self.shared, rule=rule, seed=seed) for rule in self.rules for seed in self.seeds]

    def check(self) -> None:
        """Raises PlasticityError for whatever can be told to be wrong without training."""
        if not self.rules or not self.seeds:
            raise PlasticityError("a comparison needs one rule and one seed or more")
        doubled = {rule for rule in self.rules if self.rules.count(rule) > 1}
        if doubled:
            raise PlasticityError(f"rules name {doubled.pop()!r} twice")
        network_of(self.shared.own("network"))
        if self.shared.encoder is not None and self.shared.setting.encoder is None:
            raise PlasticityError(f"task {self.shared.task!r} is one of sequences, which need no encoder; leave "
                                  f"encoder={self.shared.encoder!r} away")
        Plan(epochs=self.shared.own("epochs"), batch=self.shared.own("batch"))
        task = self.shared.load()
        for rule in self.rules:
            _try(replace(self.shared, rule=rule), task)

    def config(self) -> dict:
        return {"rules": list(self.rules), "seeds": list(self.seeds), **asdict(self.shared),
                "setting": asdict(self.shared.setting)}


def _try(job: Job, task: Task) -> None:
    """Builds the learner and, where it can say so at once, its network."""
    made = candidate(job, task)
    prepare = getattr(made.learner, "prepare", None)
    if prepare is not None:
        few = slice(2 * len(task.classes))
        prepare(made.shaped(task.train_x[few]), task.train_y[few], range(len(task.classes)))


def compare(task: str, rules: Sequence[str], seeds: int | Sequence[int] = 3, *, network: str | None = None,
            encoder: str | None = None, epochs: int | None = None, batch: int | None = None, lr: float | None = None,
            train_samples: int | None = None, test_samples: int | None = None, validation: bool = False,
            device: str = "cpu", threads: int = 1, jobs: int = 1, out: str | Path | None = None, resume: bool = False,
            say: Callable[[str], None] = lambda line: None, verbose: bool = False) -> dict[str, object]:
    """Trains every rule with every seed on the same data, each in a process of its own, and answers one table.

    task: a name in `plasticity.comparison.settings.TASKS`. rules: gradient rules, methods (as "cnn", "forward_forward")
    and "stdp", with options if wished, as "eprop(feedback=random)". seeds: how many (0, 1, ...), or which.
    network, encoder, epochs, batch: of all gradient rules alike (epochs and batch also of the methods), instead of the
    task's setting. lr: learning rate of all, instead of each rule's own. train_samples, test_samples: only the first
    ones. validation: hold out the last training images instead of using the test set. device, threads: of each process;
    jobs: how many at a time. out: a folder for results, new or, with `resume`, one of an earlier call that was
    interrupted: what it finished is not done again. say: gets a line per training. verbose: a progress bar.

    Answers {"rows": one per rule, "runs": one per training, "config", "versions", "machine"}; what the columns mean is
    said in docs/compare.md. Raises PlasticityError for names, sizes and options that do not exist, before anything is
    written or trained.
    """
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    shared = Job(task, "", 0, network, encoder, epochs, batch, lr, train_samples, test_samples, validation, device,
                 threads)
    asked = Comparison(tuple(rules), chosen, shared)
    if jobs < 1 or threads < 1:
        raise PlasticityError(f"jobs and threads must be at least 1, got {jobs} and {threads}")
    asked.check()
    if out is None:
        with tempfile.TemporaryDirectory(prefix="plasticity-compare-") as folder:
            return _compare(asked, Path(folder), jobs, say, verbose)
    return _compare(asked, _folder(Path(out), asked, resume), jobs, say, verbose)


def resumed(folder: Path) -> dict[str, object]:
    """The arguments that the comparison in `folder` was started with."""
    config = read_json(folder / "config.json")["config"]
    shared = {each.name for each in fields(Job)} - {"rule", "seed"}
    return {name: config[name] for name in (*shared, "rules", "seeds")}


def _folder(path: Path, asked: Comparison, resume: bool) -> Path:
    if resume:
        stored = read_json(path / "config.json")["config"]
        if stored != json.loads(json.dumps(asked.config())):
            raise PlasticityError(f"the comparison in {path} was started with other settings; resume it with the same")
        return path
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise PlasticityError(f"{path} is not an empty folder; choose another --out, or go on with --resume {path}")
    path.mkdir(parents=True, exist_ok=True)
    write_json(path / "config.json", {"config": asked.config(), "versions": versions(), "machine": machine(),
                                      "started": time.strftime("%Y-%m-%dT%H:%M:%S%z")})
    return path


def _compare(asked: Comparison, folder: Path, at_once: int, say: Callable[[str], None], verbose: bool) -> dict:
    runs = run_all(asked.jobs, folder, at_once, say, verbose)
    rows = [row(rule, [run for run in runs if run["rule"] == rule]) for rule in asked.rules]
    result = {"rows": rows, "runs": runs, "config": asked.config() | {"jobs": at_once}, "versions": versions(),
              "machine": machine()}
    write_json(folder / "result.json", result)
    return result
