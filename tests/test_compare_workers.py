"""Processes that are kept from training to training: what ends, what is replaced, what stays, what is done again."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from support.trainings import TRAIN

from plasticity import PlasticityError
from plasticity.comparison.job import Job, Training
from plasticity.comparison.processes import run_all
from plasticity.comparison.workers import Pool, Worker, packed
from plasticity.methods.method import Method

ROOT = Path(__file__).resolve().parent.parent
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent has died")
#: starts trainings in a folder and says when it was interrupted: argv holds the folder and the rule
PROGRAM = """
import sys
from pathlib import Path
from plasticity.comparison.job import Job, Training
from plasticity.comparison.processes import run_all
if __name__ == "__main__":
    try:
        run_all([Training(Job("digits", sys.argv[2], seed)) for seed in range(3)], Path(sys.argv[1]), 1,
                train="support.trainings:train")
    except KeyboardInterrupt:
        sys.exit(130)
"""


def trained(folder, *rules, seeds=1, at_once=1, say=lambda line: None, **shared):
    """Results of stand-ins for trainings."""
    trainings = [Training(Job("digits", rule, seed, **shared), {"rule": rule}) for rule in rules
                 for seed in range(seeds)]
    return run_all(trainings, folder, at_once, say, train=TRAIN)


def test_a_process_is_kept_for_the_next_training(tmp_path):
    results = trained(tmp_path, "steady", seeds=6)
    assert len({result["pid"] for result in results}) == 1 and results[0]["pid"] != os.getpid()
    assert [result["number"] for result in results] == [0, 1, 2, 3, 4, 5]
    assert [result["accuracy"] for result in results] == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])


def test_no_more_processes_than_were_asked_for(tmp_path):
    results = trained(tmp_path, "steady", seeds=8, at_once=2)
    assert len({result["pid"] for result in results}) <= 2
    assert [result["seed"] for result in results] == [*range(8)]


@pytest.mark.parametrize(("rule", "says"), [
    ("killed", "worker ended with signal 9 (SIGKILL)"), ("crashes", "worker ended with signal 11 (SIGSEGV)"),
    ("exhausts", "MemoryError"), ("breaks", "KeyError: 'weights'"), ("leaves", "code 3: the last words"),
    ("answers_nothing_readable", "code 1: ")])
def test_a_process_that_ends_is_replaced_and_its_training_has_failed(rule, says, tmp_path):
    lines = []
    before, failed, after = trained(tmp_path, "steady", rule, "steady()", say=lines.append)
    assert says in failed["error"] and "\n" not in failed["error"] and failed["rule"] == rule
    assert "error" not in before and "error" not in after
    assert after["pid"] != before["pid"] and after["number"] == 0
    assert any(line.startswith(f"{rule}, seed 0 failed: ") for line in lines)


def test_a_refusal_is_no_reason_to_end_a_process(tmp_path):
    before, failed, after = trained(tmp_path, "steady", "refuses", "steady()")
    assert failed["error"] == "the loss is not finite" and after["pid"] == before["pid"]


def test_the_other_processes_go_on_when_one_is_killed(tmp_path):
    results = trained(tmp_path, "killed", "steady", seeds=3, at_once=2)
    assert ["error" in result for result in results] == [True] * 3 + [False] * 3


def test_what_failed_is_trained_again_and_what_has_finished_is_not(tmp_path):
    trace, marker = tmp_path / "trace", tmp_path / "marker"
    rules = (f"steady(file='{trace}')", f"leaves(once='{marker}')")
    first = trained(tmp_path / "out", *rules)
    assert "error" not in first[0] and "code 3" in first[1]["error"]
    files = sorted((tmp_path / "out").glob("runs/*/result.json"))
    before = files[0].stat().st_mtime_ns
    second = trained(tmp_path / "out", *rules)
    assert trace.read_text() == "trained\n" and files[0].stat().st_mtime_ns == before
    assert second[0] == first[0] and "error" not in second[1]
    assert trained(tmp_path / "out", *rules) == second


def test_what_was_killed_is_trained_once_more_and_says_so(tmp_path):
    lines = []
    result, twice = trained(tmp_path, f"killed(once='{tmp_path / 'marker'}')", "killed", say=lines.append)
    assert result["accuracy"] == 0.5 and result["before"] == "worker ended with signal 9 (SIGKILL)"
    assert "at the second try: worker ended with signal 9" in lines[0]
    assert twice["error"] == "worker ended with signal 9 (SIGKILL); once more: worker ended with signal 9 (SIGKILL)"


def test_nothing_is_started_where_all_is_done(tmp_path, monkeypatch):
    first = trained(tmp_path, "steady", seeds=2)
    monkeypatch.setattr("plasticity.comparison.workers.Worker", None)
    assert trained(tmp_path, "steady", seeds=2) == first


@pytest.mark.parametrize("shared", [{"epochs": 7}, {"lr": 0.5}, {"validation": True}, {"train_samples": 9}])
def test_a_result_of_other_settings_is_not_used(shared, tmp_path):
    lines = []
    first = trained(tmp_path, "steady", say=lines.append)
    second = trained(tmp_path, "steady", say=lines.append, **shared)
    assert second[0]["pid"] != first[0]["pid"] and second[0]["digest"] != first[0]["digest"]
    assert [line for line in lines if "other settings" in line] == [
        "000-steady-seed0: the result there is one of other settings; it is trained again"]


def test_a_result_of_a_changed_file_is_not_used(tmp_path):
    file = tmp_path / "own.py"
    text = "from plasticity.rules import make\ndef hebb():\n    return make('{}').with_(name='steady')\n"
    file.write_text(text.format("pair_stdp"))
    rule = f"{file}:hebb"
    first = trained(tmp_path / "out", rule)
    assert trained(tmp_path / "out", rule) == first
    file.write_text(text.format("triplet_stdp"))
    assert trained(tmp_path / "out", rule)[0]["digest"] != first[0]["digest"]


@pytest.mark.parametrize("damage", [
    lambda text: text[:20], lambda text: text.replace("0.5", "0.9"), lambda text: "[1, 2]", lambda text: "\0",
    lambda text: "[" * 100_000, lambda text: '{"form": 2, "sha256": "0", "accuracy": NaN}'],
    ids=["cut off", "another figure", "a list", "a zero byte", "deep", "NaN"])
def test_a_result_that_was_altered_is_not_used(damage, tmp_path):
    lines, first = [], trained(tmp_path, "steady")
    file, = tmp_path.glob("runs/*/result.json")
    file.write_text(damage(file.read_text()))
    second, = trained(tmp_path, "steady", say=lines.append)
    assert second["pid"] != first[0]["pid"] and second["accuracy"] == 0.5
    assert lines[0].startswith(str(file)) and lines[0].endswith("; it is trained again")


def test_what_is_printed_goes_to_the_log_of_its_training(tmp_path):
    trained(tmp_path, "prints", "steady")
    first, second = (path.read_text() for path in sorted(tmp_path.glob("runs/*/log.txt")))
    assert sorted(first.splitlines()) == ["of C", "of Python", "of stderr"] and second == ""


def test_threads_are_set_before_anything_is_imported(tmp_path):
    result, = trained(tmp_path, "environment", threads=3)
    assert {result[name] for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS")} == {"3"}


def test_outside_of_the_main_thread(tmp_path):
    results = []
    thread = threading.Thread(target=lambda: results.extend(trained(tmp_path, "steady", seeds=2)))
    thread.start()
    thread.join(60)
    assert [result["seed"] for result in results] == [0, 1]


def test_a_training_that_does_not_exist_is_a_failure(tmp_path):
    result, = run_all([Training(Job("digits", "steady"))], tmp_path, train="support.trainings:nothing")
    assert "code 1" in result["error"] and "nothing" in result["error"]


# What ends with what.


def gone(number: int, seconds: float = 10.0) -> bool:
    """Whether a process ends within so many seconds; one that is only waited for has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status = Path(f"/proc/{number}/stat")
        try:
            os.kill(number, 0)
            if status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def told(file: Path, seconds: float = 30.0) -> list[int]:
    """The processes that a stand-in wrote into a file."""
    end = time.monotonic() + seconds
    while not file.exists():
        assert time.monotonic() < end, "nothing was started"
        time.sleep(0.02)
    return [int(number) for number in file.read_text().split()]


