"""What is compared with what: rules, networks and engines, every one with every seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType

from plasticity.comparison import parts
from plasticity.comparison.candidates import candidate
from plasticity.comparison.job import AXES, Job, Training
from plasticity.comparison.workers import packed
from plasticity.datasets.tasks import Task
from plasticity.errors import PlasticityError
from plasticity.learner.plan import Plan

#: kind of rule -> axes that mean something to it; along the others it is trained once, with what it has
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "synapse": ("engine",), "credit": ("network",), "network": ()})


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
            chooses = CHOICES[replace(first, rule=rule).kind]
            for n, network in enumerate(self.networks if "network" in chooses else (None,)):
                for e, engine in enumerate(self.engines if "engine" in chooses else (None,)):
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
        if self.shared.encoder is not None and self.shared.setting.encoder is None:
            raise PlasticityError(f"task {self.shared.task!r} is one of sequences, which need no encoder; leave "
                                  f"encoder={self.shared.encoder!r} away")
        Plan(epochs=self.shared.own("epochs"), batch=self.shared.own("batch"))
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
        return {**axes, "seeds": list(self.seeds), **shared, "setting": asdict(self.shared.setting)}


def _named(axis: str, chosen: tuple) -> tuple[str, ...]:
    try:
        return parts.names_of(chosen)
    except PlasticityError as error:
        raise PlasticityError(f"{AXES[axis]}: {error}") from None


def _try(job: Job, task: Task) -> None:
    """Builds the learner and, where it can say so at once, its network."""
    built = candidate(job, task)
    prepare = getattr(built.learner, "prepare", None)
    if prepare is not None:
        few = slice(2 * len(task.classes))
        prepare(built.shaped(task.train_x[few]), task.train_y[few], range(len(task.classes)))
