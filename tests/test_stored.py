"""Weights as memory cells keep them: the equations, what is kept, learners that answer and learn with them."""

import math
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from plasticity import (
    Input,
    Learner,
    Network,
    PlasticityError,
    Population,
    Projection,
    Window,
    build,
    cli,
    networks,
    stored,
)
from plasticity.datasets import tasks
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.learner.gradients.storing import arrays_of, as_read
from plasticity.network import cells
from plasticity.network.network import existing, weight_matrix
from plasticity.network.stored import kept
from plasticity.readout.leaky import LeakyReadout

X, Y = load_digits(return_X_y=True)
X = X[:300] / 16
#: one learner of every way of learning
LEARNERS = {
    "stream": {"network": "diehl-cook(neurons=10)", "rule": "pair_stdp"},
    "rates": {"network": "rates(20)"},
    "gradients": {"network": "layers(20)", "rule": "eprop"},
    "method": {"network": "mlp(20)"}}


@pytest.fixture(scope="module", params=LEARNERS)
def fitted(request):
    return Learner(epochs=1, **LEARNERS[request.param]).fit(X[:200], Y[:200])


def one_cell(target, n, time=0.0, scale=1.0, drift=1.0, read=1.0):
    """A cell's conductance (uS) as it is read, in plain Python. n: its three normal numbers."""
    g = target / 25
    programmed = max(target + scale * (0.26348 + 1.9650 * g - 1.1731 * g**2) * n[0], 0)
    log = math.log(max(g, 1e-7))
    mean, width = min(max(-0.0155 * log + 0.0244, 0.049), 0.1), min(max(-0.0125 * log - 0.0059, 0.008), 0.045)
    now = programmed * ((time + 20) / 20) ** (-drift * abs(mean + width * n[1]))
    q = min(0.0088 / (programmed / 25) ** 0.65, 0.2) if programmed else 0.2
    return max(now + read * now * q * math.sqrt(math.log((time + 20 + 250e-9) / 500e-9)) * n[2], 0)


@pytest.mark.parametrize("options", [{}, {"time": 3600.0}, {"scale": 3.0}, {"time": 3e7, "read": 0.0},
                                     {"time": 86400.0, "drift": 0.5, "scale": 0.0}])
def test_pcm_against_cells_one_by_one(options):
    w = np.random.default_rng(0).normal(size=(5, 4))
    w[0, 0] = 0.0
    n = np.random.default_rng(7)
    n = np.stack([n.normal(size=(2, 5, 4)) for _ in range(3)], -1)
    k = 25 / np.abs(w).max()
    expected = [[(one_cell(max(w[i, j], 0) * k, n[0, i, j], **options)
                  - one_cell(max(-w[i, j], 0) * k, n[1, i, j], **options)) / k for j in range(4)] for i in range(5)]
    np.testing.assert_allclose(cells.make("pcm", **options)(w, np.random.default_rng(7)), expected, rtol=1e-12)


@pytest.mark.parametrize(("time", "read"), [
    (3600.0, [[0.4880148457628718, -1.0515040284897714], [0.005942046516905935, 0.0065801169032467495]]),
    (3e7, [[0.3357932376602262, -0.7170754966444342], [0.002390417721700045, 0.0032849380507608853]])])
def test_pcm_against_ibms_own_program(time, read):
    """What PCMLikeNoiseModel(g_max=25).apply_noise of github.com/IBM/aihwkit, commit 4545f11, answers, given the normal
    numbers of this generator."""
    found = cells.PCM(time=time)(np.array([[0.5, -1.25], [0.0, 0.02]]), np.random.default_rng(3))
    np.testing.assert_allclose(found, read, rtol=1e-12)