@pytest.fixture
def program(tmp_path):
    """A program in the middle of a training: (its process, the processes of the training, the folder)."""
    started = []

    def start(rule: str):
        file, folder = tmp_path / "told", tmp_path / "out"
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")))
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), f"{rule}(file='{file}')"],
                                   env={**os.environ, "PYTHONPATH": path}, start_new_session=True)
        started.append(process)
        return process, told(file), folder

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_terminate_signal_end_all_and_keep_nothing_unfinished(number, program):
    process, started, folder = program("sleeps")
    begun = time.monotonic()
    process.send_signal(number)
    assert process.wait(10) == 130 and time.monotonic() - begun < 5
    assert all(map(gone, started)), "the training and what it had started must end"
    assert len(list(folder.glob("runs/*/job.json"))) == 3 and not list(folder.glob("runs/*/result.json"))


def test_children_end_with_a_parent_that_is_killed(program):
    process, (worker, _), _ = program("sleeps")
    process.kill()
    assert gone(worker)


@LINUX
def test_children_end_with_their_parent_whatever_they_are_doing(program):
    """A training in C code that lets no other thread run cannot see that its pipe has ended; the kernel can."""
    process, (worker,), _ = program("holds")
    process.kill()
    assert gone(worker)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="processes have no groups here")
