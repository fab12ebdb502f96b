"""Every rule on every engine: the same weights as the definition, which equals the papers' sums over spikes.

The full product of rules, orders, trains and precisions runs on the torch engine. Where each rule has to be compiled
(event, Brian2) every rule runs once, with orders and precisions spread over the rules and all trains in that one run.
"""

from itertools import cycle

import numpy as np
import pytest
from support.rule_cases import CASES, CONTINUOUS, DT, alone
from support.trains import TRAINS, concatenated, signals_for, weights

from plasticity import RefusedError, Rule, engines, replay
from plasticity.language.rule import ORDERS

TOLERANCE = {"float64": 1e-10, "float32": 1e-4}
#: rule -> (order, precision) where it must be compiled; all orders, both precisions
SPREAD = {
    "pair_soft": ("strict", "float32"),
    "triplet_visual_cortex": ("inclusive", "float64"),
    "symmetric": ("strict", "float64"),
    "vogels": ("brian2", "float64"),
    "diehl_cook_paper": ("inclusive", "float32"),
    "diehl_cook_released": ("strict", "float64"),
    "diehl_cook_bindsnet": ("inclusive", "float64"),
    "nearest_presynaptic_centred": ("brian2", "float64"),
    "nearest_reduced_symmetric": ("strict", "float32"),
    "power_law": ("inclusive", "float64"),
    "log": ("strict", "float64"),
    "rank_order": ("brian2", "float32"),
}
BRIAN2_ORDERS = dict(zip(CASES, cycle(ORDERS), strict=False))
#: rules whose likes are compared on Brian2 already
LIKE_OTHERS = ("anti", "nearest_symmetric", "mstdp")


def close(found, expected, dtype="float64", **message):
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype], err_msg=str(message))


def same_run(rule, w, pre, post, engine, dtype="float64", mean=False, **signals):
    """One engine against the definition: final weights, trajectory and traces."""
    expected = replay(rule, w, pre, post, DT, "interpreter", weights_every=20, **signals)
    found = replay(rule, w, pre, post, DT, engine, weights_every=20, dtype=dtype, **signals)
    if mean:  # a threshold may fall on the other side of a rounding error, at single synapses
        close(found.w.mean(), expected.w.mean(), dtype)
        return found.w
    close(found.w, expected.w, dtype)
    close(found.trajectory, expected.trajectory, dtype)
    for name, values in expected.traces.items():
        close(found.traces[name], values, dtype, trace=name)
    return found.w


# The definition against the papers.

