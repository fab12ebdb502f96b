"""What lies in a run's folder is used as far as it proves itself: whatever is altered, cut off or of another form."""

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plasticity.errors import DataError, DataWarning, PlasticityError
from plasticity.runs import Checkpoint, Run, load_arrays, save_arrays
from plasticity.runs.files import read_json, write_text
from plasticity.runs.folder import result
from plasticity.runs.lock import one_writer
from plasticity.runs.sealed import read_sealed, write_sealed

ARRAYS = {"w": np.arange(6.0).reshape(2, 3), "flag": np.array([True, False]), "step": np.array(7)}
IDENTITY = {"network": "abc", "seed": "0"}
ROOT = Path(__file__).resolve().parent.parent
#: what becomes of a file's bytes
DAMAGE = {"cut off": lambda content: content[:-5], "empty": lambda content: b"", "a list": lambda content: b"[1, 2]",
          "zeros": lambda content: bytes(len(content)), "not UTF-8": lambda content: b"\x00\xff\n",
          "deep": lambda content: b"[" * 100_000, "NaN": lambda content: b'{"form": NaN}',
          "another number": lambda content: content.replace(b"7", b"8").replace(b"5", b"6"),
          "a name twice": lambda content: content.replace(b"{", b'{"form": 2, ', 1)}


def checkpoint(shown: int) -> Checkpoint:
    return Checkpoint(shown, IDENTITY, {**ARRAYS, "shown": np.array(shown)}, {"seconds": 57.5})


def stopped(path: Path) -> Path:
    """The folder of a run that was stopped after 150 samples, with checkpoints at 50 and at 100."""
    run = Run(path, {"task": "digits"})
    run.begin(IDENTITY)
    for images in (50, 100):
        run.log(images=images, loss=0.5)
        run.save(checkpoint(images))
    run.log(images=150, loss=0.5)
    return path


def alter(path: Path, how) -> None:
    content = how(path.read_bytes())
    assert content != path.read_bytes()
    path.write_bytes(content)


def resumed(path: Path) -> tuple[int, list[int], list[str]]:
    """Where a run goes on, its metrics, and what was warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run = Run.resume(path)
        found = run.begin(IDENTITY)
        return found.shown, [line["images"] for line in run.metrics()], [str(each.message) for each in caught]


@pytest.mark.parametrize("name", ["state.safetensors", "checkpoint.json"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_the_checkpoint_before_a_damaged_one_is_used(tmp_path, name, damage):
    newest = stopped(tmp_path / "run") / "checkpoint" / "at-000000000100"
    alter(newest / name, DAMAGE[damage])
    shown, images, told = resumed(tmp_path / "run")
    assert (shown, images) == (50, [50])
    assert len(told) == 1 and name in told[0] and told[0].endswith("and the checkpoint before it is used")
    assert not newest.exists() and (newest.parent / "damaged-at-000000000100").is_dir()
    again = Run.resume(tmp_path / "run")
    again.save(checkpoint(100))  # what is written in its place is whole again
    assert resumed(tmp_path / "run")[0] == 100


@pytest.mark.filterwarnings("ignore::plasticity.errors.DataWarning")
def test_a_run_whose_checkpoints_are_all_damaged_does_not_start_anew_by_itself(tmp_path):
    for file in (stopped(tmp_path / "run") / "checkpoint").glob("*/state.safetensors"):
        alter(file, DAMAGE["cut off"])
    with pytest.raises(DataError, match=r"no checkpoint in .* can be read; remove that folder"):
        Run.resume(tmp_path / "run").begin(IDENTITY)


def test_a_checkpoint_of_another_moment_or_run_is_not_used(tmp_path):
    places = sorted((stopped(tmp_path / "run") / "checkpoint").iterdir())
    (places[0] / "state.safetensors").replace(places[1] / "state.safetensors")
    with pytest.warns(DataWarning, match="state.safetensors"), pytest.raises(DataError, match="no checkpoint"):
        Run.resume(tmp_path / "run").begin(IDENTITY)


@pytest.mark.parametrize(("line", "kept"), [
    (b"\x00\xff", [50, 100]), (b'{"images": 60, "lo', [50, 100]), (b"[50]", [50, 100]),
    (b'{"images": "60"}', [50, 100]), (b'{"loss": 1}', [50, 100]), (b'{"images": NaN}', [50, 100]),
    (b"[" * 5000, [50, 100]), (b"", [50, 100]),
    (b'{"images": 60}', [50, 60, 100]), (b'{"images": 600}', [50, 100])])
def test_lines_of_metrics_that_cannot_be_read_are_left_out_with_a_warning(tmp_path, line, kept):
    path = stopped(tmp_path / "run") / "metrics.jsonl"
    first, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(first + b"\n" + line + b"\n" + rest)
    shown, images, told = resumed(tmp_path / "run")
    assert (shown, images) == (100, kept)
    assert told == [f"{path} was altered since the checkpoint; its lines are kept as far as they can be read"]


def test_metrics_of_a_run_that_goes_on_are_read_as_far_as_they_can_be(tmp_path):
    run = Run.resume(stopped(tmp_path / "run"))
    with (run.path / "metrics.jsonl").open("ab") as file:
        file.write(b"\x00\xff\n")
    with pytest.warns(DataWarning, match=r"metrics.jsonl is damaged: 1 of its 4 lines cannot be read"):
        assert [line["images"] for line in run.metrics()] == [50, 100, 150]


@pytest.mark.parametrize("damage", DAMAGE)
def test_settings_that_were_altered_are_refused_by_name(tmp_path, damage):
    alter(stopped(tmp_path / "run") / "config.json", DAMAGE[damage])
    with pytest.raises(DataError, match=r"config\.json"):
        Run.resume(tmp_path / "run")


@pytest.mark.parametrize("name", ["config.json", "result.json", "weights.safetensors"])
def test_results_are_told_only_with_the_weights_that_belong_to_them(tmp_path, name):
    run = Run.resume(stopped(tmp_path / "run"))
    run.finish({"accuracy": 0.75}, ARRAYS)
    assert result(run.path) == {"accuracy": 0.75} == read_json(run.path / "result.json")
    if name == "weights.safetensors":
        save_arrays(run.path / name, {**ARRAYS, "w": ARRAYS["w"] + 1})  # whole, but not those of the run
    else:
        alter(run.path / name, DAMAGE["another number"])
    with pytest.raises(DataError, match=rf"{name} was altered"):
        result(run.path)


@given(place=st.integers(0, 10_000), byte=st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_no_altered_byte_goes_unseen(tmp_path_factory, place, byte):
    folder = tmp_path_factory.mktemp("altered")
    write_sealed(folder / "a.json", {"settings": {"lr": 0.5, "names": ["a", "é"]}, "n": 3})
    save_arrays(folder / "a.safetensors", ARRAYS)
    for path, read in ((folder / "a.json", read_sealed), (folder / "a.safetensors", load_arrays)):
        original, content = read(path), bytearray(path.read_bytes())
        content[place % len(content)] ^= byte
        path.write_bytes(content)
        try:
            again = read(path)
        except DataError as error:
            assert str(path) in str(error) and "\n" not in str(error)
        else:  # a space, or a name of the metadata
            assert again.keys() == original.keys()
            assert all(np.array_equal(again[name], original[name]) for name in again)


def test_pipes_are_no_files(tmp_path):
    os.mkfifo(tmp_path / "a.json")
    for read in (read_json, load_arrays):
        with pytest.raises(DataError, match="is no file"):
            read(tmp_path / "a.json")


# One writer.

WRITER = """
import sys, time
from pathlib import Path
from plasticity.runs.lock import one_writer
with one_writer(Path(sys.argv[1])):
    print("writing", flush=True)
    time.sleep(60)
