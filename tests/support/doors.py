"""What can be done with every rule of the catalogue, and with every pair of nouns; or why it is refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from sklearn.base import clone

from plasticity import PlasticityError, encoding, engines, networks, readout, rules
from plasticity.cli.explain import describe, explain
from plasticity.comparison.job import Job
from plasticity.comparison.one import train_one
from plasticity.comparison.run import LEARNER, Settings, run_task
from plasticity.datasets import tasks
from plasticity.encoding.augmentation.catalogue import catalogue as augmentations
from plasticity.learner import Learner
from plasticity.learner.asked import Asked
from plasticity.learner.experiment import experiment
from plasticity.learner.suiting import GRADIENT_ENGINES
from plasticity.readout.losses import LOSSES
from plasticity.runs import Run

SMALL = {"epochs": 1, "train_samples": 40, "test_samples": 20}
#: kind of network -> a small one, on an engine that has nothing to compile
SIZES: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "stream": {"network": "diehl-cook(neurons=10, steps=15)", "engine": "torch"},
    "rates": {"network": "rates(10)"}, "gradients": {"network": "layers(10)"}, "method": {}})


def asked_of(name: str) -> dict[str, object]:
    """What is said beside the name of a rule: a small network of the sort that it learns in."""
    return {**SMALL, **SIZES[experiment(Asked(rule=name)).way.name]}


def _run(name: str, folder: Path) -> None:
    result = run_task(Settings("digits", rule=name, **asked_of(name)), Run(folder, {}))
    assert 0 <= result["accuracy"] <= 1 and (folder / "report.html").stat().st_size > 1000


def _compare(name: str, folder: Path) -> None:
    assert 0 <= train_one(Job("digits", name, **asked_of(name)))["accuracy"] <= 1


def _explain(name: str, folder: Path) -> None:
    rule = rules.make(name)
    assert rule.words in explain(rule) and json.dumps(describe(rule), allow_nan=False)


def _clone(name: str, folder: Path) -> None:
    given = {key: value for key, value in asked_of(name).items() if key in ("network", "engine")}
    learner = Learner(rule=name, **given)
    assert clone(learner).get_params() == learner.get_params()


def _answers(learner: Learner) -> np.ndarray:
    return learner.predict(tasks.load("digits", 40, 20).test_x.reshape(20, 8, 8))


def _loaded(folder: Path) -> Learner:
    return Learner.load(folder / LEARNER)


def _pickle(name: str, folder: Path) -> None:
    learner = _loaded(folder)
    assert (_answers(pickle.loads(pickle.dumps(learner))) == _answers(learner)).all()


def _keep(name: str, folder: Path) -> None:
    learner = _loaded(folder)
    assert (_answers(Learner.load(learner.save(folder / "again"))) == _answers(learner)).all()


def _to_dict(name: str, folder: Path) -> None:
    rule = rules.make(name)
    assert type(rule).from_dict(json.loads(json.dumps(rule.to_dict()))) == rule


#: what is done -> with a rule's name and the folder of its run
DOORS: Mapping[str, Callable[[str, Path], None]] = MappingProxyType({
    "run digits": _run, "compare": _compare, "explain": _explain, "clone": _clone, "pickle": _pickle,
    "save, load": _keep, "to_dict": _to_dict})
#: what is done with what a run has learned
AFTER_RUN = frozenset({"pickle", "save, load"})


def why_not(do: Callable[[], object]) -> str:
    """Why something is refused; empty if it works. All other errors are faults, and raised."""
    try:
        do()
    except PlasticityError as error:
        return str(error)
    return ""


def through(name: str, folder: Path) -> dict[str, str]:
    """Why a rule is refused at every door."""
    refused = why_not(lambda: _run(name, folder))
    return {door: refused if door == "run digits" or (refused and door in AFTER_RUN) else
            why_not(lambda do=do: do(name, folder)) for door, do in DOORS.items()}


#: a rule of every way of learning; None is the network's own
RULES = (None, "pair_stdp", "soft_hebb", "eprop", "backprop", "forward_forward")
X, Y = np.random.default_rng(0).random((20, 8, 8)), np.arange(20) % 3
#: noun -> all of its names; of those with options that have to be small, the text
NOUNS: Mapping[str, Mapping[str, str]] = MappingProxyType({
    "network": {name: {"diehl-cook": "diehl-cook(neurons=5, steps=20)", "csnn": "csnn(2, 2, size=3)"}.get(name, name)
                for name in networks.catalogue},
    "encoder": {name: {"rows": "rows(width=8)"}.get(name, name) for name in encoding.catalogue.catalogue},
    "readout": {name: name for name in readout.catalogue.catalogue},
    "augment": {name: {"crop": "crop(pixels=2)"}.get(name, name) for name in augmentations},
    "engine": {name: name for name in (*engines.ENGINES, *GRADIENT_ENGINES)},
    "loss": {name: name for name in LOSSES}})


def together(noun: str, name: str, rule: str | None) -> str:
    """Why a learner with that noun and rule is refused when it is made, or when it sees pictures and their labels."""
    def do() -> None:
        encoder = "latency(steps=10)" if rule == "eprop" else None  # pictures are sequences to it otherwise
        Learner(**{"rule": rule, "network": None, "encoder": encoder, noun: NOUNS[noun][name]}).prepare(X, Y)

    return why_not(do)
