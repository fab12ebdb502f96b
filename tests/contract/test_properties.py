"""What holds for every rule of the catalogue, whatever it computes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.every_rule import DT, EVERY, outside, reduces, spikes, within

from plasticity import replay
from plasticity.language import expressions
from plasticity.network.window import Window

N_PRE, N_POST, STEPS = 5, 4, 30
WINDOW = Window((1, 3, 3), 2, 3)
#: name of the rule -> parameters that say how much it learns
RATES = {
    "pair_stdp": ["a_plus", "a_minus"], "triplet_stdp": ["a2_plus", "a3_plus", "a2_minus", "a3_minus"],
    "symmetric_stdp": ["a"], "vogels_istdp": ["eta"], "nearest_stdp": ["a_plus", "a_minus"],
    "anti_stdp": ["a_plus", "a_minus"], "power_law_stdp": ["rate"], "log_stdp": ["eta"],
    "rank_order_stdp": ["a_plus", "a_minus"], "clopath": ["a_ltd", "a_ltp"], "sdsp": ["a", "b", "alpha", "beta"],
    "urbanczik_senn": ["eta"], "dopamine_stdp": ["a_plus", "a_minus"], "mstdp": ["gamma"], "mstdpet": ["gamma"],
    "r_max": ["eta"], "r_stdp": ["a_r_plus", "a_r_minus", "a_p_plus", "a_p_minus"], "diehl_cook_paper": ["eta"],
    "diehl_cook_released": ["nu_pre", "nu_post"], "diehl_cook_bindsnet": ["nu_pre", "nu_post"],
    "graupner_brunel": ["gamma_p", "gamma_d"],
}
#: what "nothing happens" is for variables that are not zero at rest
AT_REST = {"clopath": {"v": "v_rest"}, "urbanczik_senn": {"v_dendrite": "e_l"}}
DRIFTS = ("graupner_brunel", "sdsp")  # bistable: their weights rest at the bounds alone


def close(found, expected, atol=1e-10):
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


def made(name):
    rule = EVERY[name]()
    return rule.with_(params={"sigma": 0.0}) if "sigma" in rule.params else rule


def setting(rule, batch=1, seed=0):
    lead = (STEPS, batch)
    return (spikes(lead, N_PRE, 0.15, 10 + seed), spikes(lead, N_POST, 0.12, 20 + seed),
            outside(rule, lead, N_PRE, N_POST, seed))


@pytest.mark.parametrize("name", EVERY)
def test_silence_changes_nothing(name, interpreted_event):
    rule = made(name)
    pre, post, read = setting(rule)
    rest = {key: rule.params[param] for key, param in AT_REST.get(rule.name, {}).items()}
    read = {key: np.full_like(values, rest.get(key, 0.0)) for key, values in read.items()}
    w = within(rule, (N_PRE, N_POST))
    w = np.round(w) if rule.name.startswith(DRIFTS) else w
    for engine in ("interpreter", "torch", "event"):
        assert np.array_equal(replay(rule, w, 0 * pre, 0 * post, DT, engine, **read).w, w), engine


@pytest.mark.parametrize("name", EVERY)
def test_each_synapse_may_have_delays_of_its_own(name, interpreted_event):
    rule, shape = made(name), (N_PRE, N_POST)
    (pre, post, read), w, rng = setting(rule, batch=2), within(rule, shape), np.random.default_rng(30)
    delays = {side: rng.integers(0, 5, shape) * DT for side in ("axonal_delay", "dendritic_delay")}
    expected = replay(rule, w, pre, post, DT, "interpreter", **delays, **read).w
    assert (expected != w).any()
    for engine in ("torch", "event"):
        close(replay(rule, w, pre, post, DT, engine, **delays, **read).w, expected)


@pytest.mark.parametrize("name", EVERY)
def test_zero_learning_rate_changes_nothing(name):
    rule = made(name)
    names = next((found for start, found in RATES.items() if rule.name.startswith(start)), ["eta"])
    assert {*names} & {*rule.params}, f"no learning rate known for {rule.name}: {dict(rule.params)}"
    pre, post, read = setting(rule)
    w = within(rule, (N_PRE, N_POST))
    assert np.abs(replay(rule, w, pre, post, DT, "torch", **read).w - w).max() > 1e-6
    still = rule.with_(params=dict.fromkeys(names, 0.0))
    if rule.name.startswith("graupner_brunel"):  # it drifts without any calcium
        w = np.round(w)
    assert np.array_equal(replay(still, w, pre, post, DT, "torch", **read).w, w)


@pytest.mark.parametrize("name", EVERY)
def test_permuting_neurons_permutes_weights(name, interpreted_event):
    rule, rng = made(name), np.random.default_rng(1)
    ordered = any("prefix_sum" in expressions.calls(line.expr) for lines in rule.statements.values() for line in lines)
    i, j = rng.permutation(N_PRE), np.arange(N_POST) if ordered else rng.permutation(N_POST)
    pre, post, read = setting(rule)
    w, place = within(rule, (N_PRE, N_POST)), {**rule.reads, **rule.signals}
    moved = {key: {"pre": lambda x: x[..., i], "post": lambda x: x[..., j], "global": lambda x: x}[place[key]](values)
             for key, values in read.items()}
    for engine in ("torch", "event"):
        expected = replay(rule, w, pre, post, DT, engine, **read).w[i][:, j]
        close(replay(rule, w[i][:, j], pre[..., i], post[..., j], DT, engine, **moved).w, expected)


@pytest.mark.parametrize("name", EVERY)
def test_permuting_channels_permutes_shared_weights(name):
    rule = made(name)
    j = np.array([0, 1, 2] if name == "sanger" else [2, 0, 1])
    lead, posts = (STEPS, 1), np.arange(WINDOW.n_post).reshape(WINDOW.channels, -1)[j].ravel()
    pre, post = spikes(lead, WINDOW.n_pre, 0.15, 1), spikes(lead, WINDOW.n_post, 0.12, 2)
    read, place = outside(rule, lead, WINDOW.n_pre, WINDOW.n_post), {**rule.reads, **rule.signals}
    moved = {key: values[..., posts] if place[key] == "post" else values for key, values in read.items()}
    w = within(rule, (WINDOW.fan_in, WINDOW.channels))
    expected = replay(rule, w, pre, post, DT, "torch", window=WINDOW, **read).w[:, j]
    close(replay(rule, w[:, j], pre, post[..., posts], DT, "torch", window=WINDOW, **moved).w, expected)


def is_map(rule):
    """Whether the rule's steps are samples, or steps of a discrete recursion, and not an integration over time."""
    return rule.name.startswith("eprop") or any(line.kind == "assign" and "dt" not in expressions.names(line.expr)
                                            for line in rule.statements.get("on_step", ()))