"""


def test_a_folder_has_one_writer_until_its_process_ends(tmp_path):
    stopped(tmp_path / "run")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    other = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path / "run")], stdout=subprocess.PIPE,
                             env=environment, text=True)
    try:
        assert other.stdout.readline() == "writing\n"
        run = Run.resume(tmp_path / "run")
        with run.written(), pytest.raises(PlasticityError, match=f"is being written by process {other.pid}"):
            run.begin(IDENTITY)
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    with run.written():
        assert run.begin(IDENTITY).shown == 100
        with pytest.raises(PlasticityError, match=f"by process {os.getpid()}"), one_writer(run.path):
            pass
    assert not (run.path / ".lock").exists()


def test_what_is_within_a_writing_belongs_to_it(tmp_path):
    run = Run.resume(stopped(tmp_path / "run"))
    with run.written():
        with run.written():
            run.begin(IDENTITY)
        with pytest.raises(PlasticityError, match="is being written"), one_writer(run.path):
            pass
    with one_writer(run.path):
        pass


# No room.


def test_a_full_disk_is_named_and_what_was_there_is_there_still(tmp_path, monkeypatch):
    path = stopped(tmp_path / "run")

    def full(number):
        raise OSError(28, "No space left on device")

    run = Run.resume(path)
    with monkeypatch.context() as patch:
        patch.setattr("plasticity.runs.files.os.fsync", full)
        with pytest.raises(PlasticityError, match=r"state\.safetensors cannot be written \(No space left on device\)"):
            run.save(checkpoint(200))
        with pytest.raises(PlasticityError, match=r"weights\.safetensors cannot be written"):
            run.finish({}, ARRAYS)
    assert resumed(path)[:2] == (100, [50, 100])


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PlasticityError, match=r"file/run cannot be written \(Not a directory\)"), \
            one_writer(tmp_path / "file" / "run"):
        pass
    with pytest.raises(PlasticityError, match="cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "text")


def test_form_of_another_version(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"settings": {}, "versions": {"plasticity": "0.1.0"}}))
    with pytest.raises(DataError, match="written by another version"):
        read_sealed(tmp_path / "a.json")
