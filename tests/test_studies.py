"""What the scripts of published results share: files that go on, summaries over seeds, and a tiny study end to end."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from plasticity.datasets import Dataset

FOLDER = Path(__file__).parents[1] / "scripts" / "reproduce"


@pytest.fixture
def script(monkeypatch, tmp_path):
    """A function that imports a script; what it writes goes to a folder of the test's own."""
    monkeypatch.syspath_prepend(str(FOLDER))

    def load(name: str):
        spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module

    study = load("_study")
    monkeypatch.setattr(study, "RESULTS", tmp_path)
    monkeypatch.setattr(study.write, "__defaults__", (tmp_path,))
    monkeypatch.setattr(study.finished, "__defaults__", (tmp_path,))
    yield load
    for name in [name for name, module in sys.modules.items()
                 if str(getattr(module, "__file__", None)).startswith(str(FOLDER))]:
        del sys.modules[name]


def test_a_study_goes_on_where_its_file_ends(script, tmp_path):
    study, config = script("_study"), {"rate": 1.0, "pair": (1, 2)}
    study.write("one", config, [{"case": "a", "seed": 0, "error": 0.5}, {"case": "a", "seed": 1, "error": None}],
                ("error",), tmp_path)
    runs = study.finished("one", config, tmp_path)
    assert study.to_do(runs, ["a", "b"], [0, 1]) == [("b", 0), ("b", 1)]
    assert study.finished("one", {"rate": 2.0}, tmp_path) == [] and study.finished("two", config, tmp_path) == []
    found = json.loads((tmp_path / "one.json").read_text())
    assert found["summary"]["a"]["error"] == {"mean": 0.5, "sd": None, "seeds": [0], "values": [0.5]}
    assert found["versions"]["numpy"] and found["machine"]["cores"]


def test_rules_are_compared_with_bptt_seed_by_seed(script):
    compared = script("_sequences").compared
    runs = compared([{"case": "bptt", "seed": 0, "accuracy": 0.9}, {"case": "ottt", "seed": 0, "accuracy": 0.88},
                     {"case": "ottt", "seed": 1, "accuracy": 0.8}])
    assert runs[1]["below_bptt"] == pytest.approx(2.0) and "below_bptt" not in runs[2]


def test_a_tiny_study_end_to_end(script, tmp_path):
    sequences = script("_sequences")
    rng = np.random.default_rng(0)
    x, y = rng.random((40, 12, 6)) < 0.1, np.arange(40) % 2
    x[y == 1, :, :3] |= rng.random((20, 12, 3)) < 0.7
    study = sequences.Study(
        name="tiny", data=lambda: Dataset("tiny", x[:32], y[:32], x[32:], y[32:], 2), held_out=8,
        network={"regular": 6, "adaptive": 6, "beta": 0.2}, neuron={"tau": 20e-3, "tau_a": 60e-3},
        training={"epochs": 12, "batch": 8, "scaled_readout": False}, rates={"bptt": 2e-2, "eprop random": 2e-2})
    sequences.run(study, list(study.rates), [0])
    found = json.loads((tmp_path / "tiny.json").read_text())
    assert [run["case"] for run in found["runs"]] == ["bptt", "eprop random"]
    assert min(run["accuracy"] for run in found["runs"]) >= 0.75
    assert found["config"]["learning_rates"] == {"bptt": 2e-2, "eprop random": 2e-2}


def test_evidence_accumulation_draws_three_streams_and_learns_in_steps(script):
    evidence = script("evidence_accumulation")
    drawn = [evidence.stream(use, 0)().symbols for use in (1, 2, 3)]
    assert not np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[1], drawn[2])
    assert np.array_equal(drawn[0], evidence.stream(1, 0)().symbols)
    assert np.count_nonzero(evidence.layer(50).beta) == 50 and not np.any(evidence.layer(0).beta)


def test_pattern_generation_comes_nearer(script):
    pattern = script("pattern_generation")
    run = pattern.train("Adam, symmetric", 0, 60)
    assert run["normalised_error"] < 0.3 < run["errors_every_20"][0]
