"""The command: what it prints where, what it refuses, and that a run survives being killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from plasticity import cli
from plasticity.comparison import run as experiment
from plasticity.datasets import tasks
from plasticity.runs import load_arrays
from plasticity.runs.sealed import read_sealed, write_sealed

SMALL = ["--neurons", "20", "--train-samples", "60", "--test-samples", "40", "--epochs", "2"]
RESULT = {"task", "network", "rule", "encoder", "readout", "engine", "device", "epochs", "seed", "train_seconds",
          "images_per_second", "accuracy", "accuracy_by_readout", "spikes_per_image", "run"}


def call(*arguments, **options):
    """The command in a process of its own."""
    command = [sys.executable, "-m", "plasticity", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, check=False, **options)


@pytest.fixture
def run(capfd):
    """Runs the command in this process; answers (exit code, stdout, stderr)."""
    def run(*arguments):
        capfd.readouterr()
        with warnings.catch_warnings():
            code = cli.run([str(argument) for argument in arguments])
        return (code, *capfd.readouterr())
    return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run: (what was printed, folder)."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    done = call("run", "digits", *SMALL, "--control", "--out", folder, "--json")
    assert done.returncode == 0, done.stderr
    return done, folder


def test_run_prints_one_json_object_and_nothing_else(finished):
    done, folder = finished
    assert done.stdout.count("\n") == 1
    result = json.loads(done.stdout)
    assert result.keys() >= RESULT | {"accuracy_untrained"}
    assert (result["task"], result["network"], result["engine"], result["readout"], result["epochs"], result["seed"]) \
        == ("digits", "diehl-cook(neurons=20)", "event", "all_activity", 2, 0)
    assert result["accuracy"] == result["accuracy_by_readout"]["all_activity"]
    assert set(result["accuracy_by_readout"]) == {"all_activity", "proportion", "logistic"}
    assert result["images"] == 120 and result["run"] == str(folder)
    assert result["images_per_second"] == pytest.approx(120 / result["train_seconds"])
    assert 0 < result["spikes_per_image"] < 250
    assert "training samples" in done.stderr


def test_a_run_leaves_a_complete_folder(finished):
    done, folder = finished
    names = {path.name for path in folder.iterdir()}
    assert names == {"config.json", "metrics.jsonl", "weights.safetensors", "result.json", "figures", "report.html",
                     "learner"}
    assert {path.stem for path in (folder / "figures").iterdir()} == {
        "receptive_fields", "learning_curve", "confusion", "raster", "stdp_window"}
    assert json.loads((folder / "result.json").read_text()) == json.loads(done.stdout)
    weights = load_arrays(folder / "weights.safetensors")
    assert weights["pixels->excitatory.w"].shape == (64, 20) and weights["excitatory.theta"].shape == (20,)
    config = json.loads((folder / "config.json").read_text())
    assert config["settings"]["seed"] == 0 and config["versions"]["numba"]
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert lines[-1]["images"] == 120 and {"seconds", "running_accuracy", "spikes_per_image"} <= lines[-1].keys()


def test_the_same_seed_gives_the_same_run(finished, run, tmp_path):
    code, out, _ = run("run", "digits", *SMALL, "--out", tmp_path / "again", "--json")
    assert code == 0
    first, again = json.loads(finished[0].stdout), json.loads(out)
    assert first["accuracy_by_readout"] == again["accuracy_by_readout"]
    assert (tmp_path / "again" / "weights.safetensors").read_bytes() == \
        (finished[1] / "weights.safetensors").read_bytes()


def test_without_json_a_person_can_read_it(run, tmp_path):
    code, out, err = run("run", "digits", *SMALL, "--rule", "pair_stdp", "--validation", "--ngram", "--control",
                         "--out", tmp_path / "run")
    assert code == 0, err
    assert "untrained" in out and "figures" in out and re.search(r"accuracy \(all_activity.*%", out)
    assert "readout ngram" in out and "(validation)" in err


def test_the_digits_are_learned(run, tmp_path):
    code, out, _ = run("run", "digits", "--neurons", 60, "--epochs", 4, "--control", "--out", tmp_path / "r", "--json")
    result = json.loads(out)
    assert code == 0 and result["accuracy"] > 0.75 > result["accuracy_untrained"] + 0.2


LONG = ["--neurons", "20", "--train-samples", "300", "--test-samples", "20", "--checkpoint-every", "0.05", "--json"]


def begun(folder, *more):
    """A process that runs, with as many threads as this one, once it has left a checkpoint."""
    command = [sys.executable, "-m", "plasticity", "run", "digits", *LONG, *more, "--out", str(folder)]
    env = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    for _ in range(4000):
        if list((folder / "checkpoint").glob("at-*")) or process.poll() is not None:
            break
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("more", [["--epochs", "100"], ["--epochs", "3", "--engine", "torch", "--batch", "30"]])
def test_a_killed_run_goes_on_to_the_same_weights(run, tmp_path, more):
    process = begun(tmp_path / "killed", *more)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "the run was over before it could be killed"
    assert not (tmp_path / "killed" / "weights.safetensors").exists()
    code, out, err = run("run", "digits", "--resume", tmp_path / "killed", "--out", tmp_path / "killed", "--json")
    assert code == 0, err
    assert run("run", "digits", *LONG, *more, "--out", tmp_path / "whole")[0] == 0
    for name in ("weights.safetensors",):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    whole = json.loads((tmp_path / "whole" / "result.json").read_text())
    assert json.loads(out)["accuracy_by_readout"] == whole["accuracy_by_readout"]
    assert json.loads(out)["spikes_per_image"] == whole["spikes_per_image"]
    assert not (tmp_path / "killed" / "checkpoint").exists()


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(run, tmp_path):
    process = begun(tmp_path / "stopped", "--epochs", "2000")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == "" and "Traceback" not in err
    assert f"--resume {tmp_path / 'stopped'}" in err
    assert list((tmp_path / "stopped" / "checkpoint").glob("at-*"))
    refused = [("--epochs", "7", "--epochs 2000, not 7"), ("--seed", "3", "--seed 0, not 3"),
               ("--out", str(tmp_path / "elsewhere"), "goes on in that folder")]
    for option, value, says in refused:
        code, _, err = run("run", "digits", "--resume", tmp_path / "stopped", option, value)
        assert code == 2 and says in err
    code, _, err = run("run", "mnist", "--resume", tmp_path / "stopped")
    assert code == 2 and "TASK digits, not mnist" in err


def test_a_run_that_goes_on_and_a_checkpoint_of_another_network_are_refused(run, tmp_path):
    process = begun(tmp_path / "run", "--epochs", "2000")
    code, _, err = run("run", "digits", "--resume", tmp_path / "run")
    assert code == 2 and f"is being written by process {process.pid}, which goes on" in err.splitlines()[-1]
    process.kill()
    process.wait()
    config = tmp_path / "run" / "config.json"
    stored = read_sealed(config)
    stored["settings"]["network"] = "diehl-cook(neurons=21)"
    write_sealed(config, stored)
    code, out, err = run("run", "digits", "--resume", tmp_path / "run", "--json")
    assert code == 2 and out == "" and "belongs to another network" in err
    for state in (tmp_path / "run" / "checkpoint").glob("at-*/state.safetensors"):
        state.write_bytes(state.read_bytes()[:-10])
    code, _, err = run("run", "digits", "--resume", tmp_path / "run")
    assert code == 2 and "state.safetensors was altered" in err and "no checkpoint in" in err.splitlines()[-1]


BAD = [
    (["run", "digit"], "did you mean 'digits'"),
    (["run", "digits", "--network", "diehl-cok"], "did you mean 'diehl-cook'"),
    (["run", "digits", "--rule", "pair_stpd"], "did you mean 'pair_stdp'"),
    (["run", "digits", "--engine", "evnt"], "did you mean 'event'"),
    (["run", "digits", "--neurons", "0"], "neurons"),
    (["run", "digits", "--neurons", "many"], "--neurons"),
    (["run", "digits", "--epochs", "-1"], "epochs"),
    (["run", "digits", "--batch", "0"], "batch"),
    (["run", "digits", "--reduce", "median"], "reduce"),
    (["run", "digits", "--dtype", "float16"], "dtype"),
    (["run", "digits", "--train-samples", "99999"], "train_samples must be between 1 and 1201"),
    (["run", "digits", "--test-samples", "0"], "test_samples must be between 1 and 596"),
    (["run", "digits", "--device", "cuda"], "event engine runs on the cpu"),
    (["run", "digits", "--sed", "1"], "--seed"),
    (["run"], "TASK"),
]


@pytest.mark.parametrize("arguments, says", BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input_gets_one_line_and_leaves_nothing(run, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert code == 2 and out == "" and "Traceback" not in err
    assert len(lines) == 1 and says.lower() in lines[0].lower()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments, says", [
    (["run", "digits", "--resume", "nowhere"], "no run to resume"),
    (["list", "rulez"], "did you mean 'rules'"), (["explain", "pair"], "pair_stdp"),
    (["explain", "pair_stdp", "--figure", "w.doc"], ".png"), (["expain"], "expain"),
    (["bench", "stdp", "--images", "0"], "images"), (["bench", "stdp", "--engine", "x"], "engine")])
def test_bad_questions_are_answered_in_one_line(run, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*arguments)
    assert code == 2 and out == "" and err.startswith("error: ") and err.count("\n") == 1 and says in err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_refused(finished, run):
    before = sorted(finished[1].rglob("*"))
    code, _, err = run("run", "digits", *SMALL, "--out", finished[1])
    assert code == 2 and "choose another --out" in err
    code, _, err = run("run", "digits", "--resume", finished[1])
    assert code == 2 and "finished" in err
    assert sorted(finished[1].rglob("*")) == before


def test_altered_data_are_refused(run, tmp_path, monkeypatch):
    for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz",
                 "t10k-labels-idx1-ubyte.gz"):
        (tmp_path / "data" / "mnist").mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / "mnist" / name).write_bytes(b"\x1f\x8bnot what it was")
    monkeypatch.setenv("PLASTICITY_DATA", str(tmp_path / "data"))
    code, out, err = run("run", "mnist", "--out", tmp_path / "run", "--json")
    assert code == 2 and out == "" and "ubyte.gz" in err and "Traceback" not in err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("what, some", [
    ("rules", "pair_stdp"), ("neurons", "lif"), ("networks", "diehl-cook"), ("datasets", "mnist"),
    ("engines", "event"), ("rules", "drtp"), ("rules", "backprop")])
def test_lists(run, what, some):
    code, out, _ = run("list", what, "--json")
    found = json.loads(out)
    assert code == 0 and list(found) == [what] and out.count("\n") == 1
    names = [entry["name"] for entry in found[what]]
    assert some in names and len(set(names)) == len(names)
    assert all(entry["summary"] for entry in found[what])
    code, out, _ = run("list", what)
    assert code == 0 and all(name in out for name in names)


def test_explain(run, tmp_path):
    code, out, _ = run("explain", "triplet_stdp")
    assert code == 0 and "at a presynaptic spike" in out and "Pfister" in out
    code, out, _ = run("explain", "pair-stdp", "--json", "--figure", tmp_path / "w.png")
    found = json.loads(out)
    assert code == 0 and found["name"] == "pair_stdp" and found["equations"]["on_post"] == ["w += a_plus * x"]
    assert found["figure"] == str(tmp_path / "w.png") and (tmp_path / "w.png").stat().st_size > 5000


@pytest.mark.parametrize("more, batch", [([], 1), (["--batch", "4", "--rule", "pair_stdp"], 4)])
def test_bench(run, more, batch):
    code, out, err = run("bench", "stdp", "--neurons", "30", "--images", "28", "--json", *more)
    found = json.loads(out)
    assert code == 0, err
    assert (found["engine"], found["neurons"], found["images"], found["steps"]) == ("event", 30, 28, 250)
    assert found["batch"] == batch and found["rule"] == "pair_stdp"
    assert found["input_spikes_per_image"] == pytest.approx(150 * 63.75 * 0.25, rel=0.08)
    assert found["ms_per_image"] == pytest.approx(np.median(found["ms_per_image_blocks"]))
    assert len(found["ms_per_image_blocks"]) >= 5 and found["compile_seconds"] > 0
    assert found["weights_changed"] > 0 and found["output_spikes_per_image"] > 0


def test_importing_the_library_loads_nothing_heavy():
    heavy = "{'numpy', 'torch', 'numba', 'brian2', 'sklearn', 'matplotlib', 'scipy', 'rich', 'typer'}"
    code = f"import sys, plasticity; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_and_lists_load_no_engine():
    heavy = "{'torch', 'numba', 'brian2', 'sklearn', 'matplotlib'}"
    code = (f"import sys; from plasticity import cli; cli.run(['--help']); cli.run(['list', 'rules', '--json']);"
            f"print(sorted({heavy} & set(sys.modules)), file=sys.stderr)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]" and "explain" in done.stdout


def test_what_compilers_print_does_not_reach_stdout():
    code = ("import os, sys; from plasticity.cli.output import quiet_stdout\n"
            "with quiet_stdout() as stdout:\n"
            "    os.system('echo child'); print('library'); stdout.write('result\\n'); stdout.flush()\n"
            "print('after')")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "result\nafter\n"
    assert "child" in done.stderr and "library" in done.stderr


def test_settings_of_another_version_are_refused():
    stored = experiment.asdict(experiment.Settings("digits"))
    assert experiment.Settings.of(stored) == experiment.Settings("digits")
    with pytest.raises(experiment.PlasticityError, match="colour"):
        experiment.Settings.of({**stored, "colour": "red"})


def test_tasks_are_split_as_they_say():
    whole, held = tasks.load("digits"), tasks.load("digits", validation=True)
    assert whole.train_x.shape == (1201, 64) and whole.image_shape == (8, 8) and whole.held_out == "test"
    assert (len(held.train_x), len(held.test_x), held.held_out) == (1001, 200, "validation")
    np.testing.assert_array_equal(np.concatenate([held.train_x, held.test_x]), whole.train_x)
    assert len(tasks.load("digits", train_samples=10, test_samples=5).test_x) == 5
    assert tasks.epochs("mnist") == 1 < tasks.epochs("digits")


@pytest.mark.mnist
@pytest.mark.skipif(not (Path(os.environ.get("PLASTICITY_DATA", "")) / "mnist").is_dir(),
                    reason="no MNIST files under $PLASTICITY_DATA")
def test_mnist_is_learned(run, tmp_path):
    code, out, err = run("run", "mnist", "--neurons", 50, "--train-samples", 3000, "--test-samples", 1000, "--out",
                         tmp_path / "run", "--json")
    assert code == 0, err
    assert json.loads(out)["accuracy"] > 0.6


def test_what_cannot_be_kept_is_refused_before_anything_is_learned(tmp_path, run):
    """A run ends with its learner in a folder; an encoder of one's own has no text that makes it again."""
    own = tmp_path / "mine.py"
    own.write_text("def twice(x, seed):\n    return (x[:, None] > 0.5).repeat(4, 1).astype('float32')\n")
    code, _, said = run("run", "digits", "--rule", "bptt", "--encoder", f"{own}:twice", "--out", tmp_path / "run")
    assert code == 2 and "encoder 'twice', is not of the catalogue" in said
    assert not (tmp_path / "run").exists()