def test_the_spread_of_programmed_cells_is_the_published_one():
    """At full, half and no conductance; the empty cell of a pair cannot fall below 0: half a normal distribution."""
    device, rng = cells.PCM(drift=0.0, read=0.0), np.random.default_rng(1)
    for share, sigma in ((1.0, 1.05538), (0.5, 0.952705)):
        w = np.r_[1.0, np.full(40_000, share)]
        found = 25 * (device(w, rng)[1:] - share)
        assert found.std() == pytest.approx(math.hypot(sigma, 0.26348 * math.sqrt(0.5 - 0.5 / math.pi)), rel=0.02)
        assert found.mean() == pytest.approx(-0.26348 / math.sqrt(2 * math.pi), abs=0.02)


def test_drift_takes_what_the_exponents_say_and_one_factor_brings_it_back():
    w = np.random.default_rng(2).uniform(0.5, 1.0, (40, 40))
    still, year = {"scale": 0.0, "read": 0.0}, 3.15e7
    gone = cells.PCM(time=year, **still)(w, np.random.default_rng(3)) / w
    assert gone.mean() == pytest.approx((year / 20) ** -0.049, rel=0.01)  # all cells of these lie at the least mean
    back = cells.PCM(time=year, compensated=True, **still)(w, np.random.default_rng(3))
    assert back.mean() == pytest.approx(w.mean(), rel=1e-12) and 0.02 < np.std(back / w) < 0.2


@given(seed=st.integers(0, 10_000), levels=st.integers(2, 40))
@settings(max_examples=30, deadline=None)
def test_what_is_switched_off_loses_nothing_but_levels(seed, levels):
    rng = np.random.default_rng(seed)
    w = rng.normal(size=(6, 3)) * 10.0 ** rng.integers(-3, 3)
    off = {"scale": 0.0, "drift": 0.0, "read": 0.0}
    np.testing.assert_allclose(cells.PCM(time=100.0, **off)(w, rng), w, rtol=1e-12)
    found, step = cells.PCM(levels=levels, **off)(w, rng), np.abs(w).max() / (levels - 1)
    assert np.abs(found - w).max() <= step / 2 * (1 + 1e-9)
    np.testing.assert_allclose(found / step, np.round(found / step), atol=1e-9)


@given(seed=st.integers(0, 10_000), bits=st.integers(2, 12))
@settings(max_examples=30, deadline=None)
def test_digital_rounds_to_whole_numbers_of_so_many_bits(seed, bits):
    w = np.random.default_rng(seed).normal(size=(6, 3))
    found, most = cells.Digital(bits)(w, None), 2 ** (bits - 1) - 1
    whole = found / np.abs(w).max() * most
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-9)
    assert np.abs(whole).max() == pytest.approx(most) and np.abs(found - w).max() <= np.abs(w).max() / most / 2 + 1e-12


@pytest.mark.parametrize("device", ["pcm(time=100)", "digital"])
def test_nothing_is_nothing(device):
    zeros = cells.make(device)(np.zeros((2, 3)), np.random.default_rng(0))
    assert zeros.shape == (2, 3) and not zeros.any() and cells.make(device)(np.zeros(0), None).shape == (0,)


# ------------------------------------------------------------------ networks


def every_kind():
    """A network with projections of every kind that has cells, and of some that have none."""
    rng, window = np.random.default_rng(0), Window((1, 4, 4), (2, 2), channels=3)
    pool = Window((3, 3, 3), (3, 3), stride=3, channels=3)
    neuron = "lif(tau=10e-3, v_rest=0, v_reset=0, v_threshold=1)"
    return Network((Input("in", 16),), (Population("a", 27, neuron), Population("b", 3, neuron)), (
        Projection("in", "a", rng.normal(size=(4, 3)), "convolution", "v", window=window, label="maps"),
        Projection("in", "a", rng.random((16, 27)), "sparse", "v", mask=rng.random((16, 27)) < 0.3, label="sparse",
                   rule="pair_stdp"),
        Projection("a", "b", 0.5, "average_pool", "v", window=pool, label="pool"),
        Projection("a", "b", rng.random((27, 3)), onto="v", normalize=1.0, label="dense"),
        Projection("b", "b", -1.0, "all_but_self", "v", label="lateral"),
        Projection("b", "b", 0.3, "one_to_one", "v", label="self")))


