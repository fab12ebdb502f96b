"""The numpy definition: published rules against loops from the papers, and properties of any rule."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from reference import pairs, papers
from support.rule_cases import CASES, CONTINUOUS, DT
from support.stress_rules import sanger
from support.trains import N_POST, N_PRE, TRAINS, signals_for, times, weights

from plasticity import PlasticityError, Rule, State, Trace, replay
from plasticity._utils import random
from plasticity.language.rule import ORDERS
from plasticity.rules import clopath, dopamine_stdp, eprop_online, graupner_brunel

TRAIN = arrays.arrays(bool, (20, 3))


def run(rule, w, pre, post, engine="interpreter", **more):
    return replay(rule, w, pre, post, DT, engine, **more).w


def each(w, formula):
    return np.array([[formula(i, j) for j in range(w.shape[1])] for i in range(w.shape[0])])


# Published rules.

def test_clopath_equals_the_paper():
    w, (pre, post) = weights(), TRAINS["random"]()
    v = signals_for("clopath", len(pre))["v"]
    found = run(clopath(), w, pre, post, v=v)
    expected = each(w, lambda i, j: papers.clopath(w[i, j], times(pre)[i], v[:, j], DT))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert (found > w).any() and (found < w).any()


def test_graupner_brunel_equals_the_paper():
    w, (pre, post) = weights(0.2, 0.8), TRAINS["coincident"]()
    gauss = np.array([random.normal(4, t, (1, N_PRE, N_POST))[0] for t in range(len(pre))])
    free = graupner_brunel(w_min=-math.inf, w_max=math.inf)
    found = run(free, w, pre, post, axonal_delay=5e-3, seed=4)
    expected = each(w, lambda i, j: papers.graupner_brunel(
        w[i, j], times(pre)[i], times(post)[j], len(pre), DT, 5e-3, gauss[:, i, j]))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert abs(found - w).max() > 0.01


def test_graupner_brunel_settles_where_the_theory_says():
    """With calcium above both thresholds the efficacy is an Ornstein-Uhlenbeck process (their equations 4-6)."""
    rule = graupner_brunel(w_min=-math.inf, w_max=math.inf)
    steps, shape = 2500, (20, 25)
    always = np.ones((steps, 1), bool)
    found = replay(rule, np.full(shape, 0.5), always.repeat(20, 1), always.repeat(25, 1), DT, "torch", seed=1).w
    total = 200.0 + 321.808
    assert found.mean() == pytest.approx(321.808 / total, abs=0.02)
    assert found.std() == pytest.approx(2.8284 * math.sqrt(2 / (2 * total)), rel=0.1)


def test_eprop_is_the_gradient_of_a_layer_without_recurrence():
    """Backpropagation through time of ALIF neurons whose reset carries no gradient gives the same change."""
    pre, _ = TRAINS["random"]()
    rng = np.random.default_rng(2)
    w0, loss_weights = 2.5 * rng.random((N_PRE, N_POST)), rng.normal(size=(len(pre), N_POST))
    gradient, psi = _backpropagated(w0, pre, loss_weights)
    rule = eprop_online(eta=1.0, tau_out=1e-12)  # no readout filter: kappa = 0
    found = run(rule, w0, pre, np.zeros((len(pre), N_POST), bool), psi=psi, L=loss_weights)
    np.testing.assert_allclose(w0 - found, gradient, rtol=0, atol=1e-10 * abs(gradient).max())
    assert abs(gradient).max() > 0.1


class _Spike(torch.autograd.Function):
    """A step function whose derivative is psi."""

    @staticmethod
    def forward(ctx, above):
        ctx.save_for_backward(above)
        return (above > 0).double()

    @staticmethod
    def backward(ctx, grad):
        above, = ctx.saved_tensors
        return grad * 0.3 * torch.clamp(1 - above.abs(), min=0)


def _backpropagated(w0, pre, loss_weights, beta=0.07):
    """Gradient of sum_t L(t) z(t) by autograd, and psi; v reads the spikes of the step before, as in the paper."""
    w = torch.tensor(w0, requires_grad=True)
    alpha, rho = math.exp(-DT / 20e-3), math.exp(-DT / 0.2)
    x = torch.tensor(pre.astype(float))
    v, a, z = (torch.zeros(N_POST, dtype=torch.float64) for _ in range(3))
    loss, psi = 0.0, []
    for t in range(len(pre)):
        v = alpha * v + (x[t - 1] @ w if t else 0.0) - z.detach()
        a = rho * a + z
        above = v - 1.0 - beta * a
        z = _Spike.apply(above)
        psi.append(0.3 * torch.clamp(1 - above.detach().abs(), min=0).numpy())
        loss = loss + (torch.tensor(loss_weights[t]) * z).sum()
    loss.backward()
    return w.grad.numpy(), np.array(psi)


def test_sanger_equals_the_paper_and_finds_principal_components():
    w, (pre, post) = weights(), TRAINS["silent"]()
    given_ = signals_for("sanger", len(pre))
    np.testing.assert_allclose(run(sanger(), w, pre, post, **given_),
                               papers.sanger(w, given_["rate_pre"], given_["rate_post"], DT), rtol=0, atol=1e-12)
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(N_PRE, N_PRE)))[0]
    w = 0.1 * rng.normal(size=(N_PRE, 2))
    quiet = np.zeros((1, N_PRE), bool), np.zeros((1, 2), bool)
    for t in range(2500):
        x = axes @ (np.array([3.0, 2.0, 0.5, 0.3, 0.1]) * rng.normal(size=N_PRE))
        rule = sanger().with_(params={"eta": 10.0 if t < 1000 else 2.0})
        w = run(rule, w, *quiet, rate_pre=x[None], rate_post=(x @ w)[None])
    overlap = abs(axes[:, :2].T @ w)
    np.testing.assert_allclose(overlap, np.eye(2), atol=0.1)


def test_dopamine_equals_the_paper():
    w, (pre, post) = weights(0.5, 3.5), TRAINS["coincident"]()
    d = 20 * signals_for("dopamine_stdp", len(pre))["dopamine"]
    found = run(dopamine_stdp(), w, pre, post, dopamine=d)
    expected = each(w, lambda i, j: papers.dopamine(w[i, j], times(pre)[i], times(post)[j], d, DT))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    assert abs(found - w).max() > 0.01


@pytest.mark.parametrize("name", ["mstdp", "mstdpet", "r_max", "sdsp"])
@pytest.mark.parametrize("train", ["random", "coincident"])
def test_rules_with_a_third_factor_equal_the_papers(name, train):
    w, (pre, post) = weights(), TRAINS[train]()
    given_ = signals_for(name, len(pre))
    own = {"sdsp": {"up": (0.5, 3.0), "down": (0.2, 1.5)}}.get(name, {})

    def formula(i, j):
        seen = {key: values[:, j] if values.ndim == 2 else values for key, values in given_.items()}
        return getattr(papers, name)(w[i, j], times(pre)[i], times(post)[j], **seen, dt=DT, **own)

    found = run(CONTINUOUS[name](), w, pre, post, **given_)
    np.testing.assert_allclose(found, each(w, formula), rtol=0, atol=1e-12)
    assert (found > w).any() and (found < w).any() and abs(found - w).max() > 0.002


# Properties of any rule.

@pytest.mark.parametrize("engine", ["interpreter", "torch"])
@pytest.mark.parametrize("name", CASES)
@settings(max_examples=8, deadline=None, derandomize=True)
@given(pre=TRAIN, post=TRAIN, order=st.sampled_from(sorted(ORDERS)), w=arrays.arrays(
    float, (3, 3), elements=st.floats(0, 1)))
def test_weights_stay_finite_and_in_bounds(name, engine, pre, post, order, w):
    found = run(CASES[name].make(order=order), w, pre, post, engine)
    assert np.isfinite(found).all() and found.min() >= 0 and found.max() <= 1


@pytest.mark.parametrize("engine", ["interpreter", "torch"])
@settings(max_examples=15, deadline=None, derandomize=True)
@given(pre=TRAIN, post=TRAIN, order=st.sampled_from(sorted(ORDERS)))
def test_pair_stdp_is_a_sum_over_pairs(engine, pre, post, order):
    w = np.full((3, 3), 50.0)
    rule = CASES["pair"].make(order=order, w_min=0.0, w_max=100.0)
    expected = each(w, lambda i, j: 50.0 + pairs.additive_sum(
        times(pre)[i], times(post)[j], DT, 0.05, 0.06, 17e-3, 34e-3, order))
    np.testing.assert_allclose(run(rule, w, pre, post, engine), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("engine", ["interpreter", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_permuting_neurons_permutes_weights(name, engine):
    w, (pre, post) = weights(), TRAINS["random"]()
    rng = np.random.default_rng(1)
    rows, columns = rng.permutation(N_PRE), rng.permutation(N_POST)
    rule = CASES[name].make()
    np.testing.assert_allclose(run(rule, w[rows][:, columns], pre[:, rows], post[:, columns], engine),
                               run(rule, w, pre, post, engine)[rows][:, columns], rtol=0, atol=1e-13)


@pytest.mark.parametrize("engine", ["interpreter", "torch"])
@pytest.mark.parametrize("name", CASES)
def test_zero_rates_change_nothing(name, engine):
    rule = CASES[name].make()
    rates = ("a_plus", "a_minus", "a2_plus", "a3_plus", "a2_minus", "a3_minus", "a", "eta", "nu_pre", "nu_post", "rate")
    still = rule.with_(params={rate: 0.0 for rate in rates if rate in rule.params})
    w, (pre, post) = weights(), TRAINS["saturating"]()
    assert np.array_equal(run(still, w, pre, post, engine), w)
    assert not np.array_equal(run(rule, w, pre, post, engine), w)


def _samples(n=3):
    made = [TRAINS["random"](seed) for seed in range(n)]
    return tuple(np.stack([pair[side] for pair in made], 1) for side in (0, 1))


@pytest.mark.parametrize("engine", ["interpreter", "torch"])
@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_a_batch_adds_what_its_samples_do(reduce, engine):
    """Exactly for an additive rule away from its bounds; to first order in the rate for one that reads the weight."""
    pre, post = _samples()
    w, share = weights(0.4, 0.6), 1 if reduce == "sum" else 1 / pre.shape[1]
    w[0, 0] = w[1, 1] = 0.5

    def gap(name, scale):
        rule = CASES[name].make()
        rule = rule.with_(params={k: v * scale for k, v in rule.params.items() if k.startswith("a_")})
        alone = sum(run(rule, w, pre[:, b], post[:, b], engine) - w for b in range(pre.shape[1]))
        return abs(run(rule, w, pre, post, engine, reduce=reduce) - w - share * alone).max()

    assert gap("pair", 0.1) < 1e-14
    coarse, fine = gap("pair_soft", 0.1), gap("pair_soft", 0.01)
    assert 1e-8 < fine < coarse / 50


def test_a_mask_leaves_out_synapses():
    w, (pre, post) = weights(), TRAINS["random"]()
    mask = np.random.default_rng(0).random(w.shape) < 0.5
    rule = CASES["pair"].make()
    found = run(rule, np.where(mask, w, 0.0), pre, post, mask=mask)
    np.testing.assert_array_equal(found[mask], run(rule, w, pre, post)[mask])
    assert (found[~mask] == 0).all()


def test_all_expressions_of_an_event_are_evaluated_before_any_assignment():
    rule = Rule(pre={"x": Trace(1.0)}, syn={"e": State(initial=1.0)}, on_pre={"e": "w", "w": "e"})
    found = replay(rule, np.array([[0.25]]), np.ones((1, 1), bool), np.zeros((1, 1), bool), DT, "interpreter")
    assert found.w[0, 0] == 1.25 and found.traces["e"][0, 0] == 1.25


def test_delayed_reads_the_past_and_before_the_start_the_first_value():
    rule = Rule(on_step={"w": "delayed(v, 3e-3)"}, reads={"v": "post"})
    v = np.arange(10.0)[:, None]
    found = replay(rule, np.zeros((1, 1)), np.zeros((10, 1), bool), np.zeros((10, 1), bool), DT, "interpreter",
                   weights_every=1, v=v)
    assert found.trajectory.ravel().tolist() == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", CONTINUOUS)
def test_replay_names_a_missing_signal(name):
    rule = CONTINUOUS[name]()
    if {**rule.reads, **rule.signals}:
        with pytest.raises(PlasticityError, match="pass"):
            run(rule, weights(), *TRAINS["silent"]())


@pytest.mark.parametrize(("change", "message"), [
    ({"w": np.zeros((2, 2))}, "w must have shape"),
    ({"post": np.zeros((61, N_POST), bool)}, "same steps"),
    ({"pre": np.full((60, N_PRE), 2)}, "only 0 and 1"),
    ({"reduce": "median"}, "reduce"),
])
def test_replay_refuses_what_does_not_fit(change, message):
    pre, post = TRAINS["random"]()
    with pytest.raises(PlasticityError, match=message):
        replay(**{"rule": CASES["pair"].make(), "w": weights(), "pre": pre, "post": post, "engine": "interpreter"}
               | change)
