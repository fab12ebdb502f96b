"""Who takes part in a comparison: gradient rules, methods that bring their own network, and the STDP network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from plasticity import rules
from plasticity._utils.catalogue import parse
from plasticity.comparison import counting, settings
from plasticity.comparison.operations import AlignmentRecorder
from plasticity.datasets import tasks
from plasticity.datasets.tasks import Task
from plasticity.encoding import catalogue as encoders
from plasticity.errors import PlasticityError, unknown
from plasticity.learner import UnsupervisedClassifier
from plasticity.learner.gradient import GradientClassifier
from plasticity.learner.gradients.encoded import encoded
from plasticity.learner.methods import MethodClassifier

COMPARED = 32  # samples of a batch whose updates are compared with backpropagation's
LOOKS = 10  # how often in a training they are


@dataclass(frozen=True)
class Job:
    """One training: a rule (name, or name with options) on a task with a seed. None: what `settings` says.

    threads: of torch and Numba. See `compare` for the rest.
    """

    task: str
    rule: str
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

    @property
    def setting(self) -> settings.Setting:
        name = self.task.replace("-", "_")
        if name not in settings.TASKS:
            raise unknown("task", self.task, settings.TASKS)
        return settings.TASKS[name]

    @property
    def name(self) -> str:
        return parse(self.rule).name.replace("-", "_")

    def own(self, name: str):
        """A setting: the job's own, or else the task's."""
        given = getattr(self, name)
        return getattr(self.setting, name) if given is None else given

    def load(self) -> Task:
        load = tasks.load if self.setting.encoder else tasks.load_sequences
        return load(self.setting.data, self.train_samples, self.test_samples, self.validation)


@dataclass(frozen=True)
class Candidate:
    """A learner ready to fit, in scikit-learn's form. network: in words. count(x): what is counted on samples once it
    has learned. shaped: samples [samples, inputs] as it takes them. options: of fit. learned: what is told of it after
    fit."""

    learner: object
    network: str
    count: Callable[[np.ndarray], Mapping[str, object]]
    shaped: Callable[[np.ndarray], np.ndarray] = lambda x: x
    options: Mapping[str, object] = field(default_factory=dict)
    learned: Callable[[], Mapping[str, object]] = dict


def candidate(job: Job, task: Task) -> Candidate:
    """The learner of a job, for a task. Raises PlasticityError for names and options that do not exist."""
    for names, make in FAMILIES:
        if job.name in names:
            return make(job, task)
    raise unknown("rule", job.name, known())


def known() -> list[str]:
    """Every name that can take part."""
    return [name for names, _ in FAMILIES for name in names]


def network_of(text: str) -> int | tuple[int, ...]:
    """"layers-200-200": two layers; "recurrent-200": one recurrent population. As `GradientClassifier` takes them."""
    kind, *sizes = text.split("-")
    if kind not in ("layers", "recurrent") or not sizes or not all(size.isdigit() and int(size) for size in sizes) \
            or (kind == "recurrent" and len(sizes) > 1):
        raise PlasticityError(f"cannot read network {text!r}; write layers-200-200 or recurrent-200")
    return int(sizes[0]) if kind == "recurrent" else tuple(int(size) for size in sizes)


def _common(job: Job, lr: float | None) -> dict[str, object]:
    return {"epochs": job.own("epochs"), "batch": job.own("batch"), "seed": job.seed, "schedule": "linear",
            "lr": lr if job.lr is None else job.lr, "device": job.device}


def _gradient_rule(job: Job, task: Task) -> Candidate:
    network = job.own("network")
    learner = GradientClassifier(rules.make(job.rule), network_of(network), encoder=job.own("encoder"),
                                 **settings.SPIKING, **_common(job, settings.rate_of(job.rule)))
    updates = learner.epochs * -(-len(task.train_x) // learner.batch)
    recorder = AlignmentRecorder(learner, max(1, updates // LOOKS), most=COMPARED)

    def learned() -> dict[str, object]:
        found = recorder.mean()
        return {"update_cosine": float(np.mean([cosine for cosine, _ in found.values()])) if found else None,
                "update_alignment": {name: {"cosine": cosine, "norm": norm} for name, (cosine, norm) in found.items()}}

    return Candidate(learner, network, partial(counting.gradient_rule, learner), options={"watch": recorder},
                   learned=learned)


def _method(job: Job, task: Task) -> Candidate:
    method = rules.make(job.rule)
    spiking = method.spikes and job.setting.encoder
    method = encoded(method, encoders.make(job.own("encoder"))) if spiking else method
    learner = MethodClassifier(method, **_common(job, settings.rate_of(job.rule, method.lr)))

    def shaped(x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), *task.image_shape)

    words = ", ".join(f"{key}={value}" for key, value in method.options.items())
    count = counting.by_goodness if method.spikes and job.setting.encoder else counting.method
    return Candidate(learner, words, lambda x: count(learner, learner.taken(shaped(x))), shaped)


def _stdp(job: Job, task: Task) -> Candidate:
    options = dict(parse(job.rule).options)
    if not job.setting.encoder:
        raise PlasticityError(f"rule 'stdp' takes images; task {job.task!r} is one of sequences")
    given = {"neurons": job.setting.stdp_neurons, "epochs": job.setting.stdp_epochs} | options
    try:
        learner = UnsupervisedClassifier(seed=job.seed, **given)
    except TypeError as error:
        raise PlasticityError(f"rule {job.rule!r}: {error}") from None
    return Candidate(learner, f"{learner.network}-{learner.neurons}", partial(counting.stdp, learner))


FAMILIES: tuple[tuple[Iterable[str], Callable[[Job, Task], Candidate]], ...] = (
    (tuple(rules.KINDS["credit"]), _gradient_rule), (tuple(rules.KINDS["network"]), _method), (("stdp",), _stdp))
