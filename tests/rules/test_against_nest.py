"""Our weights beside those of NEST's synapses on the same spikes: the committed ones, and NEST itself if it is at hand.

NEST's delay lies in the dendrite, its coincident pairs do nothing (order="strict"), and its `lambda` and amplitudes
are relative to Wmax.
"""

import json
import os
import subprocess
from dataclasses import replace

import numpy as np
import pytest
from support.peers import COMMITTED, SCRIPTS, described

from plasticity import Rule, replay, rules
from plasticity.engines.reference.transmission import transmitted

SCRIPT, WEIGHTS_FILE = SCRIPTS / "nest_weights.py", COMMITTED / "nest_weights.json"
NEST_PYTHON = os.environ.get("NEST_PYTHON", "")
ENGINES = ("interpreter", "event", "torch", "brian2")
TOLERANCE = 1e-10

NEST = described("nest_cases")
CASES = {case.name: case for case in NEST.cases()}
REWARDED = {case.name: case for case in NEST.rewarded()}
WATCHED = {case.name: case for case in NEST.watched()}
SHORT_TERM = {case.name: case for case in NEST.short_term()}
WEIGHTS = json.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))


def amplitudes(case) -> dict:
    given = case.synapse
    return {"a_plus": given["lambda"] * given["Wmax"], "a_minus": given["alpha"] * given["lambda"] * given["Wmax"],
            "tau_plus": given["tau_plus"] * 1e-3, "tau_minus": case.neuron["tau_minus"] * 1e-3,
            "w_max": given["Wmax"], "order": "strict"}


def pairs(case) -> Rule:
    return rules.pair_stdp(**amplitudes(case), mu_plus=case.synapse["mu_plus"], mu_minus=case.synapse["mu_minus"])


def nearest(scheme):
    return lambda case: rules.nearest_stdp(scheme, **amplitudes(case))


def power_law(case) -> Rule:
    given = case.synapse
    return rules.power_law_stdp(given["lambda"], given["alpha"], given["mu"], 1.0, given["tau_plus"] * 1e-3,
                                case.neuron["tau_minus"] * 1e-3, order="strict")


def triplets(case) -> Rule:
    """The fit's numbers are all replaced by the case's."""
    given = case.synapse
    return rules.triplet_stdp(
        a2_plus=given["Aplus"], a3_plus=given["Aplus_triplet"], a2_minus=given["Aminus"],
        a3_minus=given["Aminus_triplet"], tau_plus=given["tau_plus"] * 1e-3, tau_x=given["tau_plus_triplet"] * 1e-3,
        tau_minus=case.neuron["tau_minus"] * 1e-3, tau_y=case.neuron["tau_minus_triplet"] * 1e-3, w_max=given["Wmax"],
        order="strict")


def inhibitory(case) -> Rule:
    tau = case.synapse["tau"] * 1e-3
    return rules.vogels_istdp(case.synapse["eta"], case.synapse["alpha"] / (2 * tau), tau, w_max=case.synapse["Wmax"],
                              order="strict")


def short_term(case) -> Rule:
    return rules.tsodyks_markram(case.synapse["U"], *(case.synapse.get(name, 0.0) * 1e-3
                                                     for name in ("tau_rec", "tau_fac", "tau_psc")))


OURS = {"stdp_synapse": pairs, "stdp_nn_symm_synapse": nearest("symmetric"),
        "stdp_nn_pre_centered_synapse": nearest("presynaptic_centred"),
        "stdp_nn_restr_synapse": nearest("reduced_symmetric_nest"), "stdp_pl_synapse_hom": power_law,
        "stdp_triplet_synapse": triplets, "vogels_sprekeler_synapse": inhibitory}
#: synapses of NEST that begin as if their presynaptic neuron had spiked at time 0, two steps before our first
EARLY = ("stdp_nn_symm_synapse", "stdp_nn_restr_synapse")