def test_every_weight_has_a_cell_and_wiring_has_none():
    network = every_kind()
    read = stored(network, "pcm", seed=1)
    for each in network.projections:
        before, after = weight_matrix(network, each), weight_matrix(read, read.projection(each.name))
        has = existing(network, each)
        assert not after[~has].any()
        changed = (before != after)[has]
        assert changed.mean() > 0.4 if each.name not in ("pool", "lateral") else not changed.any(), each.name
    rule = network.projection("sparse").rule
    w = read.projection("sparse").weights
    assert rule.w_min <= w.min() and w.max() <= rule.w_max
    assert [each.normalize for each in read.projections] == [None] * 6


def test_a_seed_draws_the_same_and_every_array_its_own():
    network = every_kind()
    assert stored(network, seed=3) == stored(network, seed=3) != stored(network, seed=4)
    w = np.ones((40, 3))
    twins = Network((Input("in", 40),), (Population("a", 3, "lif"),),
                    (Projection("in", "a", w, onto="v", label="x"), Projection("in", "a", w, onto="v", label="y")))
    read = stored(twins)
    assert not np.isin(read.projection("x").weights, read.projection("y").weights).any()
    left = stored(twins, exact=["x"])
    np.testing.assert_array_equal(left.projection("x").weights, w)
    assert left.projection("y") == read.projection("y")


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_engines_run_the_weights_as_read(engine):
    read = stored(every_kind(), "pcm(time=3600)", seed=2)
    simulation = build(read, engine)
    for each in read.projections:
        np.testing.assert_allclose(simulation.get(f"{each.name}.w"), weight_matrix(read, each), rtol=1e-12)


def test_models_keep_their_presentation():
    model = networks.build("diehl-cook", 16, 5)
    read = stored(model, "digital(bits=4)")
    assert read.presentation == model.presentation and read.network == stored(model.network, "digital(bits=4)")


# ------------------------------------------------------------------ learners


def test_a_stored_learner_answers_and_the_exact_one_stays(fitted):
    before = {name: array.copy() for name, array in fitted.learned_.items()}
    scores, right = fitted.decision_function(X[200:]), fitted.score(X[200:], Y[200:300])
    read = stored(fitted, "pcm(time=3600)", seed=1)
    assert np.abs(read.decision_function(X[200:]) - scores).max() > 1e-6
    assert 0.5 * right < read.score(X[200:], Y[200:300]) <= 1
    for name, array in fitted.learned_.items():
        np.testing.assert_array_equal(array, before[name])
    np.testing.assert_array_equal(fitted.decision_function(X[200:]), scores)


def test_a_memory_without_loss_changes_no_answer(fitted):
    read = stored(fitted, "pcm", scale=0, read=0, drift=0)
    np.testing.assert_allclose(read.decision_function(X[200:]), fitted.decision_function(X[200:]), rtol=1e-4, atol=1e-4)


def test_stored_learners_are_kept_as_they_are(fitted, tmp_path):
    read = stored(fitted, "digital(bits=3)")
    answers = read.decision_function(X[200:])
    read.save(tmp_path)
    for again in (Learner.load(tmp_path), pickle.loads(pickle.dumps(read))):
        np.testing.assert_array_equal(again.decision_function(X[200:]), answers)


@pytest.mark.parametrize("way", ["stream", "gradients"])
def test_the_network_of_a_stored_learner_is_the_stored_network_of_the_learner(way):
    learner = Learner(epochs=1, **LEARNERS[way]).fit(X[:100], Y[:100])
    one, two = stored(learner, seed=5).network_, stored(learner.network_, seed=5)
    one, two = (getattr(each, "network", each) for each in (one, two))
    for each in one.projections:
        np.testing.assert_allclose(weight_matrix(one, each), weight_matrix(two, two.projection(each.name)), rtol=1e-6)


