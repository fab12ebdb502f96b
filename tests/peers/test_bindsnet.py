"""BindsNET 0.3.4's weights on imposed spikes, against ours; needs BindsNET's own environment (make test-peers)."""

import json
import os
import subprocess

import numpy as np
import pytest
from support.peers import SCRIPTS, described

from plasticity import Rule, Window, replay, rules
from plasticity.rules import once_per_step

PEERS_PYTHON = os.environ.get("PEERS_PYTHON", "")
SCRIPT = SCRIPTS / "bindsnet_weights.py"
TOLERANCE = 1e-5
ENGINES = ("interpreter", "event", "torch")

pytestmark = pytest.mark.skipif(not PEERS_PYTHON, reason="PEERS_PYTHON, a python that has bindsnet, is not set; "
                                                         "make test-peers sets it")

CASES = {case.name: case for case in described("cases").cases()}
POST_PRE = [name for name, case in CASES.items() if case.rule == "PostPre" and not case.maps]
BOUNDED = [name for name in POST_PRE if name.startswith("lower_bound_") and name not in
           ("lower_bound_batch1", "lower_bound_batch4")]  # those have no coincident spikes


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """All cases as BindsNET learned them: name -> arrays."""
    folder = tmp_path_factory.mktemp("bindsnet")
    done = subprocess.run([PEERS_PYTHON, str(SCRIPT), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {path.stem: dict(np.load(path)) for path in folder.glob("*.npz")}


def pairs(case, **changes) -> Rule:
    """BindsNET's default traces are set to 1 by a spike, its additive ones grow."""
    chosen = {"order": "inclusive", "pairing": "all" if case.additive else "nearest", **changes}
    return rules.pair_stdp(**{"a_plus": case.nu_post, "a_minus": case.nu_pre} | chosen, tau_plus=case.tau * 1e-3,
                           tau_minus=case.tau * 1e-3, w_min=case.w_min, w_max=case.w_max)


def weight_dependent(case) -> Rule:
    span = case.w_max - case.w_min
    return once_per_step(pairs(case, mu_plus=1.0, mu_minus=1.0, a_plus=case.nu_post * span, a_minus=case.nu_pre * span))


def diehl_cook(case) -> Rule:
    return rules.diehl_cook("paper", order="inclusive", eta=case.nu_post, tau=case.tau * 1e-3, w_max=case.w_max,
                            pairing="all" if case.additive else "nearest", **{"x_tar": 0.0, "mu": 1.0} | case.options)


def florian(make, case, **form) -> Rule:
    return make(gamma=case.nu_pre, a_plus=case.rates.get("a_plus", 1.0), a_minus=-case.rates.get("a_minus", -1.0),
                tau_plus=case.options.get("tc_plus", 20.0) * 1e-3, tau_minus=case.options.get("tc_minus", 20.0) * 1e-3,
                w_min=case.w_min, w_max=case.w_max, **form)


def mstdp(case) -> Rule:
    """zero_lag: the reward of a spike's own step, but all of the step's changes at once."""
    if case.options.get("zero_lag"):
        return once_per_step(florian(rules.mstdp, case, order="inclusive"))
    return florian(rules.mstdp, case, form="discrete")


def r_max(case) -> Rule:
    return rules.r_max(case.nu_pre * 1e3 / case.dt, case.options.get("tc_e_trace", 25.0) * 1e-3, case.tau * 1e-3,
                       tau_c=case.options.get("tc_c", 5.0) * 1e-3, form="bindsnet", w_min=case.w_min, w_max=case.w_max)


OURS = {"PostPre": lambda case: once_per_step(pairs(case)), "WeightDependentPostPre": weight_dependent,
        "Hebbian": lambda case: pairs(case, a_minus=-case.nu_pre), "DiehlAndCook": diehl_cook, "MSTDP": mstdp,
        "MSTDPET": lambda case: florian(rules.mstdpet, case, form="discrete"), "Rmax": r_max}


def signals(rule: Rule, case, arrays: dict) -> dict[str, np.ndarray]:
    """Reward and rates, with the step more in which our rules do what is due.

    MSTDPET's zero_lag is the discrete form with the reward a step later.
    """
    reward = np.append(arrays["reward"], 0.0)
    if case.rule == "MSTDPET" and case.options.get("zero_lag"):
        reward = np.roll(reward, 1)
    rho = np.append(arrays["rho"], np.zeros_like(arrays["rho"][:1]), 0)
    return {name: {"reward": reward, "rho": rho}[name] for name in (*rule.signals, *rule.reads)}


def in_our_shape(case, w: np.ndarray) -> np.ndarray:
    """[pre, post]; of a convolution [place in the patch, channel]."""
    if case.connection == "conv":
        return w.reshape(case.channels, -1).T
    if case.connection != "local2d":
        return w
    window = window_of(case)
    pre, post, place, _ = window.synapses
    found = np.zeros((window.n_pre, window.n_post))
    found[pre, post] = w[0, post, place]
    return found


def window_of(case) -> Window:
    return Window(tuple(case.shape), case.size, case.channels, case.stride, case.padding)


def largest_difference(rule: Rule, name: str, learned, engine: str) -> float:
    """Between BindsNET's weights and what `rule` learns from the same spikes; BindsNET must have learned something.

    A silent step is added, in which rules that wait for the next step act.
    """
    case, arrays = CASES[name], learned[name]
    before, after = (in_our_shape(case, arrays[key]) for key in ("w_before", "w_after"))
    pre, post = (np.append(spikes, np.zeros_like(spikes[:1]), 0).reshape(len(spikes) + 1, case.batch, -1)
                 for spikes in (arrays["pre"], arrays["post"]))
    where = {"conv": lambda: {"window": window_of(case)}, "local": lambda: {"mask": window_of(case).mask},
             "local2d": lambda: {"mask": window_of(case).mask}}.get(case.connection, dict)()
    ours = replay(rule, before, pre, post, dt=case.dt * 1e-3, engine=engine, **where, **signals(rule, case, arrays)).w
    assert np.abs(after - before).max() > 0.01
    return float(np.abs(ours - after).max())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_every_rule_gives_bindsnets_weights(learned, name, engine):
    assert largest_difference(OURS[CASES[name].rule](CASES[name]), name, learned, engine) < TOLERANCE


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [name for name in POST_PRE if name not in BOUNDED])
def test_pair_rule_alone_gives_bindsnets_weights_away_from_the_bounds(learned, name, engine):
    assert largest_difference(pairs(CASES[name]), name, learned, engine) < TOLERANCE


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [name for name in POST_PRE if not CASES[name].additive])
def test_named_variant_gives_bindsnets_weights(learned, name, engine):
    case = CASES[name]
    rule = rules.diehl_cook(variant="bindsnet", nu_pre=case.nu_pre, nu_post=case.nu_post, tau=case.tau * 1e-3)
    assert largest_difference(rule, name, learned, engine) < TOLERANCE


