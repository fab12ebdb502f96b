"""plasticity compare: one table, every kind of learner, each training in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict

import numpy as np
import pytest
import torch

import plasticity
from plasticity import PlasticityError, cli
from plasticity.cli.comparing import split
from plasticity.comparison import compare, known, one
from plasticity.comparison.candidates import Job, candidate, network_of
from plasticity.comparison.one import train_one
from plasticity.comparison.rows import row
from plasticity.comparison.settings import TASKS
from plasticity.datasets import tasks

SMALL = {"epochs": 1, "train_samples": 60, "test_samples": 40, "network": "layers-12-10"}
COLUMNS = {"rule", "network", "seeds", "accuracy", "accuracy_sd", "train_seconds", "peak_mb", "spikes_per_sample",
           "synops_per_sample", "update_cosine", "parameters", "epochs"}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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
    assert made["network"] == "layers-12-10" and made["epochs"] == 1
    assert made["accuracy"] == pytest.approx(np.mean(made["accuracies"]))
    assert made["accuracy_sd"] == pytest.approx(np.std(made["accuracies"], ddof=1))
    assert made["peak_mb"] > 0 and made["train_seconds"] > 0 and -1 < made["update_cosine"] < 0.99
    assert made["parameters"] == 64 * 12 + 12 * 10 + 22 * 10
    assert made["train_samples"] == 60 and made["test_samples"] == 40 and made["held_out"] == "test"
    assert found.keys() >= {"rows", "runs", "config", "versions", "machine"}
    assert json.loads((folder / "result.json").read_text())["rows"] == found["rows"]


def test_a_process_of_its_own_gives_what_this_one_does(finished):
    here = train_one(Job("digits", RULE, 1, "layers-12-10", epochs=1, train_samples=60, test_samples=40))
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
    bptt, eprop = (train_one(Job("digits", rule, 0, "layers-12-10", epochs=1, train_samples=60, test_samples=40))
                   for rule in ("bptt", "eprop"))
    assert bptt["update_cosine"] == pytest.approx(1)
    assert bptt["synops_per_sample"] > eprop["synops_per_sample"] > 2 * eprop["inference_synops_per_sample"]


@pytest.mark.parametrize(("arguments", "named"), [
    (["digitz"], "did you mean 'digits'"), (["digits", "--rules", "bptt,epropp"], "did you mean 'eprop'"),
    (["digits", "--rules", "eprop(feedback=some)"], "feedback"), (["digits", "--rules", "eprop(nothing=1)"], "nothing"),
    (["digits", "--rules", "bptt,,dfa"], "names no rule"), (["digits", "--rules", "bptt,bptt"], "twice"),
    (["digits", "--network", "layers-0"], "layers-200-200"), (["digits", "--encoder", "braille"], "encoder"),
    (["digits", "--seeds", "0"], "one seed"), (["digits", "--jobs", "0"], "jobs"),
    (["digits", "--epochs", "-1"], "epochs"), (["digits", "--batch", "0"], "batch"),
    (["digits", "--rules", "stdp(neuron=3)"], "neuron"), (["digits", "--rules", "cnn(padding=0)"], "padding"),
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
    found = row("bptt", [{"seed": 0, "accuracy": 0.5, "epochs": 1}, {"seed": 1, "error": "the loss is nan"}])
    assert found["seeds"] == [0] and found["accuracy"] == 0.5 and found["accuracy_sd"] is None
    assert found["failed"] == [{"seed": 1, "error": "the loss is nan"}]
    assert row("bptt", [{"seed": 0, "error": "x"}])["accuracy"] is None


def test_a_training_that_diverges_leaves_a_result_that_says_so(tmp_path):
    (tmp_path / "job.json").write_text(json.dumps(asdict(Job("digits", "mlp", lr=1e30, epochs=3, train_samples=60))))
    assert one.main(str(tmp_path / "job.json"), str(tmp_path / "result.json")) == 1
    assert "not finite" in json.loads((tmp_path / "result.json").read_text())["error"]


def test_a_comparison_in_which_all_fail_ends_with_code_1(finished, tmp_path, capfd):
    folder = shutil.copytree(finished[1], tmp_path / "out")
    for seed in (0, 1):
        (folder / f"runs/00{seed}-eprop-seed{seed}/result.json").write_text(
            json.dumps({"rule": RULE, "seed": seed, "error": "the loss is nan"}))
    assert cli.run(["compare", "digits", "--resume", str(folder), "--json"]) == 1
    assert json.loads(capfd.readouterr().out)["rows"][0]["failed"][1] == {"seed": 1, "error": "the loss is nan"}


@pytest.mark.parametrize("task", sorted({*TASKS} - {"fsdd", "rows_mnist"}))  # both take long to load
def test_every_rule_can_take_part(task):
    """Learners of all names are made for every task's samples; what cannot learn is refused."""
    if task != "digits" and "PLASTICITY_DATA" not in os.environ:
        pytest.skip("needs MNIST")
    job = Job(task, "bptt", train_samples=40, test_samples=20)
    task = job.load()
    for name in known():
        if name == "stdp" and not job.setting.encoder:
            with pytest.raises(PlasticityError, match="takes images"):
                candidate(Job(job.task, name), task)
            continue
        made = candidate(Job(job.task, name), task)
        assert made.shaped(task.train_x).shape[0] == 40 and hasattr(made.learner, "fit")


def test_sequences_are_learned_too():
    if "PLASTICITY_DATA" not in os.environ:
        pytest.skip("needs N-MNIST")
    found = train_one(Job("nmnist", "eprop", network="recurrent-10", epochs=1, train_samples=20, test_samples=10))
    assert found["input_spikes_per_sample"] > 100 and found["parameters"] == 578 * 10 + 100 + 100


@pytest.mark.parametrize("name", ["stdp(neurons=20)", "forward_forward(hidden=(20,))", "gru(hidden=8)",
                                  "spiking_forward_forward(hidden=(10,))"])
def test_other_learners_are_counted_too(name):
    found = train_one(Job("digits", name, epochs=1, train_samples=60, test_samples=40))
    assert 0 <= found["accuracy"] <= 1 and found["parameters"] > 0
    if name.startswith("spiking"):
        assert found["spikes_per_sample"] > 0 and found["parameters"] == (64 + 10) * 10
    if name.startswith("stdp"):
        assert found["spikes_per_sample"] > 0
        assert found["synops_per_sample"] > found["inference_synops_per_sample"] > found["input_spikes_per_sample"] * 20


def test_rules_part_at_commas_outside_of_brackets():
    assert split("a, b(c=1, d=2),e") == ["a", "b(c=1, d=2)", "e"]


@pytest.mark.parametrize(("text", "network"), [("layers-20-10", (20, 10)), ("layers-7", (7,)), ("recurrent-9", 9)])
def test_networks(text, network):
    assert network_of(text) == network


def test_the_public_name():
    assert plasticity.compare is compare
    with pytest.raises(PlasticityError, match="unknown task"):
        tasks.load("nothing")