def test_a_pipe_that_ends_ends_a_training_with_all_it_has_started(tmp_path):
    """On any system: nobody but the pipe tells it."""
    worker = Worker(TRAIN, 1, tmp_path / "log.txt")
    pickle.dump((packed(Job("digits", f"sleeps(file='{tmp_path / 'told'}')")), 1, str(tmp_path / "log.txt")),
                worker.process.stdin)
    worker.process.stdin.flush()
    started = told(tmp_path / "told")
    worker.process.stdin.close()
    assert all(map(gone, started))
    worker.close()


def test_an_error_outside_ends_all(tmp_path):
    """Whoever is told of trainings may fail; what was told of is kept, and no process is left."""
    numbers = []

    def say(line):
        numbers.extend(json.loads(path.read_text())["pid"] for path in tmp_path.glob("runs/*/result.json"))
        raise RuntimeError("no room on the screen")

    with pytest.raises(RuntimeError, match="no room"):
        trained(tmp_path, "steady", f"sleeps(file='{tmp_path / 'told'}')", say=say)
    assert len(numbers) == 1 and gone(numbers[0])


def test_workers_that_have_ended_take_nothing(tmp_path):
    with Pool(1, TRAIN) as pool:
        pass
    with pytest.raises((PlasticityError, RuntimeError)):
        pool.submit(b"", tmp_path / "log.txt").result()


# What travels.


def method(build) -> Method:
    return Method("own", build, "flat", 1e-3)


def test_rules_of_a_program_travel_whole(tmp_path):
    """With functions that no module has, as those of a notebook."""
    shift = 3
    training = Training(Job("digits", method(lambda n: (n + shift) / 100)), {"rule": "own"})
    result, = run_all([training], tmp_path, train="support.trainings:built")
    assert result["accuracy"] == 0.23 and result["name"] == "own"


def test_what_cannot_travel_is_refused():
    lock = threading.Lock()
    with pytest.raises(PlasticityError, match="rule 'own' cannot be sent to another process"):
        packed(Job("digits", method(lambda n: lock)))
