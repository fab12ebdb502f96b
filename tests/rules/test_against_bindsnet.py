"""Our weights beside those of BindsNET's rules on the same spikes: the committed ones, and BindsNET if it is at hand.

Rules and what they are given come from the table of docs/other-simulators.md, whose code runs with BindsNET's names.
"""

import json
import os
import subprocess
from functools import partial

import numpy as np
import pytest
from support.page import altered, line, prepared, table
from support.peers import COMMITTED, SCRIPTS, described

from plasticity import PlasticityError, Window, replay

SCRIPT, WEIGHTS_FILE = SCRIPTS / "bindsnet_weights.py", COMMITTED / "bindsnet_weights.json"
PEERS_PYTHON = os.environ.get("PEERS_PYTHON", "")
TOLERANCE = 1e-5
DEFAULTS = {"x_tar": 0.0, "mu": 1.0, "tc_plus": 20.0, "tc_minus": 20.0, "tc_e_trace": 25.0, "tc_c": 5.0, "a_plus": 1.0,
            "a_minus": -1.0}

BINDSNET = described("cases")
CASES = {case.name: case for case in BINDSNET.cases()}
FOUND = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
PAGE = table("BindsNET")
#: lines of the page that others use
SHARED = {name for name, (_, last) in PAGE.items() if not last}


def row(case) -> str:
    return f"{case.rule}, zero_lag=True" if case.options.get("zero_lag") else case.rule


def parameters(case) -> dict[str, object]:
    """By BindsNET's names."""
    layers = {name: {"tc_trace": tau, "trace_scale": scale, "traces_additive": case.additive} for name, tau, scale in
              zip(("source", "target"), (case.tau, case.tau_post or case.tau), case.scales, strict=True)}
    return {**DEFAULTS, **layers, "nu_pre": case.nu_pre, "nu_post": case.nu_post, "wmin": case.w_min,
            "wmax": case.w_max, "weight_decay": case.weight_decay, "batch_size": case.batch, "dt": case.dt,
            **case.options, **case.rates}


def window_of(case) -> Window:
    return Window(tuple(case.shape), case.size, case.channels, case.stride, case.padding)


def placed(case) -> dict[str, object]:
    """Where synapses are, for `replay`."""
    if not case.maps:
        return {}
    return {"window": window_of(case)} if case.connection == "conv" else {"mask": window_of(case).mask}


def ours(case, w: np.ndarray) -> np.ndarray:
    """BindsNET's weights as the page says that ours are arranged."""
    names = prepared("BindsNET")
    arranged = {"conv": names["shared"], "local2d": partial(names["local"], window=window_of(case))}
    return arranged.get(case.connection, np.array)(w)


def started(case) -> np.ndarray:
    w = BINDSNET.start(case)
    return ours(case, np.array(FOUND["cases"][case.name]["start"] if w is None else w, float))


def theirs(case) -> np.ndarray:
    return ours(case, np.array(FOUND["cases"][case.name]["w"]))


def page(case, engine: str = "interpreter", **other: str) -> np.ndarray:
    """What the page's line for the case gives; other: code in place of the page's own, by line."""
    found, names = FOUND["cases"][case.name], prepared("BindsNET")
    pre, post = (spikes.reshape(case.steps, case.batch, -1) for spikes in BINDSNET.trains(case))
    post = np.array(found["post"], bool) if "post" in found else post
    names.update({**parameters(case), "w": started(case), "pre": pre, "post": post, "reward": BINDSNET.reward(case),
                  "rho": np.array(found.get("rho", 0.0)), "where": placed(case),
                  "replay": partial(replay, engine=engine)})
    return line("BindsNET", row(case), names, **other)


def off(case, **other: str) -> float:
    """By how much changes of the page move a weight away from BindsNET's; infinite if they are refused."""
    try:
        return float(np.abs(page(case, **other) - theirs(case)).max())
    except PlasticityError:
        return np.inf


@pytest.mark.parametrize("name, engine", [(name, engine) for name, case in CASES.items() for engine in
                                          ("interpreter", *["torch"] * (case.batch > 1 or case.maps))])
def test_the_page_gives_bindsnets_weights(name, engine):
    assert np.abs(theirs(CASES[name]) - started(CASES[name])).max() > 0.01
    np.testing.assert_allclose(page(CASES[name], engine), theirs(CASES[name]), rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name, argument, code", [
    (name, argument, code) for name, (first, *_) in PAGE.items() for argument, code in altered(first)])
def test_another_argument_gives_other_weights(name, argument, code):
    users = [case for case in reversed(CASES.values()) if name == row(case) or (name in SHARED and not case.maps)]
    assert any(off(case, **{name: code}) > 3 * TOLERANCE for case in users), f"{argument} in {code}"


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.rule == "PostPre" and not case.additive
                                  and case.scales == (1.0, 1.0) and not case.maps])
def test_named_variant_gives_bindsnets_weights(name):
    """Without waiting for the next step: with a batch, up to a coincidence at the lower bound."""
    case = CASES[name]
    rule = "diehl_cook('bindsnet', nu_pre=nu_pre, nu_post=nu_post, tau=source['tc_trace']*ms)"
    assert off(case, PostPre=rule) < TOLERANCE


def test_pair_rule_is_clipped_after_each_event_and_bindsnet_once():
    """At the lower bound a coincident pair differs by what the first clip cut off, at most the depression."""
    case = CASES["lower_bound_coincident"]
    found = off(case, PostPre="pair_stdp(a_plus=up, a_minus=down, **traces)")
    assert TOLERANCE < found < 1.001 * case.nu_pre


def test_random_neurons_of_r_max_spike():
    assert 0.01 < np.mean(FOUND["cases"]["rmax_batch1"]["post"]) < 0.3


@pytest.mark.skipif(not PEERS_PYTHON, reason="PEERS_PYTHON, a python that has bindsnet, is not set; make test-peers "
                                             "sets it")
def test_the_committed_weights_are_what_bindsnet_gives(tmp_path):
    done = subprocess.run([PEERS_PYTHON, str(SCRIPT), str(tmp_path / "found.json")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert found["bindsnet"] == FOUND["bindsnet"]
    for name, case in CASES.items():
        np.testing.assert_allclose(found["cases"][name]["w"], FOUND["cases"][name]["w"], rtol=0, atol=2e-6,
                                   err_msg=str(case))


def test_every_line_and_case_is_compared():
    assert set(FOUND["cases"]) == set(CASES) and FOUND["bindsnet"] == "0.3.4"
    assert {row(case) for case in CASES.values()} | SHARED == set(PAGE)
