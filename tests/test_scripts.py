"""Scripts can be called as their first lines say, and use what there is: names, options, and one tiny training each."""

import argparse
import json
import re
import shlex
import warnings

import numpy as np
import pytest
from support.scripts import SCRIPTS, script

from plasticity import Learner, networks, rules
from plasticity.cli.comparing import split
from plasticity.comparison.job import Job
from plasticity.datasets import Dataset
from plasticity.errors import NetworkWarning

#: what needs libraries of environments of their own
PEERS = {"bench/bindsnet_diehl_cook.py", "bench/speed_page.py"}
CALLED = [path for path in sorted(str(path.relative_to(SCRIPTS)) for folder in ("bench", "reproduce")
                                  for path in (SCRIPTS / folder).glob("[a-z]*.py"))
          if path not in PEERS and re.search("argparse|import Study, main", (SCRIPTS / path).read_text("utf-8"))]
TABLES = [path.name for path in sorted(SCRIPTS.glob("[a-z]*.py"))]
TINY = {"train_samples": 60, "test_samples": 40}


class Parser(Exception):
    """What was about to parse arguments."""


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def parsers(monkeypatch):
    """A function from a script to its parser."""
    def stop(self, *args, **options):
        raise Parser(self)

    def parser_of(path: str) -> argparse.ArgumentParser:
        monkeypatch.setattr(argparse.ArgumentParser, "parse_args", stop)
        module = script(path)
        with pytest.raises(Parser) as stopped:
            module.arguments() if hasattr(module, "arguments") else _main(module)
        monkeypatch.undo()
        return stopped.value.args[0]

    return parser_of


def _main(module) -> None:
    module.main(module.STUDY, module.__doc__) if hasattr(module, "STUDY") else module.main()


def usage(path: str) -> list[list[str]]:
    """The arguments of each call that the script's docstring shows."""
    text = (SCRIPTS / path).read_text(encoding="utf-8").split('"""')[1]
    return [shlex.split(line, comments=True) for line in re.findall(rf"python scripts/{path}(.*)", text)]


@pytest.mark.parametrize("path", CALLED)
def test_a_script_can_be_called_as_it_says(path, parsers):
    parser = parsers(path)
    assert parser.description and parser.format_help()
    for words in usage(path):
        parser.parse_args(words)  # exits where an option or a choice does not exist


@pytest.mark.parametrize("path", [*CALLED, *TABLES])
def test_a_script_uses_no_old_names(path):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "(?s).*the old (name|form) goes", DeprecationWarning)
        assert script(path).__doc__


def test_unsupervised_studies_name_networks_that_there_are():
    for study in script("reproduce/unsupervised.py").STUDIES.values():
        assert Learner(study["network"]).network.count("neurons=") == 1
        assert networks.make(study["network"]).options["neurons"] >= 400


@pytest.mark.parametrize("path", ["reproduce/compare_mnist.py", "reproduce/compare_tuning.py"])
def test_compared_rules_are_rules_that_there_are(path):
    assert all(rules.make(rule) for rule in split(script(path).RULES))


@pytest.mark.filterwarnings(f"ignore::{NetworkWarning.__module__}.NetworkWarning")
def test_an_unsupervised_study_and_its_row(monkeypatch):
    study, table = script("reproduce/unsupervised.py"), script("results_table.py")
    monkeypatch.setitem(study.STUDIES, "tiny", {"task": "digits", "network": "diehl-cook(neurons=12, steps=40)",
                                                "epochs": 1, **TINY})
    told = json.loads(json.dumps(study.study("tiny", (0,), print)))
    assert told["summary"]["accuracy"]["seeds"] == [0] and "accuracy by proportion" in told["summary"]
    assert "| tiny | 60 | diehl-cook(steps=40) | 12 | 1 | 1 | " in table._learned({"tiny": told})


def test_alignment_follows_a_rule():
    alignment = script("reproduce/alignment.py")
    assert {study.network for study in alignment.STUDIES.values()} == {None, "recurrent(200)"}
    run = alignment.followed(Job("digits", "eprop", network="layers(10, 10)", lr=5e-3, epochs=1, **TINY))
    assert run["lr"] == 5e-3 and {line["update"] for line in run["lines"]} == {0}
    cosines = {name: points["eprop"][0, 1] for name, points in alignment.curves([run]).items()}
    assert all(-1 <= cosines[f"weights.{name}"] <= 1 for name in ("in->layer1", "layer1->layer2"))


