"""plasticity compare: one table, every kind of learner, trained in processes of their own."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import cloudpickle
import numpy as np
import pytest

import plasticity
from plasticity import PlasticityError, cli, rules
from plasticity.cli.comparing import split
from plasticity.comparison import compare, resumed, table
from plasticity.comparison.axes import Comparison
from plasticity.comparison.candidates import Job, candidate
from plasticity.comparison.nouns import network_text
from plasticity.comparison.one import train_one
from plasticity.comparison.parts import names_of
from plasticity.comparison.rows import row
from plasticity.comparison.settings import TASKS
from plasticity.comparison.worker import answered
from plasticity.datasets import tasks
from plasticity.language.rule import Rule, Trace
from plasticity.learner.learnable import changes_weights
from plasticity.rules import bptt, cnn, mlp
from plasticity.runs.lock import one_writer

SMALL = {"epochs": 1, "train_samples": 60, "test_samples": 40, "networks": "layers(12, 10)"}
COLUMNS = {"rule", "network", "engine", "seeds", "n", "accuracy", "accuracy_sd", "accuracy_interval", "train_seconds",
           "peak_mb", "spikes_per_sample", "synops_per_sample", "update_cosine", "parameters", "epochs"}


pytestmark = pytest.mark.usefixtures("one_thread")


RULE = "eprop(feedback=random, reset=True)"


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A comparison that was interrupted when one of two trainings was done: its folder."""
    folder = tmp_path_factory.mktemp("compare") / "out"

    def stop(line):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare("digits", [RULE], 2, **SMALL, out=folder, say=stop)
    return folder


def test_ctrl_c_keeps_what_is_finished(stopped):
    first, second = (stopped / f"runs/00{k}-eprop-seed{k}" for k in (0, 1))
    assert json.loads((first / "result.json").read_text())["accuracy"] > 0
    assert not (second / "result.json").exists() and not (stopped / "result.json").exists()


@pytest.fixture(scope="module")
def finished(stopped):
    """The same comparison, gone on with: (what it answered, folder)."""
    first = stopped / "runs/000-eprop-seed0/result.json"
    before = first.stat().st_mtime_ns
    found = compare("digits", [RULE], 2, **SMALL, out=stopped, resume=True)
    assert first.stat().st_mtime_ns == before
    return found, stopped


def test_one_object_with_one_row_per_rule(finished, capfd):
    answered, folder = finished
    assert cli.run(["compare", "digits", "--resume", str(folder), "--json"]) == 0
    printed = capfd.readouterr().out
    assert printed.count("\n") == 1
    found = json.loads(printed)
    assert found["rows"] == answered["rows"]
    made, = found["rows"]
    assert made.keys() >= COLUMNS
    assert made["rule"] == RULE and made["seeds"] == [0, 1]
    assert made["network"] == "layers(12, 10)" and made["epochs"] == 1
    assert made["accuracy"] == pytest.approx(np.mean(made["accuracies"]))
    assert made["accuracy_sd"] == pytest.approx(np.std(made["accuracies"], ddof=1))
    assert made["peak_mb"] > 0 and made["train_seconds"] > 0 and -1 < made["update_cosine"] < 0.99
    assert made["parameters"] == 64 * 12 + 12 * 10 + 22 * 10
    assert made["train_samples"] == 60 and made["test_samples"] == 40 and made["held_out"] == "test"
    assert found.keys() >= {"rows", "runs", "config", "versions", "machine"}
    assert json.loads((folder / "result.json").read_text())["rows"] == found["rows"]


def test_a_process_of_its_own_gives_what_this_one_does(finished):
    here = train_one(Job("digits", RULE, 1, "layers(12, 10)", epochs=1, train_samples=60, test_samples=40))
    there = finished[0]["runs"][1]
    assert here["accuracy"] == there["accuracy"] and here["losses"] == there["losses"]