def learned(rule: Rule, case, engine: str, **changes) -> np.ndarray:
    pre, post = (np.vstack([np.zeros((2, train.shape[1]), bool), train]) for train in NEST.trains(case))
    pre[0] = case.model in EARLY
    given = {"dt": case.dt * 1e-3, "dendritic_delay": case.delay * 1e-3} | changes
    return replay(rule, NEST.start(case), pre, post, engine=engine, **given).w


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_weights_are_nests(name, engine):
    case, theirs = CASES[name], np.array(WEIGHTS["weights"][name])
    assert np.abs(theirs - NEST.start(case)).max() > 0.01
    np.testing.assert_allclose(learned(OURS[case.model](case), case, engine), theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", [name for name in CASES if name.endswith("_delayed")])
@pytest.mark.parametrize("change", [{"dendritic_delay": 6e-3}, {"dendritic_delay": 0.0, "axonal_delay": 7e-3}])
def test_another_delay_gives_other_weights(name, change):
    case = CASES[name]
    found = learned(OURS[case.model](case), case, "interpreter", **change)
    assert np.abs(found - np.array(WEIGHTS["weights"][name])).max() > 1e-4


@pytest.mark.parametrize("name", [name for name in CASES if not name.endswith("_delayed")])
def test_another_order_gives_other_weights(name):
    case = CASES[name]
    found = learned(replace(OURS[case.model](case), order="brian2"), case, "interpreter")
    assert np.abs(found - np.array(WEIGHTS["weights"][name])).max() > 1e-4


def test_nests_reduced_pairs_differ_from_the_papers_where_spikes_coincide():
    case = CASES["nearest_reduced"]
    rule = nearest("reduced_symmetric")(case)
    assert np.abs(learned(rule, case, "interpreter") - np.array(WEIGHTS["weights"][case.name])).max() > 1e-3
    pre, post = NEST.trains(case)
    pre[1::2] = post[::2] = False
    papers, nests = (replay(replace(rule), NEST.start(case), pre, post, engine="interpreter").w for rule in
                     (rule, OURS[case.model](case)))
    np.testing.assert_allclose(papers, nests, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", SHORT_TERM)
def test_each_spike_transmits_what_nests_does(name):
    case, (pre, _) = SHORT_TERM[name], NEST.trains(SHORT_TERM[name])
    ours, w = transmitted(short_term(case), pre, case.dt * 1e-3), NEST.start(case)
    for train, amounts, weight, theirs in zip(pre.T, ours.T, w[:, 0], WEIGHTS["sent"][name], strict=True):
        np.testing.assert_allclose(weight * amounts[train], theirs, rtol=1e-10)


def level(case) -> np.ndarray:
    """The dopamine of each step (per s) that changes weights as NEST does, which integrates within the step.

    Per ms, c(t) n(t) sums up to c n (1 - e^(-h (1/tau_c + 1/tau_n))) / (1/tau_c + 1/tau_n), and we read c after its
    decay. Dopamine arrives a step after the spike that releases it.
    """
    given, h = case.synapse, case.dt
    both = 1 / given["tau_c"] + 1 / given["tau_n"]
    n = np.zeros(case.steps)
    for k in range(2, case.steps):
        n[k] = n[k - 1] * np.exp(-h / given["tau_n"]) + NEST.dopamine(case)[k - 2, 0] / given["tau_n"]
    gained = -n * np.expm1(-h * both) / both + given["b"] * given["tau_c"] * np.expm1(-h / given["tau_c"])
    return 1e3 * gained / h * np.exp(h / given["tau_c"])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", REWARDED)
def test_dopamine_changes_weights_as_nests_does(name, engine):
    case, given = REWARDED[name], REWARDED[name].synapse
    pre, post = NEST.trains(case)
    rule = rules.dopamine_stdp(given["A_plus"], given["A_minus"], given["tau_plus"] * 1e-3,
                               case.neuron["tau_minus"] * 1e-3, given["tau_c"] * 1e-3, w_max=given["Wmax"],
                               order="strict")
    found = replay(rule, NEST.start(case), pre, post, case.dt * 1e-3, engine, dopamine=level(case),
                   dendritic_delay=case.delay * 1e-3).w
    assert np.abs(found - NEST.start(case)).max() > 1
    np.testing.assert_allclose(found, WEIGHTS["weights"][name], rtol=0, atol=TOLERANCE)


def imposed(case, seen: dict) -> dict[str, np.ndarray]:
    """What NEST recorded of the neuron (mV), as it arrives at the synapse: `delay` later; volts [steps, 1]."""
    late = round(case.delay / case.dt)
    arrived = {name: np.append(np.full(late, seen[name][0]), seen[name][:-late]) for name in case.records}
    return {name: 1e-3 * values[:, None] for name, values in arrived.items()}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_voltage_gives_nests_weights(engine):
    case, seen = WATCHED["voltage"], WEIGHTS["watched"]["voltage"]
    values, (pre, _) = imposed(case, seen), NEST.trains(case)
    rule = rules.clopath(1e3 * case.neuron["A_LTD"], 1e6 * case.neuron["A_LTP"], tau_x=15e-3, lag=5e-3,
                         homeostasis=False, filters="neuron", w_max=3.0, order="strict")
    found = replay(rule, NEST.start(case), pre, np.zeros((len(pre), 1), bool), case.dt * 1e-3, engine, v=values["V_m"],
                   u_plus=values["u_bar_plus"], u_minus=values["u_bar_minus"]).w
    assert np.abs(np.array(seen["w"]) - NEST.start(case)).max() > 0.01
    np.testing.assert_allclose(found, seen["w"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_dendrite_gives_nests_weights(engine):
    """NEST's eta times 15 twice, in its h and in its scale; C_m / g_L is 10 ms."""
    case, seen = WATCHED["dendrite"], WEIGHTS["watched"]["dendrite"]
    pre, post = NEST.trains(case)[0], np.zeros((case.steps, 1), bool)
    post[[step for step in seen["spikes"] if step < case.steps]] = True
    rule = rules.urbanczik_senn(225 * 10e-3 * case.synapse["eta"], tau_delta=case.synapse["tau_Delta"] * 1e-3,
                                w_max=case.synapse["Wmax"], order="strict")
    found = replay(rule, NEST.start(case), pre, post, case.dt * 1e-3, engine,
                   v_dendrite=imposed(case, seen)["V_m.p"], dendritic_delay=case.delay * 1e-3).w
    assert np.abs(np.array(seen["w"]) - NEST.start(case)).max() > 0.1
    np.testing.assert_allclose(found, seen["w"], rtol=0, atol=1e-8)


@pytest.mark.skipif(not NEST_PYTHON, reason="NEST_PYTHON, a python that has nest, is not set; make test-nest sets it")
def test_the_committed_weights_are_what_nest_gives(tmp_path):
    done = subprocess.run([NEST_PYTHON, str(SCRIPT), str(tmp_path / "found.json")], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "found.json").read_text(encoding="utf-8")) == WEIGHTS


def test_every_model_and_case_is_compared():
    assert {case.model for case in CASES.values()} == set(OURS)
    assert set(WEIGHTS["weights"]) == {*CASES, *REWARDED} and set(WEIGHTS["sent"]) == set(SHORT_TERM)
    assert set(WEIGHTS["watched"]) == set(WATCHED) and WEIGHTS["nest"] == "3.10.0"