def test_tuning_keeps_the_best_rate(monkeypatch):
    tuning = script("reproduce/compare_tuning.py")
    monkeypatch.setattr(tuning, "SETTING", Job("digits", "", 0, "layers(10)", epochs=1, validation=True, **TINY))
    runs = [tuning.tried("bptt", rate) for rate in (1e-4, 2e-2)]
    assert [run["lr"] for run in runs] == [1e-4, 2e-2]
    assert tuning.chosen([*runs, {"lr": 1.0, "accuracy": None}]) == max(runs, key=lambda run: run["accuracy"])["lr"]


def test_methods_are_those_of_the_study(monkeypatch):
    study = script("reproduce/methods_digits.py")
    assert {case: study.learner_of(case, 0)._experiment().rule.name for case in study.METHODS} == {
        case: case for case in study.METHODS}
    monkeypatch.setitem(study.METHODS, "mlp", {"method": "mlp(hidden=(10,))", "lr": 1e-2, "epochs": 1})
    assert study.once("mlp", 0)["parameters"] == 64 * 10 + 10 + 10 * 10 + 10


def test_rate_learners_learn(monkeypatch):
    study = script("reproduce/rate_learners.py")
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 8, 8)), np.arange(40) % 2
    monkeypatch.setattr(study, "load", lambda name: Dataset(name, x, y, x[:10], y[:10], 2))
    run = study.once("mlp", study.Settings("mlp(hidden=(5,))", 1, 10, 1e-3), 0, False, 20, "cpu")
    assert len(run["losses"]) == 1 and 0 <= run["accuracy"] <= 1


@pytest.mark.parametrize("name", ["soft_hebb", "krotov_hopfield"])
def test_a_layer_of_rates_and_its_controls(name, monkeypatch):
    study = script("reproduce/hebbian_mnist.py")
    monkeypatch.setattr(study, "UNITS", 12)
    x, y = study.unit_length(np.random.default_rng(0).random((60, 4, 4))), np.arange(60) % 2
    run = study.once(study.STUDIES[name], Dataset("tiny", x[:40], y[:40], x[40:], y[40:], 2), 0)
    assert run["change_of_weights"] > 0 and all(0 <= run[f"accuracy{what}"] <= 1 for what in (
        "", "_first_weights", "_random_weights"))


def test_the_page_of_results_is_what_the_files_say():
    table = script("results_table.py")
    assert table.PAGE.read_text(encoding="utf-8") == table.page(), "run python scripts/results_table.py"


def test_the_changelog_names_every_module_that_moved():
    table = script("moved_table.py")
    committed = table.TARGET.read_text(encoding="utf-8")
    assert committed == table.page(committed), "run python scripts/moved_table.py"


def test_a_comparison_of_now_has_its_table():
    row = {"rule": "bptt", "network": "layers(10)", "accuracy": 0.5, "accuracy_sd": None, "train_seconds": 1.0,
           "peak_mb": 2.0, "epochs": 3}
    told = {"config": {"seeds": [0]}, "machine": {"processor": "x", "cores": 2},
            "rows": [row, {**row, "rule": "dfa"}, {**row, "rule": "pair_stdp", "epochs": 1}]}
    page = script("results_table.py")._compared(told)
    assert page.startswith("3 passes over all training images (pair_stdp: 1), seeds 0;")
    assert "| `dfa` | layers(10) | 0.5000 |" in page and "now" not in page


def test_teachers_have_a_row_per_share_of_labels():
    figure = {"mean": 0.5, "sd": 0.1}
    told = {"settings": {"network": "n", "rule": "r", "train_samples": 60_000, "updates": 6, "batch": 2},
            "summary": {"0.01": dict.fromkeys(("stdp", "eprop_random", "eprop_stdp"), figure)}}
    assert "| 1 % | 0.5000 ± 0.1000 | 0.5000 ± 0.1000 |" in script("results_table.py")._teachers(told)
