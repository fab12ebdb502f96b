"""Published numbers: every row can be made, a row is an ordinary run, and the page is what results say."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from importlib import resources

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from support.scripts import script
from typer.testing import CliRunner

from plasticity import Learner, PlasticityError, RefusedError, networks
from plasticity.cli.app import app
from plasticity.encoding import catalogue as encoders
from plasticity.errors import DataError
from plasticity.learner.plan import Plan
from plasticity.networks.excess_output import gabor_filters
from plasticity.reproduction import ROWS, Row, chosen, ledger, reproduce
from plasticity.reproduction.ledger import result
from plasticity.runs.files import plain

pytestmark = pytest.mark.usefixtures("one_thread")
TINY = Row("tiny", "none", "a small network on small digits", "nobody", 0.3, "accuracy",
           {"task": "digits", "network": "layers(20)", "rule": "bptt", "encoder": "latency(steps=8)", "epochs": 2,
            "train_samples": 200, "test_samples": 80, "batch": 20}, quick={"epochs": 1})


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.settings])
def test_every_row_is_a_learner(name):
    """Of its nouns; those that do not fit are refused when it is made."""
    settings = ROWS[name].run(seed=0)
    known = ("network", "rule", "encoder", "readout", "engine", "loss", "epochs", "batch", "lr", "optimizer",
             "schedule")
    asked = {noun: getattr(settings, noun) for noun in known if getattr(settings, noun) is not None}
    assert Learner(**asked).network == settings.network
    assert ROWS[name].run(0, quick=True) != settings
    assert ROWS[name].command == f"plasticity reproduce {name}"


def test_rows_that_cannot_be_made_say_why(tmp_path):
    missing = [row for row in ROWS.values() if not row.settings]
    assert missing and all(row.missing for row in missing)
    with pytest.raises(RefusedError, match="twenty-seven of the thirty words"):
        reproduce(ROWS["speech-lsnn"], tmp_path)


def test_a_row_is_run_once_per_seed_and_goes_on(tmp_path):
    found = reproduce(TINY, tmp_path, seeds=2)
    assert found["seeds"] == 2 and found["ours"] == pytest.approx(np.mean(found["figures"]))
    assert found["sd"] == pytest.approx(np.std(found["figures"], ddof=1)) and found["reached"] is (found["ours"] >= 0.3)
    assert json.loads((tmp_path / "reproduction.json").read_text()) == json.loads(json.dumps(found))
    said = []
    again = reproduce(TINY, tmp_path, seeds=3, say=said.append)
    assert again["figures"][:2] == found["figures"] and sum("is finished" in line for line in said) == 2
    with pytest.raises(PlasticityError, match=r"epochs=2, not 1: give another --out"):
        reproduce(replace(TINY, settings={**TINY.settings, "epochs": 1}), tmp_path)


def test_a_row_about_spikes_is_told_by_spikes(tmp_path):
    """Of what was trained; found once for the same times."""
    unit = "softlif(amplitude=0.02, bias=1)"
    row = replace(TINY, settings={**TINY.settings, "network": f"layers(20, neuron='{unit}')",
                                  "encoder": "current(steps=3)", "readout": "leaky(tau=0, last=1)", "lr": 0.01},
                  spiking={"dt": 1e-3, "seconds": 0.05, "last": 0.04, "engine": "torch"})
    found = reproduce(row, tmp_path, seeds=1)
    (spikes,) = found["spiking"]
    assert found["ours"] == spikes["accuracy"] > 0.2 and 1 < spikes["mean_rate"] < 500
    said = []
    assert reproduce(row, tmp_path, seeds=1, say=said.append)["spiking"] == [spikes]
    assert not any("in spikes" in line for line in said)
    longer = replace(row, spiking={**row.spiking, "seconds": 0.06})
    (again,) = reproduce(longer, tmp_path, seeds=1, say=said.append)["spiking"]
    assert again["options"]["seconds"] == 0.06 and any("in spikes" in line for line in said)


def test_what_is_reached_depends_on_which_is_better():
    assert TINY.reached(0.3) and not TINY.reached(0.29) and TINY.reached(None) is None
    assert replace(TINY, score="nll").reached(0.2) and not replace(TINY, score="nll").reached(0.4)


def test_only_whole_trainings_stand_beside_published_numbers(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(resources, "files", lambda name: tmp_path)
    found = {"ours": 0.5, "sd": None, "seeds": 1, "date": "2026-01-01", "reached": None, "figures": [0.5]}
    for more, words in (({"quick": True, "held_out": "test"}, "of a quick look"), ({}, "it lacks 'quick'"),
                        ({"quick": False, "held_out": "validation"}, "of the validation part")):
        (tmp_path / "results" / "tiny.json").write_text(json.dumps(found | more))
        with pytest.raises(DataError, match=words):
            result("tiny")
    (tmp_path / "results" / "tiny.json").write_text(json.dumps(found | {"quick": False, "held_out": "test"}))
    assert result("tiny")["ours"] == 0.5 and result("none") is None


def test_names_are_rows_or_systems():
    assert chosen("chorales-snu") == (ROWS["chorales-snu"],)
    assert {row.system for row in chosen("chorales")} == {"chorales"}
    with pytest.raises(PlasticityError, match="chorales-snu"):
        chosen("chorale-snu")


def test_the_command_lists_and_refuses():
    answered = CliRunner().invoke(app, ["reproduce", "--list", "--json"])
    rows = json.loads(answered.stdout)["rows"]
    assert [row["name"] for row in rows] == list(ROWS)
    assert {"name", "published", "ours", "sd", "seeds", "data", "date", "reached", "command"} <= set(rows[0])
    assert CliRunner().invoke(app, ["reproduce", "nothing"]).exit_code != 0


def test_the_page_is_what_the_results_say():
    ledger_page = script("ledger.py")
    for path, wanted in {ledger_page.TARGET: ledger_page.page(), **ledger_page.pages()}.items():
        assert path.read_text(encoding="utf-8") == wanted, "run python scripts/ledger.py"
    for line in ledger():
        if line["ours"] is not None:
            assert line["reached"] == ROWS[line["name"]].reached(line["ours"])


def test_results_are_those_of_the_rows():
    """A number stands beside a command: it was made by the settings that this command has now."""
    made = {name: found for name in ROWS if (found := result(name)) is not None}
    assert made
    for name, found in made.items():
        assert found["settings"] == plain(asdict(ROWS[name].run(0))), f"run {found['command']} again"
        assert found["held_out"] == "test" and not found["quick"] and found["seeds"] >= 3


def test_the_schedule_in_steps():
    plan = Plan(3, 2, schedule="steps(1, 0.5, 0.1)")
    assert [plan.rate(step.done) for step in plan.steps(4)] == [1, 1, 0.5, 0.5, 0.1, 0.1]
    for wrong in ("steps", "steps(a)", "steps(1, b=2)", "stairs"):
        with pytest.raises(PlasticityError, match="schedule"):
            Plan(schedule=wrong)


def test_flicker_is_the_image_times_a_number_for_every_step():
    x = np.random.default_rng(0).random((3, 5)).astype(np.float32)
    flicker = encoders.make("flicker(steps=2000, strength=0.5, offset=-0.5)")
    shown = flicker(x, 1, np.arange(3))
    ratio = shown / (x - 0.5)[:, None]
    assert shown.shape == (3, 2000, 5) and ratio.min() >= 0.5 and ratio.max() <= 1 + 1e-6
    np.testing.assert_allclose(ratio.mean(1), 0.75, atol=0.02)
    np.testing.assert_array_equal(flicker(x[1:], 1, np.arange(1, 3)), shown[1:])  # whatever stands beside a sample
    assert not np.array_equal(flicker(x, 2, np.arange(3)), shown)


def test_gabor_filters_have_each_an_orientation():
    bank = gabor_filters(4, 7)
    np.testing.assert_allclose(np.linalg.norm(bank, axis=0), 1)
    np.testing.assert_allclose(bank.mean(0), 0, atol=1e-12)
    first, third = bank[:, 0].reshape(7, 7), bank[:, 2].reshape(7, 7)
    np.testing.assert_allclose(first, third.T, atol=1e-12)  # 0 and 90 degrees
    assert abs(np.corrcoef(bank.T) - np.eye(4)).max() < 0.8
    made = networks.make("excess_output(20, filters=4, size=7, gabor=True)").build((12, 12), seed=0)
    np.testing.assert_array_equal(made.projection("in->filters").weights, bank)
    assert made.projection("in->filters").frozen


def test_filters_do_not_silence_what_is_above_them():
    from plasticity.engines.gradient.network import GradientNetwork

    shown = encoders.make("flicker(steps=30, offset=-0.5)")(load_digits().data[:20] / 16, 0, np.arange(20))
    for options in ("filters=5, size=3", "filters=5, size=5, gabor=True"):
        network = networks.make(f"excess_output(20, {options})").build((8, 8), seed=0)
        with torch.no_grad():
            sent = GradientNetwork(network).forward(torch.as_tensor(shown)).spikes
        assert (sent["hidden"] > 0).float().mean() > 0.03 and (sent["out"] != 0).float().mean() > 0.5