def test_other_settings_are_not_gone_on_with(finished, capfd):
    assert cli.run(["compare", "mnist", "--resume", str(finished[1])]) == 2
    assert "has TASK digits, not mnist" in capfd.readouterr().err
    for arguments, named in ((["--rules", "bptt"], "--rules"), (["--seeds", "3"], "--seeds [0, 1], not [0, 1, 2]"),
                             (["--out", "elsewhere"], "--out")):
        assert cli.run(["compare", "digits", "--resume", str(finished[1]), *arguments]) == 2
        assert named in capfd.readouterr().err
    with pytest.raises(PlasticityError, match="other settings"):
        compare("digits", [RULE], 3, **SMALL, out=finished[1], resume=True)
    with pytest.raises(PlasticityError, match="not an empty folder"):
        compare("digits", [RULE], 2, **SMALL, out=finished[1])


def test_backpropagation_is_in_line_with_itself_and_costs_more():
    bptt, eprop = (train_one(Job("digits", rule, 0, "layers(12, 10)", epochs=1, train_samples=60, test_samples=40))
                   for rule in ("bptt", "eprop"))
    assert bptt["update_cosine"] == pytest.approx(1)
    assert bptt["synops_per_sample"] > eprop["synops_per_sample"] > 2 * eprop["inference_synops_per_sample"]


# Rules as objects, and axes.


def own(name: str = "own") -> Rule:
    return Rule(pre={"x": Trace(20e-3)}, on_post={"w": "0.01 * (x - 0.3) * (w_max - w)"}, w_min=0.0, w_max=1.0,
                name=name)


TINY = {"epochs": 1, "train_samples": 60, "test_samples": 40}


@pytest.fixture(scope="module")
def crossed(tmp_path_factory):
    """A text's rule, a gradient rule and a method, all of a person's own, in two networks: (answer, folder)."""
    folder = tmp_path_factory.mktemp("crossed") / "out"
    rules = [own(), bptt().with_(reset=True), "bptt", replace(mlp(hidden=(8,)), words="of my own")]
    return compare("digits", rules, 1, networks=("layers(12)", "layers(12, 10)"), **TINY, out=folder), folder


def test_rules_as_objects_in_several_networks(crossed):
    """The second of a name has a number; rules that have no choice of networks are trained once."""
    result, _ = crossed
    assert [(row["rule"], row["names"]["network"]) for row in result["rows"]] == [
        ("own", None), ("bptt", "layers(12)"), ("bptt", "layers(12, 10)"), ("bptt (2)", "layers(12)"),
        ("bptt (2)", "layers(12, 10)"), ("mlp", None)]
    assert all(row["n"] == 1 and row["accuracy"] > 0 for row in result["rows"])
    sizes = [row["parameters"] for row in result["rows"]]
    assert sizes[1] == sizes[3] == 64 * 12 + 12 * 10 and sizes[2] == sizes[4] == 64 * 12 + 12 * 10 + 22 * 10
    header = table(result).splitlines()[1]
    assert header.split()[:2] == ["rule", "network"] and "engine" not in header


def test_objects_stand_in_files_by_their_names(crossed):
    result, folder = crossed
    job = json.loads((folder / "runs/000-own-seed0/job.json").read_text())
    assert job["rule"]["name"] == "own" and job["rule"]["class"] == "Rule" and job["names"]["rule"] == "own"
    assert {path.name for path in folder.iterdir()} == {"config.json", "result.json", "runs", "table.csv", "table.tex",
                                                       "table.txt"}
    assert (folder / "table.tex").read_text() == table(result, "latex")


def test_objects_are_gone_on_with(crossed):
    """The same objects: nothing is trained. Others of the same name: refused."""
    result, folder = crossed
    rules = [own(), bptt().with_(reset=True), "bptt", replace(mlp(hidden=(8,)), words="of my own")]
    shared = TINY | {"networks": ("layers(12)", "layers(12, 10)"), "out": folder, "resume": True}
    assert compare("digits", rules, 1, **shared)["runs"] == result["runs"]
    rules[0] = own().with_(params={"unused": 1.0})
    with pytest.raises(PlasticityError, match="other settings"):
        compare("digits", rules, 1, **shared)


