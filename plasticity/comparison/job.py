"""One training of a comparison, as data."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

from plasticity import rules
from plasticity._utils.catalogue import parse
from plasticity._utils.own import is_own
from plasticity.comparison import parts, settings
from plasticity.datasets import tasks
from plasticity.datasets.tasks import Task
from plasticity.errors import PlasticityError
from plasticity.rules import RuleLike
from plasticity.runs.files import plain

#: what may be a text or an object
PARTS = ("rule", "network", "encoder", "augment")
#: what varies in a comparison -> what several of it are called, in the order of a table's columns
AXES: Mapping[str, str] = MappingProxyType({"rule": "rules", "network": "networks", "engine": "engines"})


def before(rule: str | RuleLike) -> str | RuleLike:
    """A rule under the name that it has now: "stdp" was pair_stdp in the network of Diehl and Cook.

    Raises PlasticityError for its options of then, which belong to the network now.
    """
    if not isinstance(rule, str) or not re.fullmatch(r"stdp(\(.*\))?", rule.strip(), re.DOTALL):
        return rule
    if rule.strip() != "stdp":
        raise PlasticityError(f"rule {rule!r} is written with its network now: rule pair_stdp (or another), network "
                              "diehl-cook(neurons=...)")
    warnings.warn("rule 'stdp' of compare is called pair_stdp now; the old name goes with the next release",
                  DeprecationWarning, stacklevel=3)
    return "pair_stdp"


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
    augment: str | None = None

    def __post_init__(self):
        object.__setattr__(self, "rule", before(self.rule))

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
    def kind(self) -> str:
        """Of which kind its rule is, see `plasticity.rules.KINDS`."""
        return rules.make(self.rule).kind

    def load(self) -> Task:
        return tasks.load(self.task, self.train_samples, self.test_samples, self.validation)

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
        settled = {"job": self.to_dict(), "setting": settings.TASKS.get(self.task.replace("-", "_"), {}),
                   "rates": dict(settings.RATES), "files": files}
        return hashlib.sha256(json.dumps(plain(settled), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Training:
    """A job, and what a table calls its parts: axis -> name (None: the rule's or the task's own)."""

    job: Job
    names: Mapping[str, str | None] = field(default_factory=dict)
