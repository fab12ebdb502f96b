"""A small share of scripts/reliability: altered inputs, odd numbers, texts that try to run code, a kill."""

from __future__ import annotations

import sys

import pytest
from support.scripts import SCRIPTS, script

sys.path.insert(0, str(SCRIPTS / "reliability"))
import _children as children
import _subjects as subjects
import altered_inputs
import kills
import odd_numbers
import texts
from _summary import faults, tally, total

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("one_thread")]


def all_of(outcomes) -> dict:
    """The sum of outcomes; a fault fails with its examples."""
    told = tally(outcomes)
    assert not faults(told), [(name, each["faults"]) for name, each in told.items() if each["faults"]]
    return total(told)


def test_what_ends_a_child_is_counted_and_the_rest_goes_on(monkeypatch):
    monkeypatch.setattr(children, "CPU_SECONDS", 0.2)

    def use(given):
        if given == "crash":
            import ctypes
            ctypes.string_at(0)
        while given == "hang":
            pass
        return {"accepted": "other"}.get(given, "")

    given = ["harmless", "crash", "accepted", "hang", "harmless"]
    assert [found.kind for found in children.tried(use, given)] == given


@pytest.mark.parametrize(("part", "options"), [("of_runs", {"compared": False}), ("of_data", {}),
                                               ("of_objects", {"engines": ("torch",)})])
def test_altered_inputs(part, options, tmp_path):
    chosen = getattr(subjects, part)(tmp_path / part, **options)
    assert all_of(altered_inputs.trials(chosen, 5 * len(chosen), seed=7))["refused"] > len(chosen)


def test_odd_numbers(monkeypatch):
    monkeypatch.setattr(odd_numbers, "ENGINES", ("torch", "brian2"))
    assert all_of(odd_numbers.trials(odd_numbers.SORTS, 25, seed=3))["refused"] > 25


def test_texts_run_nothing(tmp_path):
    given = [(place, code.replace("PATH", str(tmp_path / "ran"))) for place in texts.PLACES for code in texts.CODE[::3]]
    outcomes = children.tried(texts.ran, given)
    assert all_of((*pair, found) for pair, found in zip(given, outcomes, strict=True))["refused"] > 100
    assert not (tmp_path / "ran").exists()


def test_a_killed_run_ends_as_one_that_was_not(tmp_path):
    way = ("run", "digits", "--rule", "soft_hebb", "--network", "rates(10)", "--epochs", "20", "--train-samples", "100",
           "--test-samples", "20", "--checkpoint-every", "0")
    assert all_of(kills.trials({"soft_hebb": way}, 2, 1, tmp_path))["harmless"] >= 2


def test_the_page_is_generated():
    made = script("reliability/page.py")
    assert made.TARGET.read_text("utf-8") == made.page(), "run python scripts/reliability/page.py"