def test_trainings_do_not_depend_on_those_before(crossed):
    """In a process that has trained others before, in another order: the same numbers, to the bit."""
    for rule, number in ((mlp(hidden=(8,)), 5), (own(), 0)):
        here = train_one(Job("digits", rule, **TINY))
        there = crossed[0]["runs"][number]
        assert here["accuracy"] == there["accuracy"] and here["losses"] == there["losses"]


def asked(**changes) -> Comparison:
    return Comparison(**{"rules": ("bptt",), "seeds": (0,), "shared": Job("digits", "", **TINY)} | changes)


def test_engines_are_an_axis_of_rules_for_synapses():
    comparison = asked(rules=("triplet_stdp", "pair_stdp", "dfa"), engines=("event", "torch"), seeds=(0, 5))
    comparison.check()
    assert [(each.names["rule"], each.names["engine"]) for each in comparison.combinations] == [
        ("triplet_stdp", "event"), ("triplet_stdp", "torch"), ("pair_stdp", "event"), ("pair_stdp", "torch"),
        ("dfa", None)]
    assert [each.job.seed for each in comparison.trainings] == [0, 5] * 5
    assert candidate(comparison.combinations[1].job, comparison.shared.load()).learner.engine == "torch"


@pytest.mark.parametrize(("changes", "named"), [
    ({"networks": ()}, "no empty list"), ({"rules": ()}, "one rule"), ({"seeds": (1, 1)}, "name one twice"),
    ({"rules": ("bptt", "bptt")}, "rules: 'bptt' is named twice"), ({"engines": ("event",)}, "takes engines"),
    ({"rules": ("mlp",), "networks": ("layers(9)",)}, "takes networks"),
    ({"rules": ("pair_stdp",), "engines": ("even",)}, "did you mean 'event'"),
    ({"networks": ("layers(9)", "layers(9)")}, r"networks: 'layers\(9\)' is named twice"),
    ({"networks": ("layers(few)",)}, "layer.*few"), ({"rules": ("stdp(neurons=10)",)}, "with its network"),
    ({"rules": (3,)}, "rule must be a text")])
def test_what_cannot_be_compared(changes, named):
    with pytest.raises(PlasticityError, match=named):
        asked(**changes).check()


def test_the_same_object_twice_is_a_mistake_and_two_of_a_name_are_not():
    rule = own()
    with pytest.raises(PlasticityError, match="rules: 'own' is named twice"):
        asked(rules=(rule, rule)).check()
    assert names_of((rule, own(), "own", own("own (2)"))) == ("own", "own (2)", "own (3)", "own (2) (2)")


@pytest.mark.parametrize("rule", ["eprop(feedback=random)", own(), bptt(), mlp(hidden=(8,)), cnn()],
                         ids=lambda rule: getattr(rule, "name", rule))
def test_a_job_is_known_again_in_another_process(rule):
    """Its digest does not depend on the process, nor on copies."""
    program = ("import pickle, sys; job = pickle.load(sys.stdin.buffer); print(job.digest)")
    job = Job("digits", rule)
    there = subprocess.run([sys.executable, "-c", program], input=cloudpickle.dumps(job), capture_output=True,
                           check=True, env={**os.environ, "PYTHONHASHSEED": "1"})
    assert there.stdout.decode().strip() == job.digest == pickle.loads(cloudpickle.dumps(job)).digest
    assert job.digest != Job("digits", rule, seed=1).digest


def test_jobs_as_json():
    job = Job("digits", "eprop(feedback=random)", 3, "layers(9)", lr=0.1)
    assert Job.from_dict(json.loads(json.dumps(job.to_dict()))) == job


@pytest.mark.parametrize("rule", [own("mine"), bptt().with_(reset=True), mlp(hidden=(8,))], ids=lambda rule: rule.name)
def test_objects_with_a_written_form_are_read_back(rule):
    written = json.loads(json.dumps(Job("digits", rule).to_dict()))
    assert written["rule"]["name"] == rule.name and "digest" not in written["rule"]
    assert Job.from_dict(written) == Job("digits", rule)
    assert Job.from_dict(written).digest == Job("digits", rule).digest


