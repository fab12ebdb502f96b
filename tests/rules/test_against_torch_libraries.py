"""Our weights beside those of Norse and SpikingJelly on the same spikes: the committed ones, and theirs if at hand.

Both let all of a step's spikes act on one another (order="inclusive") and change weights once per step. Their STDP
decays traces by 1 - 1/tau per step, which is an exponential of a slightly shorter time constant.
"""

import json
import os
import subprocess
from math import log

import numpy as np
import pytest
from support.peers import COMMITTED, SCRIPTS, described

from plasticity import Rule, replay, rules
from plasticity.rules import once_per_step

SCRIPT, WEIGHTS_FILE = SCRIPTS / "torch_weights.py", COMMITTED / "torch_weights.json"
PEERS_PYTHON = os.environ.get("GRADIENT_PEERS_PYTHON", "")
ENGINES = ("interpreter", "event", "torch", "brian2")
DT = 1e-3

THEIRS = described("torch_cases")
CASES = {case.name: case for case in THEIRS.cases()}
FOUND = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))


def shorter(tau: float) -> float:
    """The time constant (s) of a trace that loses 1/tau of itself in a step."""
    return -DT / log(1 - 1 / tau)


def pairs(case) -> Rule:
    bounds = {} if case.rule == "norse" or case.mu else {"w_min": -10.0, "w_max": 10.0}
    return once_per_step(rules.pair_stdp(case.a_plus, case.a_minus, shorter(case.tau_plus), shorter(case.tau_minus),
                                         case.mu, case.mu, order="inclusive", **bounds))


def rewarded(make):
    """MSTDP and MSTDPET: traces decay by exp(-1/tau); reward comes a step later, as in the paper's program."""
    def made(case) -> Rule:
        more = {"tau_z": case.tau_trace * DT} if make is rules.mstdpet else {}
        return make(1.0, case.a_plus, case.a_minus, case.tau_plus * DT, case.tau_minus * DT, form="discrete",
                    w_min=-10.0, w_max=10.0, **more)
    return made


OURS = {"norse": pairs, "STDPLearner": pairs, "MSTDPLearner": rewarded(rules.mstdp),
        "MSTDPETLearner": rewarded(rules.mstdpet)}


def learned(rule: Rule, case, engine: str) -> np.ndarray:
    """once_per_step does what is due a step later: a silent step, without reward, lets it."""
    pre, post = (np.append(spikes, np.zeros_like(spikes[:1]), 0) for spikes in THEIRS.trains(case))
    signals = {"reward": np.append(THEIRS.reward(case), 0.0)} if rule.signals else {}
    return replay(rule, THEIRS.start(case), pre, post, DT, engine, **signals).w


@pytest.mark.parametrize("name, engine", [(name, engine) for name, case in CASES.items() for engine in ENGINES
                                          if engine != "brian2" or case.batch == 1])
def test_weights_are_theirs(name, engine):
    case, theirs = CASES[name], np.array(FOUND["weights"][name])
    assert np.abs(theirs - THEIRS.start(case)).max() > 0.01
    np.testing.assert_allclose(learned(OURS[case.rule](case), case, engine), theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["norse", "stdp", "mstdp"])
def test_another_order_gives_other_weights(name):
    case, changed = CASES[name], {"order": "strict"}
    rule = rules.mstdp(1.0, case.a_plus, case.a_minus, form="discrete", **changed) if case.rule == "MSTDPLearner" else \
        rules.pair_stdp(case.a_plus, case.a_minus, shorter(case.tau_plus), shorter(case.tau_minus), **changed)
    assert np.abs(learned(rule, case, "interpreter") - np.array(FOUND["weights"][name])).max() > 1e-4


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
