"""Who takes part in a comparison: gradient rules, methods that bring their own network, and the STDP network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

import numpy as np

from plasticity import rules
from plasticity._utils.catalogue import parse
from plasticity.comparison import counting, settings
from plasticity.comparison.job import Job
from plasticity.comparison.operations import AlignmentRecorder
from plasticity.datasets.tasks import Task
from plasticity.encoding import catalogue as encoders
from plasticity.errors import PlasticityError
from plasticity.learner import UnsupervisedClassifier
from plasticity.learner.gradient import GradientClassifier
from plasticity.learner.gradients.encoded import encoded
from plasticity.learner.methods import MethodClassifier

COMPARED = 32  # samples of a batch whose updates are compared with backpropagation's
LOOKS = 10  # how often in a training they are


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
    return FAMILIES[job.kind](job, task)


def known() -> list[str]:
    """Every name that can take part."""
    return [*rules.KINDS["credit"], *rules.KINDS["network"], "stdp"]


def network_of(text: str) -> int | tuple[int, ...]:
    """"layers-200-200", "layers(200, 200)": two layers; "recurrent-200": one recurrent population. As
    `GradientClassifier` takes them."""
    if "(" in text:
        call = parse(text, "network")
        text = "-".join(map(str, (call.name, *call.arguments, *call.options)))
    kind, *sizes = text.split("-")
    if kind not in ("layers", "recurrent") or not sizes or not all(size.isdigit() and int(size) for size in sizes) \
            or (kind == "recurrent" and len(sizes) > 1):
        raise PlasticityError(f"cannot read network {text!r}; write layers-200-200, layers(200, 200) or recurrent-200")
    return int(sizes[0]) if kind == "recurrent" else tuple(int(size) for size in sizes)


def _common(job: Job, lr: float | None) -> dict[str, object]:
    return {"epochs": job.own("epochs"), "batch": job.own("batch"), "seed": job.seed, "schedule": "linear",
            "lr": lr if job.lr is None else job.lr, "device": job.device}


def _gradient_rule(job: Job, task: Task) -> Candidate:
    network = job.own("network")
    learner = GradientClassifier(rules.make(job.rule), network_of(network), encoder=job.own("encoder"),
                                 **settings.SPIKING, **_common(job, settings.rate_of(job.text)))
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
    learner = MethodClassifier(method, **_common(job, settings.rate_of(job.text, method.lr)))

    def shaped(x: np.ndarray) -> np.ndarray:
        return x.reshape(len(x), *task.image_shape)

    words = ", ".join(f"{key}={value}" for key, value in method.options.items())
    count = counting.by_goodness if method.spikes and job.setting.encoder else counting.method
    return Candidate(learner, words, lambda x: count(learner, learner.taken(shaped(x))), shaped)


def _stdp(job: Job, task: Task) -> Candidate:
    """The network of Diehl and Cook, with its own rule ("stdp", options as its learner takes them) or another."""
    if not job.setting.encoder:
        raise PlasticityError(f"rule {job.text!r} takes images; task {job.task!r} is one of sequences")
    own = dict(parse(job.rule).options) if job.is_preset else {"rule": rules.make(job.rule)}
    engine = {} if job.engine is None else {"engine": job.engine}
    given = {"neurons": job.setting.stdp_neurons, "epochs": job.setting.stdp_epochs} | engine | own
    try:
        learner = UnsupervisedClassifier(seed=job.seed, **given)
    except TypeError as error:
        raise PlasticityError(f"rule {job.rule!r}: {error}") from None
    return Candidate(learner, f"{learner.network}-{learner.neurons}", partial(counting.stdp, learner))


#: kind of rule -> how its learner is made
FAMILIES: Mapping[str, Callable[[Job, Task], Candidate]] = MappingProxyType({
    "credit": _gradient_rule, "network": _method, "synapse": _stdp})