def test_a_comparison_of_such_objects_is_gone_on_with_by_the_command(tmp_path, capfd):
    folder = tmp_path / "out"
    result = compare("digits", [own("mine"), "pair_stdp"], 1, **TINY, out=folder)
    assert cli.run(["compare", "digits", "--resume", str(folder), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["runs"] == result["runs"]


def test_objects_without_one_are_gone_on_with_from_python(crossed, capfd):
    assert cli.run(["compare", "digits", "--resume", str(crossed[1])]) == 2
    assert "go on from Python" in capfd.readouterr().err


def test_the_old_name_of_networks(capfd):
    with pytest.raises(PlasticityError, match="size of layer 1 must be a whole number of at least 1"), \
            pytest.warns(DeprecationWarning, match="network of compare is called networks now"):
        compare("digits", "bptt", network="layers-0")


def test_a_comparison_has_one_writer(tmp_path):
    with one_writer(tmp_path / "out"), pytest.raises(PlasticityError, match="is being written by process"):
        compare("digits", "mlp(hidden=(5,))", 1, **TINY, out=tmp_path / "out")


def test_a_folder_of_another_version(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"config": {"task": "digits", "network": None}}))
    with pytest.raises(PlasticityError, match="written by another version"):
        resumed(tmp_path)


@pytest.mark.parametrize(("arguments", "named"), [
    (["digitz"], "did you mean 'digits'"), (["digits", "--rules", "bptt,epropp"], "did you mean 'eprop'"),
    (["digits", "--rules", "eprop(feedback=some)"], "feedback"), (["digits", "--rules", "eprop(nothing=1)"], "nothing"),
    (["digits", "--rules", "bptt,,dfa"], "names no rule"), (["digits", "--rules", "bptt,bptt"], "twice"),
    (["digits", "--network", "layers-0"], "size of layer 1"), (["digits", "--encoder", "braille"], "encoder"),
    (["digits", "--seeds", "0"], "one seed"), (["digits", "--jobs", "0"], "jobs"),
    (["digits", "--epochs", "-1"], "epochs"), (["digits", "--batch", "0"], "batch"),
    (["digits", "--rules", "pair_stdp(neuron=3)"], "neuron"), (["digits", "--rules", "cnn(padding=0)"], "padding"),
    (["rows_mnist", "--encoder", "rate"], "sequences"), (["digits", "--lr", "-1"], "lr"),
    (["digits", "--lr", "nan"], "lr"), (["digits", "--device", "tpu"], "device"),
    (["digits", "--rules", "mlp(hidden=few)"], "tuple"), (["digits", "--rules", "mlp(hidden=(0,))"], "at least 1"),
    (["digits", "--rules", "mlp(dropout=1)"], "dropout"), (["digits", "--train-samples", "0"], "train_samples")])
def test_bad_names_are_one_line_and_write_nothing(arguments, named, tmp_path, capfd):
    out = tmp_path / "out"
    if "--rules" not in arguments:
        arguments = [*arguments, "--rules", "bptt"]
    assert cli.run(["compare", *arguments, "--out", str(out)]) == 2
    said = capfd.readouterr().err
    assert said.count("\n") == 1 and named in said
    assert not out.exists()


def test_a_training_that_fails_is_a_row_that_says_so():
    names = {"rule": "bptt", "network": None, "engine": None}
    entries = row(names, [{"seed": 0, "accuracy": 0.5, "epochs": 1}, {"seed": 1, "error": "the loss is nan"}])
    assert entries["seeds"] == [0] and entries["accuracy"] == 0.5 and entries["accuracy_sd"] is None
    assert entries["n"] == 1 and entries["asked"] == 2 and entries["accuracy_interval"] is None
    assert entries["failed"] == [{"seed": 1, "error": "the loss is nan"}]
    assert row(names, [{"seed": 0, "error": "x"}])["accuracy"] is None


