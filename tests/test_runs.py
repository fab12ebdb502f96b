"""Run folders: files are whole or absent, a checkpoint fits or is refused, nothing is lost by a kill."""

import json

import numpy as np
import pytest

from plasticity.errors import DataError, PlasticityError
from plasticity.runs import Checkpoint, Run, find, load_arrays, report, save_arrays, write_json
from plasticity.runs.checkpoint import fingerprint, saved
from plasticity.runs.files import plain, read_json, write_text
from plasticity.runs.machine import machine, versions

ARRAYS = {"w": np.arange(6.0).reshape(2, 3), "clock": np.array([3, 4], np.int64), "flag": np.array([True, False]),
          "step": np.array(7)}


def checkpoint(shown=100, **identity):
    return Checkpoint(shown, {"network": "abc", "seed": "0", **identity}, ARRAYS, {"seconds": 1.5})


def test_arrays_come_back_as_they_were(tmp_path):
    save_arrays(tmp_path / "a.safetensors", {**ARRAYS, "columns": np.asfortranarray(ARRAYS["w"])})
    found = load_arrays(tmp_path / "a.safetensors")
    for name, values in ARRAYS.items():
        assert (found[name].dtype, found[name].shape) == (values.dtype, values.shape)
        np.testing.assert_array_equal(found[name], values)
    np.testing.assert_array_equal(found["columns"], ARRAYS["w"])


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "a.safetensors"
    save_arrays(path, ARRAYS)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match=r"a\.safetensors"):
        load_arrays(path)
    with pytest.raises(DataError, match="missing"):
        load_arrays(tmp_path / "missing.safetensors")
    (tmp_path / "a.json").write_text('{"x": 1')
    with pytest.raises(DataError, match=r"a\.json"):
        read_json(tmp_path / "a.json")


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_text(path, "old")
    monkeypatch.setattr("plasticity.runs.files.os.fsync", lambda number: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_text(path, "new")
    assert path.read_text() == "old" and [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_json_holds_only_what_json_knows(tmp_path):
    write_json(tmp_path / "a.json", {"n": np.float32(0.5), "a": np.arange(2), "p": tmp_path, "inf": float("inf"),
                                     "deep": ({"nan": np.nan},), "yes": True, "none": None})
    found = json.loads((tmp_path / "a.json").read_text())
    assert found == {"n": 0.5, "a": [0, 1], "p": str(tmp_path), "inf": None, "deep": [{"nan": None}], "yes": True,
                     "none": None}
    assert plain(np.int64(3)) == 3


def test_the_last_two_checkpoints_are_kept(tmp_path):
    for shown in (5, 1000, 20_000):
        checkpoint(shown).save(tmp_path)
    assert [folder.name for folder in saved(tmp_path)] == ["at-000000001000", "at-000000020000"]
    found = Checkpoint.latest(tmp_path)
    assert (found.shown, found.extra, found.identity["network"]) == (20_000, {"seconds": 1.5}, "abc")
    np.testing.assert_array_equal(found.arrays["w"], ARRAYS["w"])
    assert Checkpoint.latest(tmp_path / "nothing") is None


def test_a_kill_while_saving_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    checkpoint(5).save(tmp_path)
    monkeypatch.setattr("plasticity.runs.checkpoint.write_sealed", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        checkpoint(10).save(tmp_path)
    monkeypatch.undo()
    assert Checkpoint.latest(tmp_path).shown == 5
    checkpoint(10).save(tmp_path)  # what was left half-done is no obstacle
    assert Checkpoint.latest(tmp_path).shown == 10
    assert [folder.name for folder in tmp_path.iterdir() if folder.name.startswith(".")] == []


def test_a_checkpoint_of_something_else_is_refused():
    checkpoint().require({"network": "abc", "seed": "0"})
    with pytest.raises(PlasticityError, match="another network"):
        checkpoint().require({"network": "xyz", "seed": "0"})
    with pytest.raises(PlasticityError, match="another data"):
        checkpoint().require({"data": "d"})


def test_fingerprints_tell_values_shapes_and_types_apart():
    w = ARRAYS["w"]
    others = [w + 1e-9, w.T, w.astype(np.float32), w.reshape(3, 2)]
    assert fingerprint(w) == fingerprint(w.copy())
    assert len({fingerprint(w), *(fingerprint(other) for other in others)}) == 5


def test_nothing_is_created_before_begin(tmp_path):
    run = Run(tmp_path / "deep" / "run", {"task": "digits"})
    assert not (tmp_path / "deep").exists()
    assert run.begin({"network": "abc"}) is None
    config = run.config()
    assert config["settings"] == {"task": "digits"} and config["identity"] == {"network": "abc"}
    assert config["versions"]["plasticity"] and config["machine"]["cores"] >= 1


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    Run(tmp_path / "empty", {})
    (tmp_path / "file").write_text("x")
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(PlasticityError, match="choose another --out"):
            Run(path, {})
    Run(tmp_path / "empty", {}).begin({})
    with pytest.raises(PlasticityError, match="--resume"):
        Run(tmp_path / "empty", {})


def begun(path):
    run = Run(path, {"task": "digits"})
    run.begin({"network": "abc", "seed": "0"})
    return run


def test_resuming_goes_back_to_the_checkpoint(tmp_path):
    run = begun(tmp_path / "run")
    for images in (50, 100):
        run.log(images=images, running_accuracy=0.5)
    run.save(checkpoint(100))
    run.log(images=150, running_accuracy=0.5)
    with (run.path / "metrics.jsonl").open("a") as file:
        file.write('{"images": 200, "runn')  # a kill cut the line off
    again = Run.resume(tmp_path / "run")
    assert again.settings == {"task": "digits"}
    assert again.begin({"network": "abc", "seed": "0"}).shown == 100
    assert [line["images"] for line in again.metrics()] == [50, 100]
    with pytest.raises(PlasticityError, match="another network"):
        Run.resume(tmp_path / "run").begin({"network": "other", "seed": "0"})


def test_resuming_without_a_checkpoint_starts_at_the_beginning(tmp_path):
    begun(tmp_path / "run").log(images=10)
    again = Run.resume(tmp_path / "run")
    assert again.begin({"network": "abc", "seed": "0"}) is None and again.metrics() == []


def test_a_finished_run_is_not_resumed(tmp_path):
    run = begun(tmp_path / "run")
    run.save(checkpoint())
    run.finish({"accuracy": 0.9}, {"w": ARRAYS["w"]})
    assert not (run.path / "checkpoint").exists()
    assert load_arrays(run.path / "weights.safetensors")["w"].shape == (2, 3)
    with pytest.raises(PlasticityError, match="finished"):
        Run.resume(run.path)


def test_find_names_the_run(tmp_path):
    with pytest.raises(PlasticityError, match="no run to resume"):
        find(tmp_path)
    one, other = begun(tmp_path / "a"), begun(tmp_path / "b")
    with pytest.raises(PlasticityError, match="several unfinished runs: a, b"):
        find(tmp_path)
    other.finish({}, {})
    assert find(tmp_path) == one.path == find(one.path)


def test_checkpoints_are_due_after_a_while(tmp_path):
    run = begun(tmp_path / "run")
    run.every = 1000.0
    assert not run.due
    run.every = 0.0
    assert run.due


def test_the_report_is_one_file(tmp_path):
    (tmp_path / "fields.png").write_bytes(b"\x89PNG fake")
    result = {"network": "n", "task": "<digits>", "accuracy": 0.925, "accuracy_by_readout": {"all_activity": 0.925},
              "warnings": ["it is silent"]}
    page = report.write(tmp_path / "report.html", result, {"fields": tmp_path / "fields.png"},
                        {"versions": {"numpy": "2"}}).read_text()
    assert "92.5 %" in page and "&lt;digits&gt;" in page and "it is silent" in page
    assert page.count("src=") == page.count('src="data:image/png;base64,') == 1 and "http" not in page


def test_what_a_run_was_made_with_is_known():
    assert {"plasticity", "python", "numpy", "numba"} <= set(versions())
    assert machine()["processor"] and machine()["system"]
