"""Every rule of rates: the paper's equation, the same on all engines, and what any such rule must keep to."""

import numpy as np
import pytest
from support.rates import CASES, N_POST, N_PRE, activity, run, weights

from plasticity import PlasticityError, RefusedError, replay, rules

#: engines that cannot express reductions over a population
REDUCING = ("sanger", "hard_wta", "krotov_hopfield", "soft_hebb", "soft_hebb_losers_unlearn")


def close(found, expected, atol=1e-10):
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("name", CASES)
def test_the_definition_equals_the_papers_equation(name):
    rule, by_hand = CASES[name]
    rates, w = activity(rule), weights()
    expected = by_hand(w, rates)
    assert np.abs(expected - w).max() > 0.05
    close(run(rule, w, **rates).w, expected)


@pytest.mark.parametrize("name", CASES)
def test_a_step_is_a_sample_whatever_dt(name):
    rule, _ = CASES[name]
    rates, w = activity(rule), weights()
    close(run(rule, w, dt=0.1, **rates).w, run(rule, w, **rates).w)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", CASES)
def test_torch(name, dtype):
    rule, _ = CASES[name]
    rates, w = activity(rule), weights()
    silent = [np.zeros((len(next(iter(rates.values()))), n), bool) for n in w.shape]
    found = replay(rule, w, *silent, 1e-3, "torch", dtype=dtype, **rates)
    expected = run(rule, w, **rates)
    close(found.w, expected.w, 1e-10 if dtype == "float64" else 1e-4)
    for trace, values in expected.traces.items():
        close(found.traces[trace], values, 1e-10 if dtype == "float64" else 1e-4)


@pytest.mark.parametrize("reduce", ["sum", "mean"])
@pytest.mark.parametrize("name", CASES)
def test_torch_in_mini_batches(name, reduce):
    rule, _ = CASES[name]
    rates, w = activity(rule, steps=8, batch=4), weights()
    close(run(rule, w, "torch", reduce=reduce, **rates).w, run(rule, w, reduce=reduce, **rates).w)


@pytest.mark.parametrize("name", CASES)
def test_event(name):
    rule, _ = CASES[name]
    rates, w = activity(rule), weights()
    close(run(rule, w, "event", **rates).w, run(rule, w, **rates).w)


@pytest.mark.parametrize("name", CASES)
def test_brian2(name):
    rule, _ = CASES[name]
    rates, w = activity(rule), weights()
    if name in REDUCING:
        with pytest.raises(RefusedError, match="a reduction over the postsynaptic population"):
            run(rule, w, "brian2", **rates)
        return
    close(run(rule, w, "brian2", **rates).w, run(rule, w, **rates).w)


@pytest.mark.parametrize("name", CASES)
def test_zero_rates_change_nothing(name):
    rule, _ = CASES[name]
    rates, w = {read: 0 * values for read, values in activity(rule).items()}, weights()
    assert np.array_equal(run(rule, w, **rates).w, w)
    assert np.array_equal(run(rule, w, "torch", **rates).w, w)


@pytest.mark.parametrize("name", CASES)
def test_a_learning_rate_of_zero_changes_nothing(name):
    rule = CASES[name][0].with_(params={"eta": 0.0})
    w = weights()
    assert np.array_equal(run(rule, w, **activity(rule)).w, w)


@pytest.mark.parametrize("name", CASES)
def test_permuting_neurons_permutes_weights(name):
    rule, _ = CASES[name]
    rates, w = activity(rule), weights()
    generator = np.random.default_rng(3)
    of = {"pre": generator.permutation(N_PRE),
          "post": np.arange(N_POST) if name == "sanger" else generator.permutation(N_POST)}
    moved = {read: values[:, of[rule.reads[read]]] for read, values in rates.items()}
    ordered = np.ix_(of["pre"], of["post"])
    close(run(rule, w[ordered], **moved).w, run(rule, w, **rates).w[ordered])


def test_sangers_neurons_have_an_order():
    rule, _ = CASES["sanger"]
    rates, w = activity(rule), weights()
    backwards = run(rule, w[:, ::-1], r_pre=rates["r_pre"], r_post=rates["r_post"][:, ::-1]).w[:, ::-1]
    assert np.abs(backwards - run(rule, w, **rates).w).max() > 0.05


@pytest.mark.parametrize("name", CASES)
def test_bounds_hold(name):
    rule = CASES[name][0].with_(w_min=-0.3, w_max=0.2)
    w = np.clip(weights(), -0.3, 0.2)
    for engine in ("interpreter", "torch"):
        found = run(rule, w, engine, **activity(rule, steps=100)).w
        assert found.min() >= -0.3 and found.max() <= 0.2 and not np.array_equal(found, w)


@pytest.mark.parametrize("name", ["hebb", "anti_hebb", "oja", "sanger", "bcm", "hard_wta", "krotov_hopfield",
                                  "soft_hebb"])
def test_negative_learning_rates_are_refused(name):
    with pytest.raises(PlasticityError, match="eta must be finite and not negative"):
        rules.make(name, eta=-0.1)


@pytest.mark.parametrize("name, arguments, what", [
    ("bcm", {"memory": 0.5}, "memory must be at least 1"), ("bcm", {"power": 1.0}, "power must be above 1"),
    ("bcm", {"theta": -1.0}, "theta must be finite and not negative"), ("hard_wta", {"eta": 1.5}, "must not exceed 1"),
    ("krotov_hopfield", {"k": 1}, "k must be a whole number"), ("krotov_hopfield", {"delta": -1.0}, "delta"),
    ("soft_hebb", {"sharpness": -1.0}, "sharpness"), ("oja", {"w_min": 1.0, "w_max": 0.0}, "w_min must not exceed")])
def test_bad_values_are_refused(name, arguments, what):
    with pytest.raises(PlasticityError, match=what):
        rules.make(name, **arguments)


def test_ties_go_to_the_lower_index():
    rule, by_hand = CASES["hard_wta"]
    rates = {"r_pre": np.ones((1, N_PRE)), "u": np.full((1, N_POST), 2.0)}
    w = weights()
    for engine in ("interpreter", "torch"):
        found = run(rule, w, engine, **rates).w
        close(found, by_hand(w, rates))
        assert np.array_equal(found[:, 1:], w[:, 1:]) and not np.array_equal(found[:, 0], w[:, 0])


def test_torch_reductions_are_made_once_per_argument_and_again_when_it_changed():
    import torch

    from plasticity.engines.torch.language import REDUCTIONS, Context, over_post

    context = Context(torch.float64, torch.device("cpu"), 1e-3, "sum", 0, torch.Generator())
    rank, u = over_post(REDUCTIONS["rank"], 4, context), torch.tensor([[3.0, 1.0, 3.0, 2.0]], dtype=torch.float64)
    first = rank(u)
    assert first.tolist() == [[0, 3, 1, 2]] and rank(u) is first
    u.mul_(-1)
    assert rank(u).tolist() == [[2, 0, 3, 1]]
    assert rank(torch.tensor([[1.0]], dtype=torch.float64)).tolist() == [[0, 1, 2, 3]]  # the same for all
    winner = over_post(REDUCTIONS["winner"], 4, context)
    assert winner(torch.tensor([[3.0, 1.0, 3.0, 2.0]], dtype=torch.float64)).tolist() == [[1, 0, 0, 0]]
    assert winner(torch.tensor([[1.0]], dtype=torch.float64)).tolist() == [[1, 0, 0, 0]]
