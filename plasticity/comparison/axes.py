"""What is compared with what: rules, networks and engines, every one with every seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from plasticity._utils.validation import require_whole
from plasticity.comparison import parts, settings
from plasticity.comparison.candidates import candidate
from plasticity.comparison.job import AXES, Job, Training
from plasticity.comparison.nouns import network_text
from plasticity.comparison.workers import packed
from plasticity.datasets.tasks import Task
from plasticity.errors import PlasticityError, RefusedError
from plasticity.learner.asked import Asked
from plasticity.learner.experiment import experiment


@dataclass(frozen=True)
class Comparison:
    """Every rule in every network on every engine with every seed; `shared` holds what all jobs have in common.

    networks, engines: (None,) for each rule's own.
    """

    rules: tuple
    seeds: tuple[int, ...]
    shared: Job
    networks: tuple = (None,)
    engines: tuple = (None,)

    @property
    def combinations(self) -> list[Training]:
        """One training per row, with the first seed."""
        return list(self._combinations())

    def _combinations(self) -> Iterator[Training]:
        first = replace(self.shared, seed=self.seeds[0])
        called = {axis: dict(enumerate(_named(axis, getattr(self, many)))) for axis, many in AXES.items()}
        for r, rule in enumerate(self.rules):
            for n, network in _fitting(rule, "network", self.networks):
                for e, engine in _fitting(rule, "engine", self.engines):
                    names = {"rule": called["rule"][r],
                             "network": None if network is None else called["network"][n],
                             "engine": None if engine is None else called["engine"][e]}
                    yield Training(replace(first, rule=rule, network=network, engine=engine), names)

    @property
    def trainings(self) -> list[Training]:
        """All of them, row by row."""
        return [replace(row, job=replace(row.job, seed=seed)) for row in self.combinations for seed in self.seeds]

    def check(self) -> None:
        """Raises PlasticityError for whatever can be told to be wrong without training."""
        if not self.rules or not self.seeds or not self.networks or not self.engines:
            raise PlasticityError("a comparison needs one rule and one seed or more, and no empty list of networks or "
                                  "engines")
        if len(set(self.seeds)) < len(self.seeds):
            raise PlasticityError(f"seeds {self.seeds} name one twice; name each once")
        for name, value in (("epochs", self.shared.epochs), ("batch", self.shared.batch)):
            if value is not None:
                require_whole(int(name == "batch"), **{name: value})
        if self.shared.encoder is not None and settings.of_sequences(self.shared.task):
            raise PlasticityError(f"task {self.shared.task!r} is one of sequences, which need no encoder; leave "
                                  f"encoder={self.shared.encoder!r} away")
        task, rows = self.shared.load(), self.combinations
        for axis, many in tuple(AXES.items())[1:]:
            if getattr(self, many) != (None,) and all(row.names[axis] is None for row in rows):
                raise PlasticityError(f"none of these rules takes {many} of a comparison; leave {many}="
                                      f"{getattr(self, many)!r} away")
        for row in rows:
            _try(row.job, task)
            packed(row.job)

    def config(self) -> dict[str, object]:
        """All of it, for JSON."""
        shared = {name: value for name, value in self.shared.to_dict().items() if name not in (*AXES, "seed")}
        axes = {many: [parts.described(part) for part in getattr(self, many)] for many in AXES.values()}
        return {**axes, "seeds": list(self.seeds), **shared}


def _fitting(rule: object, axis: str, chosen: tuple) -> list[tuple[int, object]]:
    """Those along an axis that a rule can learn with, and their numbers; its own where it can with none of them.

    Raises PlasticityError for names that there are not.
    """
    fitting = [(number, part) for number, part in enumerate(chosen) if part is None or _fits(rule, axis, part)]
    return fitting or [(0, None)]


def _fits(rule: object, axis: str, part: object) -> bool:
    try:
        experiment(Asked(rule=rule, **{axis: network_text(part) if axis == "network" else part}))
    except RefusedError:
        return False
    return True


def _named(axis: str, chosen: tuple) -> tuple[str, ...]:
    try:
        return parts.names_of(chosen)
    except PlasticityError as error:
        raise PlasticityError(f"{AXES[axis]}: {error}") from None


def _try(job: Job, task: Task) -> None:
    """Builds the learner and, where it can say so at once, its network."""
    built, few = candidate(job, task), slice(2 * max(len(task.classes), 1))
    announced = range(len(task.classes)) if task.targets.startswith("labels") else None
    built.learner.prepare(built.shaped(task.train_x[few]), task.train_y[few], announced)