def test_the_readout_is_kept_too_and_biases_and_feedback_are_not():
    learner = Learner("layers(20)", "eprop(feedback=random)", readout="leaky(bias=True)", epochs=1).fit(X, Y[:300])
    read = stored(learner)
    changed = {name for name, array in read.learned_.items() if not np.array_equal(array, learner.learned_[name])}
    assert changed == {"weights.in->layer1", "readouts.layer1"}
    exact = stored(learner, exact=["readouts.layer1"])
    np.testing.assert_array_equal(exact.learned_["readouts.layer1"], learner.learned_["readouts.layer1"])


# ------------------------------------------------------------------ learning with them


def gradient_network(backend):
    rng = np.random.default_rng(0)
    network = Network((Input("in", 9),), (Population("a", 12, "lsnn_neuron"),), (
        Projection("in", "a", rng.normal(size=(9, 12)), onto="v"),
        Projection("a", "a", rng.normal(size=(12, 12)), "sparse", "v", mask=rng.random((12, 12)) < 0.5)))
    return GradientNetwork(network, LeakyReadout("a", 3), "eprop", dtype="float64", backend=backend)


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
def test_gradients_are_those_of_the_weights_as_read_and_the_exact_ones_come_back(backend):
    x = torch.as_tensor(np.random.default_rng(1).random((4, 20, 9)) < 0.3, dtype=torch.float64)
    device = cells.make("pcm(scale=3)")

    def gradients(net):
        net(x).error(torch.tensor([0, 1, 2, 0]), lambda y, target: (y.mean(1)[range(4), target] ** 2).sum()).backward()
        return {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}

    net, other = gradient_network(backend), gradient_network(backend)
    exact = {name: p.detach().clone() for name, p in net.named_parameters()}
    with as_read(net, device, 11):
        found = gradients(net)
    for name, p in net.named_parameters():
        assert torch.equal(p, exact[name])
    with torch.no_grad():
        for name, w in kept(arrays_of(other), device, 11).items():
            dict(other.named_parameters())[name if "." in name else f"weights.{name}"].copy_(torch.tensor(w))
    expected = gradients(other)
    assert found.keys() == expected.keys() and any(g.abs().max() > 0 for g in found.values())
    for name, g in found.items():
        assert torch.equal(g, expected[name])


def test_an_error_leaves_the_exact_weights():
    net = gradient_network("autograd")
    exact = {name: array.w for name, array in arrays_of(net).items()}
    with pytest.raises(KeyboardInterrupt), as_read(net, cells.PCM(), 0):
        raise KeyboardInterrupt
    for name, array in arrays_of(net).items():
        np.testing.assert_array_equal(array.w, exact[name])


def test_weights_that_leave_the_numbers_are_named_as_ever():
    with pytest.raises(PlasticityError, match="lower lr"):
        Learner("mlp(5)", engine="auto(store=pcm)", optimizer="sgd", lr=1e38, epochs=2).fit(X, Y[:300])


@pytest.mark.parametrize("way", ["gradients", "method"])
def test_learning_with_a_memory_is_repeatable_and_changes_what_is_learned(way, tmp_path):
    def learned(engine):
        return Learner(epochs=1, engine=engine, **LEARNERS[way]).fit(X, Y[:300])

    exact, noisy, again = (learned(engine) for engine in ("autograd", *["autograd(store='pcm(scale=2)')"] * 2))
    for name, array in noisy.learned_.items():
        np.testing.assert_array_equal(array, again.learned_[name])
    assert any(not np.array_equal(array, exact.learned_[name]) for name, array in noisy.learned_.items())
    lossless = learned("autograd(store='pcm(scale=0, read=0, drift=0)')")
    for name, array in lossless.learned_.items():
        np.testing.assert_allclose(array, exact.learned_[name], rtol=1e-3, atol=1e-4)
    noisy.save(tmp_path)
    loaded = Learner.load(tmp_path)
    assert loaded.described_.experiment.memory == cells.PCM(scale=2)
    np.testing.assert_array_equal(loaded.decision_function(X), noisy.decision_function(X))