@pytest.mark.parametrize("name", [name for name, make in EVERY.items() if not is_map(make())])
def test_smaller_steps_converge(name):
    """Spikes stay on the coarse grid. Without clocked change nothing depends on dt; with it the error is halved."""
    rule = made(name)
    pre, post, read = setting(rule)
    w = within(rule, (N_PRE, N_POST))

    def at(finer):
        fine = [np.zeros((STEPS * finer, *train.shape[1:]), bool) for train in (pre, post)]
        for train, given_train in zip(fine, (pre, post), strict=True):
            train[::finer] = given_train
        held = {key: np.repeat(values, finer, 0) for key, values in read.items()}
        return replay(rule, w, *fine, DT / finer, "torch", **held).w

    finest = at(4)
    errors = [np.abs(at(finer) - finest).max() for finer in (1, 2)]
    if "on_step" not in rule.statements:
        assert errors[0] < 1e-10
    else:
        assert errors[1] < 1e-10 or errors[0] > 1.7 * errors[1], errors


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("name", [name for name, make in EVERY.items() if "w" not in make().reads_names])
def test_a_batch_is_the_sum_or_mean_of_its_samples(name, reduce):
    """Exact for rules that read no weight, while no bound acts."""
    rule = made(name).with_(w_min=-1e6, w_max=1e6)
    pre, post, read = setting(rule, batch=3)
    w = within(rule, (N_PRE, N_POST))
    alone = [replay(rule, w, pre[:, b], post[:, b], DT, "torch",
                    **{key: values[:, b] for key, values in read.items()}).w for b in range(3)]
    expected = w + sum(one - w for one in alone) / (3 if reduce == "mean" else 1)
    assert np.abs(expected - w).max() > 1e-6
    close(replay(rule, w, pre, post, DT, "torch", reduce=reduce, **read).w, expected)


BOUNDED = [name for name, make in EVERY.items() if np.isfinite([make().w_min, make().w_max]).all()]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BOUNDED), st.sampled_from(["interpreter", "torch"]), st.booleans(),
       st.floats(0.02, 0.95), st.floats(0.02, 0.95), st.integers(0, 2**16))
def test_bounds_hold(name, engine, shared, rate_pre, rate_post, seed):
    rule = EVERY[name]()
    n_pre, n_post = (WINDOW.n_pre, WINDOW.n_post) if shared else (N_PRE, N_POST)
    shape = (WINDOW.fan_in, WINDOW.channels) if shared else (n_pre, n_post)
    w = np.random.default_rng(seed).uniform(rule.w_min, rule.w_max, shape)
    found = replay(rule, w, spikes((20, 1), n_pre, rate_pre, seed), spikes((20, 1), n_post, rate_post, seed + 1), DT,
                   engine, window=WINDOW if shared else None, weights_every=1,
                   **{key: 5 * values for key, values in outside(rule, (20, 1), n_pre, n_post, seed).items()})
    assert found.trajectory.min() >= rule.w_min
    assert found.trajectory.max() <= rule.w_max


def test_bounds_are_reached():
    """Otherwise the test above would show nothing."""
    reached = 0
    for name in BOUNDED:
        rule = EVERY[name]()
        always = [np.ones((100, n), bool) for n in (N_PRE, N_POST)]
        found = replay(rule, within(rule, (N_PRE, N_POST)), *always, DT, "torch",
                       **outside(rule, (100,), N_PRE, N_POST))
        reached += bool(np.isin(found.w, (rule.w_min, rule.w_max)).any())
    assert reached > len(BOUNDED) / 2


def test_reductions_are_noticed():
    assert {name for name in EVERY if reduces(EVERY[name]())} >= {"sanger", "hard_wta", "krotov_hopfield", "soft_hebb"}
