"""One training of a comparison, as data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType

from plasticity import rules
from plasticity._utils.catalogue import parse
from plasticity._utils.own import is_own
from plasticity.comparison import parts, settings
from plasticity.datasets import tasks
from plasticity.datasets.tasks import Task
from plasticity.errors import unknown
from plasticity.rules import RuleLike
from plasticity.runs.files import plain

#: what may be a text or an object
PARTS = ("rule", "network", "encoder")
#: what varies in a comparison -> what several of it are called, in the order of a table's columns
AXES: Mapping[str, str] = MappingProxyType({"rule": "rules", "network": "networks", "engine": "engines"})


@dataclass(frozen=True)
class Job:
    """One training: a rule (name, name with options, "file.py:object", or a rule) on a task with a seed. None: what
    `settings` says.

    engine: of rules that are run by one (None: the learner's own). threads: of torch and Numba. See `compare` for the
    rest.
    """

    task: str
    rule: str | RuleLike
    seed: int = 0
    network: str | None = None
    encoder: str | None = None
    epochs: int | None = None
    batch: int | None = None
    lr: float | None = None
    train_samples: int | None = None
    test_samples: int | None = None
    validation: bool = False
    device: str = "cpu"
    threads: int = 1
    engine: str | None = None

    @property
    def setting(self) -> settings.Setting:
        name = self.task.replace("-", "_")
        if name not in settings.TASKS:
            raise unknown("task", self.task, settings.TASKS)
        return settings.TASKS[name]

    @property
    def is_named(self) -> bool:
        """Whether its rule is a name of a catalogue, with options or without."""
        return isinstance(self.rule, str) and not is_own(self.rule)

    @property
    def text(self) -> str:
        """The rule as it was written, options included; of an object, and of one in a file, its name."""
        return self.rule if self.is_named else rules.make(self.rule).name

    @property
    def name(self) -> str:
        """The name of the rule, without options."""
        return parse(self.rule).name.replace("-", "_") if self.is_named else self.text

    @property
    def is_preset(self) -> bool:
        """Whether its rule is "stdp": the network of Diehl and Cook with its own rule."""
        return self.is_named and self.name == "stdp"

    @property
    def kind(self) -> str:
        """Of which kind its rule is, see `plasticity.rules.KINDS`."""
        return "synapse" if self.is_preset else rules.make(self.rule).kind

    def own(self, name: str):
        """A setting: the job's own, or else the task's."""
        value = getattr(self, name)
        return getattr(self.setting, name) if value is None else value

    def load(self) -> Task:
        load = tasks.load if self.setting.encoder else tasks.load_sequences
        return load(self.setting.data, self.train_samples, self.test_samples, self.validation)

    def to_dict(self) -> dict[str, object]:
        """What JSON holds of it: texts and numbers as they are, objects as `parts.described` writes them."""
        return {each.name: getattr(self, each.name) for each in fields(self)} | {
            name: parts.described(getattr(self, name)) for name in PARTS}

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Job:
        """What `to_dict` wrote. Raises PlasticityError for an object that has no `from_dict`."""
        return cls(**{**stored, **{name: parts.read(stored[name]) for name in PARTS if name in stored}})

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides what this training answers, the task's setting and files of own rules included;
        the version of the library is not among it."""
        files = {name: parts.content(getattr(self, name)) for name in PARTS}
        settled = {"job": self.to_dict(), "setting": asdict(self.setting), "files": files}
        return hashlib.sha256(json.dumps(plain(settled), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Training:
    """A job, and what a table calls its parts: axis -> name (None: the rule's or the task's own)."""

    job: Job
    names: Mapping[str, str | None] = field(default_factory=dict)