@pytest.mark.parametrize("changes", [{"order": "brian2"}, {"order": "strict"}, {"pairing": "all"}])
def test_another_order_or_pairing_is_told_apart(learned, changes):
    name = "feature_set_batch1"
    assert largest_difference(pairs(CASES[name], **changes), name, learned, "interpreter") > 10 * TOLERANCE


def test_pair_rule_is_clipped_after_each_event_and_bindsnet_once(learned):
    """At the lower bound a coincident pair differs by what the first clip cut off, at most the depression."""
    case = CASES["lower_bound_coincident"]
    assert TOLERANCE < largest_difference(pairs(case), case.name, learned, "interpreter") < 1.001 * case.nu_pre


@pytest.mark.parametrize("name, rule", [
    ("mstdp_batch1", lambda case: florian(rules.mstdp, case, order="inclusive")),
    ("mstdpet_batch1", lambda case: florian(rules.mstdpet, case, order="inclusive")),
    ("rmax_batch1", lambda case: rules.r_max(case.nu_pre * 1e3, 25e-3, 20e-3, tau_s=0, tau_c=5e-3)),
    ("conv_weightdependentpostpre_batch4", lambda case: pairs(case, mu_plus=1.0, mu_minus=1.0, order="brian2"))])
def test_another_form_is_told_apart(learned, name, rule):
    assert largest_difference(rule(CASES[name]), name, learned, "interpreter") > 10 * TOLERANCE


def test_random_neurons_of_r_max_spike(learned):
    assert 0.01 < learned["rmax_batch1"]["post"].mean() < 0.3


def test_every_case_is_compared_and_bindsnet_is_the_version_meant(learned):
    assert set(learned) == set(CASES)
    assert {json.loads(str(arrays["case"]))["bindsnet"] for arrays in learned.values()} == {"0.3.4"}
    assert {case.rule for case in CASES.values()} == set(OURS)
