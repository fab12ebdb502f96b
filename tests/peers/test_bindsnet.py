"""BindsNET 0.3.4's weights on imposed spikes, against ours; needs BindsNET's own environment (make test-peers)."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from plasticity import Rule, replay
from plasticity.rules import diehl_cook, pair_stdp

PEERS_PYTHON = os.environ.get("PEERS_PYTHON", "")
SCRIPT = Path(__file__).parents[2] / "scripts/peers/bindsnet_weights.py"
TOLERANCE = 1e-5
ENGINES = ("interpreter", "event", "torch")
SET = [f"{connection}_set_batch{batch}" for connection in ("feature", "plain") for batch in (1, 4)]
SET += ["strong_depression", "coarse_step", "upper_bound", "lower_bound_batch1", "lower_bound_batch4"]
ADDITIVE = [f"{connection}_additive_batch{batch}" for connection in ("feature", "plain") for batch in (1, 4)]
ADDITIVE += ["coarse_step_batch4"]

pytestmark = pytest.mark.skipif(not PEERS_PYTHON, reason="PEERS_PYTHON, a python that has bindsnet, is not set; "
                                                         "make test-peers sets it")


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """All cases as BindsNET learned them: name -> (constants, arrays)."""
    folder = tmp_path_factory.mktemp("bindsnet")
    done = subprocess.run([PEERS_PYTHON, str(SCRIPT), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    files = {path.stem: dict(np.load(path)) for path in folder.glob("*.npz")}
    return {name: (json.loads(str(arrays.pop("case"))), arrays) for name, arrays in files.items()}


def pair_rule(case: dict, **changes) -> Rule:
    """Our pair rule with BindsNET's constants; its default traces are set to 1 by a spike, its additive ones grow."""
    chosen = {"order": "inclusive", "pairing": "all" if case["additive"] else "nearest", **changes}
    return pair_stdp(a_plus=case["nu_post"], a_minus=case["nu_pre"], tau_plus=case["tau"] * 1e-3,
                     tau_minus=case["tau"] * 1e-3, **chosen)


def named_rule(case: dict) -> Rule:
    return diehl_cook(variant="bindsnet", nu_pre=case["nu_pre"], nu_post=case["nu_post"], tau=case["tau"] * 1e-3)


def largest_difference(rule: Rule, case: dict, arrays: dict, engine: str) -> float:
    """Between BindsNET's weights and what `rule` learns from the same spikes; both must have learned something."""
    ours = replay(rule, arrays["w_before"], arrays["pre"], arrays["post"], dt=case["dt"] * 1e-3, engine=engine).w
    assert np.abs(arrays["w_after"] - arrays["w_before"]).max() > 0.01
    return float(np.abs(ours - arrays["w_after"]).max())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", SET + ADDITIVE)
def test_pair_rule_gives_bindsnets_weights(learned, name, engine):
    case, arrays = learned[name]
    assert largest_difference(pair_rule(case), case, arrays, engine) < TOLERANCE


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [*SET, "lower_bound_coincident"])
def test_named_variant_gives_bindsnets_weights(learned, name, engine):
    case, arrays = learned[name]
    assert largest_difference(named_rule(case), case, arrays, engine) < TOLERANCE


@pytest.mark.parametrize("changes", [{"order": "brian2"}, {"order": "strict"}, {"pairing": "all"}])
def test_another_order_or_pairing_is_told_apart(learned, changes):
    case, arrays = learned["feature_set_batch1"]
    assert largest_difference(pair_rule(case, **changes), case, arrays, "interpreter") > 10 * TOLERANCE


def test_pair_rule_is_clipped_after_each_event_and_bindsnet_once(learned):
    """At the lower bound a coincident pair differs by what the first clip cut off, at most the depression."""
    case, arrays = learned["lower_bound_coincident"]
    assert TOLERANCE < largest_difference(pair_rule(case), case, arrays, "interpreter") < 1.001 * case["nu_pre"]


def test_every_case_is_compared_and_bindsnet_is_the_version_meant(learned):
    assert set(learned) == {*SET, *ADDITIVE, "lower_bound_coincident"}
    assert {case["bindsnet"] for case, _ in learned.values()} == {"0.3.4"}
