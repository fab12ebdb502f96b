"""Our weights beside those of Norse and SpikingJelly on the same spikes: the committed ones, and theirs if at hand.

Rules and what they are given come from the table of docs/other-simulators.md, whose code runs with their parameters.
"""

import json
import os
import subprocess
from functools import partial

import numpy as np
import pytest
from support.page import altered, line, prepared, table
from support.peers import COMMITTED, SCRIPTS, described

from plasticity import PlasticityError, replay

SCRIPT, WEIGHTS_FILE = SCRIPTS / "torch_weights.py", COMMITTED / "torch_weights.json"
PEERS_PYTHON = os.environ.get("GRADIENT_PEERS_PYTHON", "")
ENGINES = ("interpreter", "event", "torch", "brian2")
TITLE = "Norse and SpikingJelly"

THEIRS = described("torch_cases")
CASES = {case.name: case for case in THEIRS.cases()}
FOUND = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
PAGE = table(TITLE)


def row(case) -> str:
    return "stdp_step_linear" if case.rule == "norse" else case.rule


def parameters(case) -> dict[str, object]:
    """By their names: what scripts/peers/torch_weights.py gives them."""
    if case.rule == "norse":
        return {"a_pre": case.a_pre or case.tau_plus, "a_post": case.tau_minus, "tau_pre_inv": 1e3 / case.tau_plus,
                "tau_post_inv": 1e3 / case.tau_minus, "eta_plus": case.a_plus, "eta_minus": case.a_minus, "mu": case.mu,
                "stdp_algorithm": "multiplicative_pow" if case.mu else "additive", "w_min": case.w_min,
                "w_max": case.w_max}
    bounds = {"low": 0.0, "high": 1.0} if case.mu else {"low": -10.0, "high": 10.0}
    return {"scale": case.scale, "a_plus": case.a_plus, "a_minus": case.a_minus, "mu": case.mu,
            "tau_pre": case.tau_plus, "tau_post": case.tau_minus, "tau_trace": case.tau_trace, **bounds}


def page(case, engine: str = "interpreter", **other: str) -> np.ndarray:
    """What the page's line for the case gives; other: code in place of the page's own, by line."""
    names, (pre, post) = prepared(TITLE), THEIRS.trains(case)
    names.update({**parameters(case), "w": THEIRS.start(case), "pre": pre, "post": post, "reward": THEIRS.reward(case),
                  "replay": partial(replay, engine=engine)})
    return line(TITLE, row(case), names, **other)


def off(case, **other: str) -> float:
    """By how much changes of the page move a weight away from theirs; infinite if they are refused."""
    try:
        return float(np.abs(page(case, **other) - FOUND["weights"][case.name]).max())
    except PlasticityError:
        return np.inf


@pytest.mark.parametrize("name, engine", [(name, engine) for name, case in CASES.items() for engine in ENGINES
                                          if engine != "brian2" or case.batch == 1])
def test_the_page_gives_their_weights(name, engine):
    theirs = np.array(FOUND["weights"][name])
    assert np.abs(theirs - THEIRS.start(CASES[name])).max() > 0.01
    np.testing.assert_allclose(page(CASES[name], engine), theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name, argument, code", [
    (name, argument, code) for name, (first, *_) in PAGE.items() for argument, code in altered(first)
    if argument not in ("w_min", "w_max") or name == "stdp_step_linear"])
def test_another_argument_gives_other_weights(name, argument, code):
    users = [case for case in reversed(CASES.values()) if name == row(case)]
    assert any(off(case, **{name: code}) > 1e-6 for case in users), f"{argument} in {code}"


@pytest.mark.skipif(not PEERS_PYTHON, reason="GRADIENT_PEERS_PYTHON, a python that has norse and spikingjelly, is not "
                                             "set; make test-torch-peers sets it")
def test_the_committed_weights_are_what_they_give(tmp_path):
    done = subprocess.run([PEERS_PYTHON, str(SCRIPT), str(tmp_path / "found.json")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["versions"] == FOUND["versions"] and set(found["weights"]) == set(CASES)
    for name, w in found["weights"].items():
        np.testing.assert_allclose(w, FOUND["weights"][name], rtol=0, atol=1e-12)


def test_every_line_is_compared():
    assert {row(case) for case in CASES.values()} | {"soft"} == set(PAGE)