def test_a_training_that_diverges_says_so_and_the_process_stays():
    answer, leaves = answered(train_one, pickle.dumps(Job("digits", "mlp", lr=1e30, epochs=3, train_samples=60)))
    assert "not finite" in answer["error"] and not leaves


def test_a_comparison_in_which_some_fail_ends_with_code_1(tmp_path, capfd):
    """mlp diverges with such a step; the STDP network has none."""
    folder = tmp_path / "out"
    command = ["compare", "digits", "--rules", "mlp,pair_stdp", "--seeds", "1", "--epochs", "3", "--lr", "1e30",
               "--train-samples", "60", "--test-samples", "40", "--out", str(folder), "--json"]
    assert cli.run(command) == 1
    printed = capfd.readouterr()
    failed, fine = json.loads(printed.out)["rows"]
    assert "not finite" in failed["failed"][0]["error"] and failed["accuracy"] is None
    assert fine["accuracy"] > 0 and "failed" not in fine
    assert f"train them again with: plasticity compare digits --resume {folder}" in printed.err


@pytest.mark.parametrize("task", sorted({*TASKS} - {"fsdd", "rows_mnist"}))  # both take long to load
def test_every_rule_can_take_part(task):
    """Learners of all names are made for every task's samples; what waits for a third factor, or changes no weight, is
    refused."""
    if task != "digits" and "PLASTICITY_DATA" not in os.environ:
        pytest.skip("needs MNIST")
    job = Job(task, "bptt", train_samples=40, test_samples=20)
    task = job.load()
    refused = {name for name, make in rules.KINDS["synapse"].items() if make().signals or not changes_weights(make())}
    assert len(refused) == 7
    for name in rules.catalogue:
        if name in refused:
            with pytest.raises(PlasticityError, match=r"needs the signal|changes no weight"):
                candidate(Job(job.task, name), task)
        else:
            made = candidate(Job(job.task, name), task)
            assert made.shaped(task.train_x).shape[0] == 40 and hasattr(made.learner, "fit")


def test_sequences_are_learned_too():
    if "PLASTICITY_DATA" not in os.environ:
        pytest.skip("needs N-MNIST")
    found = train_one(Job("nmnist", "eprop", network="recurrent-10", epochs=1, train_samples=20, test_samples=10))
    assert found["input_spikes_per_sample"] > 100 and found["parameters"] == 578 * 10 + 100 + 100


@pytest.mark.parametrize("name", ["pair_stdp", "soft_hebb", "forward_forward(hidden=(20,))", "gru(hidden=8)",
                                  "spiking_forward_forward(hidden=(10,))"])
def test_other_learners_are_counted_too(name):
    found = train_one(Job("digits", name, epochs=1, train_samples=60, test_samples=40))
    assert 0 <= found["accuracy"] <= 1 and found["parameters"] > 0
    if name.startswith("spiking"):
        assert found["spikes_per_sample"] > 0 and found["parameters"] == (64 + 10) * 10
    if name == "pair_stdp":
        assert found["spikes_per_sample"] > 0
        assert found["synops_per_sample"] > found["inference_synops_per_sample"] > found["input_spikes_per_sample"] * 20


def test_rules_part_at_commas_outside_of_brackets():
    assert split("a, b(c=1, d=2),e") == ["a", "b(c=1, d=2)", "e"]


@pytest.mark.parametrize(("before", "now"), [
    ("layers-20-10", "layers(20, 10)"), ("layers-7", "layers(7)"), ("recurrent-9", "recurrent(9)")])
def test_networks_as_they_were_written_before(before, now):
    with pytest.warns(DeprecationWarning, match="is written"):
        assert network_text(before) == now
    assert network_text(now) == now and network_text(None) is None


def test_the_public_name():
    assert plasticity.compare is compare
    with pytest.raises(PlasticityError, match="unknown task"):
        tasks.load("nothing")