def test_few_levels_are_learned_with_better_than_rounded_to():
    """Three values per weight: what was learned with them answers better than what is rounded to them afterwards."""
    x, y = load_digits(return_X_y=True)
    right = []
    for engine in ("auto", "auto(store='digital(bits=2)')"):
        learner = Learner("mlp(60)", engine=engine, epochs=3, lr=1e-2).fit(x[:1200] / 16, y[:1200])
        right.append(stored(learner, "digital(bits=2)").score(x[1200:] / 16, y[1200:]))
    assert right[1] > right[0] + 0.1 and right[1] > 0.7, right


# ------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(("options", "words"), [
    ({"device": "pmc"}, "did you mean 'pcm'"),
    ({"device": "pcm", "times": 3}, "times"),
    ({"device": "pcm(time=3)", "time": 4}, "given twice"),
    ({"time": -1.0}, "time of PCM"),
    ({"levels": 1}, "levels of PCM"),
    ({"device": "digital", "bits": 1}, "bits of Digital"),
    ({"device": "digital", "bits": 5000}, "bits of Digital must be a whole number from 2 to 53"),
    ({"device": 3}, "device must be"),
    ({"device": lambda w, generator: w[:2]}, "as many weights as it keeps"),
    ({"device": lambda w, generator: w / 0}, "what the memory reads holds NaN or infinity"),
    ({"seed": -1}, "seed must be a whole number"),
    ({"exact": ["dens"]}, "did you mean 'dense'")])
def test_what_cannot_be_is_named(options, words):
    with pytest.raises(PlasticityError, match=words):
        stored(every_kind(), **options)


def test_what_is_no_network_is_refused():
    with pytest.raises(PlasticityError, match="network must be a Network, a Model or a fitted Learner, got str"):
        stored("diehl-cook")
    with pytest.raises(NotFittedError):
        stored(Learner("layers(10)", "eprop"))


@pytest.mark.parametrize(("engine", "words"), [
    ("compiled(store=pmc)", "did you mean 'pcm'"), ("compiled(store=pcm(times=3))", "times"),
    ("event(store=pcm)", "no option 'store'")])
def test_engines_refuse_memories_that_are_none(engine, words):
    rule = "pair_stdp" if engine.startswith("event") else "eprop"
    with pytest.raises(PlasticityError, match=words):
        Learner(rule=rule, engine=engine)


@pytest.mark.parametrize("text", ["half", "Part", "Part(of=2)", "part(of=2)"])
def test_a_device_of_ones_own(text, tmp_path):
    (tmp_path / "cells.py").write_text("""
def half(w, generator):
    return w / 2

class Part:
    def __init__(self, of=2):
        self.of = of

    def __call__(self, w, generator):
        return w / self.of

def part(of):
    return lambda w, generator: w / of
""")
    network = every_kind()
    for device in (f"{tmp_path}/cells.py:{text}", lambda w, generator: w / 2):
        np.testing.assert_array_equal(stored(network, device).projection("maps").weights,
                                      network.projection("maps").weights / 2)


def test_the_command_stores_too(tmp_path, capsys):
    learner = Learner("layers(20)", "eprop", epochs=1).fit(X, Y[:300])
    learner.save(tmp_path / "kept", about={"task": tasks.describe(tasks.load("digits"))})
    np.savez(tmp_path / "new.npz", x=X[:20])
    told = []
    for more in ([], ["--store", "pcm(scale=4)", "--seed", "3"]):
        assert cli.run(["predict", str(tmp_path / "kept"), str(tmp_path / "new.npz"), "--csv", *more]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] != told[1] and len(told[1].splitlines()) == 21