@pytest.mark.parametrize("train", TRAINS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", CASES)
def test_definition_equals_the_papers_sums(name, order, train):
    w, (pre, post) = weights(), TRAINS[train]()
    found = replay(CASES[name].make(order=order), w, pre, post, DT, "interpreter").w
    close(found, CASES[name].expected(w, pre, post, order))
    assert (train == "silent") == np.array_equal(found, w)


# The engines against the definition.

@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("train", TRAINS)
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", CASES)
def test_torch(name, order, train, dtype):
    same_run(CASES[name].make(order=order), weights(), *TRAINS[train](), "torch", dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CONTINUOUS)
def test_torch_runs_continuous_rules(name, dtype):
    pre, post = TRAINS["coincident"]()
    thresholds = any("<" in line.text or ">" in line.text for lines in CONTINUOUS[name]().statements.values()
                     for line in lines) or name == "graupner_brunel"
    same_run(CONTINUOUS[name](), weights(), pre, post, "torch", dtype, mean=dtype == "float32" and thresholds,
             **signals_for(name, len(pre)))


@pytest.mark.parametrize("name", SPREAD)
def test_event(name):
    order, dtype = SPREAD[name]
    for train in TRAINS.values():
        same_run(CASES[name].make(order=order), weights(), *train(), "event", dtype)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_event_runs_continuous_rules(name):
    rule, (pre, post) = CONTINUOUS[name](), TRAINS["coincident"]()
    same_run(rule, weights(), pre, post, "event", **signals_for(name, len(pre)))


@pytest.mark.parametrize("name", [name for name in CASES if name not in LIKE_OTHERS])
def test_brian2(name):
    same_run(CASES[name].make(order=BRIAN2_ORDERS[name]), weights(), *concatenated(), "brian2")


@pytest.mark.parametrize("name", [name for name in CONTINUOUS if name not in LIKE_OTHERS])
def test_brian2_runs_continuous_rules(name):
    quiet = {"sigma": 0.0} if name == "graupner_brunel" else {}  # Brian2 draws its own noise, see below
    rule, (pre, post) = CONTINUOUS[name](**quiet), TRAINS["coincident"]()
    reason = engines.refusal(alone(rule), "brian2")
    if reason:
        assert name == "sanger", reason
        with pytest.raises(RefusedError, match="prefix_sum"):
            replay(rule, weights(), pre, post, DT, "brian2", **signals_for(name, len(pre)))
        return
    same_run(rule, weights(), pre, post, "brian2", **signals_for(name, len(pre)))


def test_brian2_noise_has_the_same_spread():
    rule = Rule(on_step={"dw/dt": "s * noise"}, params={"s": 2.0}, name="diffusion")
    silent = np.zeros((100, 60), bool)
    w = replay(rule, np.zeros((60, 60)), silent, silent, DT, "brian2", seed=3).w
    assert w.std() == pytest.approx(2.0 * np.sqrt(100 * DT), rel=0.05)
    assert abs(w.mean()) < 4 * w.std() / 60
    assert len(np.unique(w)) == w.size


@pytest.mark.standalone
@pytest.mark.parametrize("name", ["pair", "triplet_visual_cortex", "diehl_cook_released"])
def test_brian2_as_a_program(name, quick_compiler):
    same_run(CASES[name].make(order="brian2"), weights(), *concatenated(), "brian2_cpp")


def test_delays_act_the_same_everywhere():
    rule, w = CASES["pair"].make(order="strict"), weights()
    pre, post = TRAINS["random"]()
    delays = {"axonal_delay": DT * np.random.default_rng(0).integers(0, 6, w.shape), "dendritic_delay": 2 * DT}
    expected = replay(rule, w, pre, post, DT, "interpreter", **delays)
    late = np.zeros_like(post)
    late[2:] = post[:-2]
    i, j = 2, 1
    d = round(delays["axonal_delay"][i, j] / DT)
    shifted = np.zeros((len(pre), 1), bool)
    shifted[d:, 0] = pre[: len(pre) - d, i]
    by_hand = CASES["pair"].expected(w[i:i + 1, j:j + 1], shifted, late[:, j:j + 1], "strict")
    close(expected.w[i, j], by_hand[0, 0])
    close(replay(rule, w, pre, post, DT, "torch", **delays).w, expected.w)


# The comparison itself must be able to fail.

def mutants(rule, pre, post, w):
    """Wrong versions of a run, as weights: transposed roles, flipped signs, one event lost."""
    swapped = replay(rule, w.T, post, pre, DT, "interpreter").w.T
    yield "pre and post swapped", swapped
    for event in ("on_pre", "on_post"):
        texts = getattr(rule, event)
        if texts:
            flipped = rule.with_(**{event: {name: f"-({text})" for name, text in texts.items()}})
            yield f"sign of {event} flipped", replay(flipped, w, pre, post, DT, "interpreter").w
            if rule.on_pre and rule.on_post:
                yield f"{event} lost", replay(rule.with_(**{event: {}}), w, pre, post, DT, "interpreter").w


@pytest.mark.parametrize("name", CASES)
def test_wrong_rules_are_noticed(name):
    w, rule = weights(0.3, 0.7), CASES[name].make(order="brian2")
    pre, post = TRAINS["coincident"]()
    expected = CASES[name].expected(w, pre, post, "brian2")
    close(replay(rule, w, pre, post, DT, "interpreter").w, expected)
    for what, found in mutants(rule, pre, post, w):
        if name == "symmetric" and what == "pre and post swapped":
            close(found, expected)  # that is what makes it symmetric
            continue
        with pytest.raises(AssertionError):
            close(found, expected, what=what)


@pytest.mark.parametrize("name", [name for name in CASES if name not in ("diehl_cook_paper", "rank_order")])
@pytest.mark.parametrize("wrong", [("brian2", "strict"), ("strict", "inclusive"), ("inclusive", "brian2")])
def test_wrong_orders_are_noticed(name, wrong):
    w, (pre, post) = weights(0.3, 0.7), TRAINS["coincident"]()
    with pytest.raises(AssertionError):
        close(replay(CASES[name].make(order=wrong[0]), w, pre, post, DT, "interpreter").w,
              CASES[name].expected(w, pre, post, wrong[1]))


def test_a_wrong_time_constant_is_noticed():
    w, (pre, post) = weights(), TRAINS["random"]()
    from plasticity.rules import pair_stdp

    with pytest.raises(AssertionError):
        close(replay(pair_stdp(0.05, 0.06, 17e-3, 35e-3), w, pre, post, DT, "interpreter").w,
              CASES["pair"].expected(w, pre, post, "brian2"))
