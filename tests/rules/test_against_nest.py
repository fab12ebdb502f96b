"""Our weights beside those of NEST's synapses on the same spikes: the committed ones, and NEST itself if it is at hand.

Rules and what they are given come from the table of docs/other-simulators.md, whose code runs with NEST's parameters.
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

SCRIPT, WEIGHTS_FILE = SCRIPTS / "nest_weights.py", COMMITTED / "nest_weights.json"
NEST_PYTHON = os.environ.get("NEST_PYTHON", "")
VARIED = ("_unequal", "_negative", "_bounds")
ENGINES = ("interpreter", "event", "torch", "brian2")
TOLERANCE = 1e-10

NEST = described("nest_cases")
FOUND = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
CASES = {case.name: case for case in (*NEST.cases(), *NEST.rewarded(), *NEST.watched())}
SHORT_TERM = {case.name: case for case in NEST.short_term()}
THEIRS = {name: np.array(w) for name, w in
          (FOUND["weights"] | {name: seen["w"] for name, seen in FOUND["watched"].items()}).items()}

#: lines of the page that others use
SHARED = {**dict.fromkeys(("stdp_synapse", "stdp_nn_symm_synapse", "stdp_nn_pre_centered_synapse",
                           "stdp_nn_restr_synapse"), ("pairs",)), "clopath_synapse": ("voltages",)}


def row(case) -> str:
    return case.model if case.neuron.get("A_LTD_const", True) else f"{case.model}, A_LTD_const=False"


def parameters(case) -> dict[str, object]:
    """By NEST's names, its defaults where the case has none."""
    values = FOUND["defaults"][case.model] | case.synapse
    for name, own in case.neuron.items():
        values[name] = values[name] | own if isinstance(own, dict) else own
    return {name.replace("lambda", "lambda_"): setting for name, setting in values.items()}


def observed(case) -> dict[str, np.ndarray]:
    """Spikes and recorded values, row i at i steps: the first imposed spikes reach their neurons at 2 steps."""
    pre, post, spikes = (np.vstack([np.zeros((2, train.shape[1]), bool), train])
                         for train in (*NEST.trains(case), NEST.dopamine(case)))
    seen = FOUND["watched"].get(case.name, {})
    if case.drive == 0:
        post = np.isin(np.arange(len(pre)), seen["spikes"])[:, None]
    recorded = {name.replace(".", "_"): np.append(0.0, seen[name]) for name in case.records}
    return {"w": NEST.start(case), "pre": pre, "post": post, "spikes": spikes[:, 0], **recorded}


def page(case, engine: str = "interpreter", other: dict | None = None, **changes) -> np.ndarray:
    """What the page's line for the case gives; its functions see `changes` too, `other` is code in place of its own."""
    names = prepared("NEST")
    names.update({"abs": np.abs, "replay": partial(replay, engine=engine), "resolution": case.dt, "delay": case.delay,
                  "arrival": case.dt, "j": 0, **parameters(case), **observed(case), **changes})
    return line("NEST", row(case), names, **(other or {}))


def engines(name: str) -> tuple[str, ...]:
    """All for one case of each model, with and without delay, and for what reads the neuron."""
    return ENGINES[::2] if name.endswith(VARIED) and name in FOUND["weights"] else ENGINES


@pytest.mark.parametrize("name, engine", [(name, engine) for name in CASES for engine in engines(name)])
def test_the_page_gives_nests_weights(name, engine):
    assert np.abs(THEIRS[name] - NEST.start(CASES[name])).max() > 0.01
    np.testing.assert_allclose(page(CASES[name], engine), THEIRS[name], rtol=TOLERANCE, atol=TOLERANCE)


def off(case, **changes) -> float:
    """By how much changes of the page move a weight or a transmitted spike away from NEST's; infinite if refused."""
    try:
        found = page(case, **changes)
    except PlasticityError:
        return np.inf
    if case.name in SHORT_TERM:
        return max(np.abs(ours - theirs).max() for ours, theirs in zip(sent(case, found), FOUND["sent"][case.name],
                                                                       strict=True))
    return np.abs(found - THEIRS[case.name]).max()


def sent(case, amounts: np.ndarray) -> list[np.ndarray]:
    """Of each presynaptic neuron, spike by spike, to the first postsynaptic neuron: [steps, pre] before."""
    return [column[train] for column, train in zip(amounts.T, observed(case)["pre"].T, strict=True)]


@pytest.mark.parametrize("name", SHORT_TERM)
def test_each_spike_sends_what_nests_does(name):
    assert off(SHORT_TERM[name]) < TOLERANCE


@pytest.mark.parametrize("name, argument, code", [
    (name, argument, code) for name, (first, *_) in table("NEST").items() for argument, code in altered(first)])
def test_another_argument_gives_other_weights(name, argument, code):
    """So that no argument on the page is there without a case that holds it."""
    users = [case for case in reversed([*CASES.values(), *SHORT_TERM.values()])
             if name in (row(case), *SHARED.get(case.model, ()))]
    assert any(off(case, other={name: code}) > 1e-6 for case in users), f"{argument} in {code}"


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith("_delayed")])
@pytest.mark.parametrize("delay", [6.0, 8.0])
def test_another_delay_gives_other_weights(name, delay):
    assert off(CASES[name], delay=delay) > 1e-4


def test_nests_reduced_pairs_differ_from_the_papers_where_spikes_coincide():
    case, papers = CASES["nearest_reduced"], {"stdp_nn_restr_synapse": "nearest_stdp('reduced_symmetric', **pairs)"}
    assert off(case, other=papers) > 1e-3
    pre, post = observed(case)["pre"], observed(case)["post"]
    pre[1::2] = post[1::2] = False  # which arrive a step later
    np.testing.assert_allclose(page(case, other=papers, pre=pre, post=post), page(case, pre=pre, post=post), rtol=0,
                               atol=TOLERANCE)


@pytest.mark.skipif(not NEST_PYTHON, reason="NEST_PYTHON, a python that has nest, is not set; make test-nest sets it")
def test_the_committed_weights_are_what_nest_gives(tmp_path):
    done = subprocess.run([NEST_PYTHON, str(SCRIPT), str(tmp_path / "found.json")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8")) == FOUND


def test_every_line_and_case_is_compared():
    lines = {row(case) for case in (*CASES.values(), *SHORT_TERM.values())}
    assert lines | {name for names in SHARED.values() for name in names} == set(table("NEST"))
    assert set(THEIRS) == set(CASES) and set(FOUND["sent"]) == set(SHORT_TERM) and FOUND["nest"] == "3.10.0"
