"""Random numbers in the texts of neurons: what is drawn, that it is drawn alike everywhere, and that it can be off."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from scipy.stats import norm
from support import interpreted

from plasticity import (
    Input,
    LanguageError,
    Learner,
    Network,
    Neuron,
    PlasticityError,
    Population,
    Projection,
    neurons,
)
from plasticity.engines.gradient.compiled import writing
from plasticity.engines.gradient.exact import gradients, rtrl
from plasticity.engines.gradient.losses import mse
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.noise import Noise
from plasticity.engines.gradient.online import online_gradients
from plasticity.language.draws import KINDS
from plasticity.language.expressions import RANDOM
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import bptt, drtp, eprop, ottt, rflo, truncated_bptt

BACKENDS = ("autograd", "compiled")
GRADED = Neuron(update="u = 0.5*u*normal() + x*uniform() + 0.3*normal(); y = tanh(u)*dropout(p); x = 0*x",
                threshold="u > 0.8", reset="u -= 1", output="y*(1 + 0.1*normal())*dropout(0.2)", params={"p": 0.4})
SPIKING = Neuron(update="v = 0.8*v + x*dropout(0.3) + 0.2*normal(); x = 0*x", threshold="v > 0.8", reset="v -= 1",
                 reset_delay=1, refractory=2e-3)
N_IN, N, STEPS, BATCH = 5, 7, 14, 6
X = torch.tensor(np.random.default_rng(2).normal(size=(BATCH, STEPS, N_IN)))


@pytest.fixture
def by_python(monkeypatch):
    """Programs are run by Python itself: nothing to compile."""
    monkeypatch.setattr(writing.generated, "load", interpreted.load)
    with np.errstate(over="ignore"):  # numbers of 64 bits, of which only these matter
        yield


def network(rule, backend="autograd", dtype=torch.float64, first=GRADED, second=SPIKING, delay=0.0, recurrent=True):
    draw = np.random.default_rng(1)
    weights = [draw.normal(size=shape) for shape in ((N_IN, N), (N, N), (N, N), (N, N))]
    ends = (("in", "a"), ("a", "b"), ("a", "a"), ("b", "b"))
    projections = [Projection(pre, post, 0.6 * w, onto="x", axonal_delay=delay)
                   for (pre, post), w in zip(ends, weights, strict=True)]
    described = Network((Input("in", N_IN),), (Population("a", N, first), Population("b", N, second)),
                        tuple(projections if recurrent else projections[:2]), dt=1e-3)
    return GradientNetwork(described, LeakyReadout(("a", "b"), 3), rule, dtype=dtype, backend=backend)


# What is drawn.

def drawn(text, backend="autograd", seed=0, size=(40, 50, 30)):
    """The numbers that a call in the output gives, [batch, steps, n]."""
    unit = Neuron(update="x = 0*x", threshold="x > 1", output=f"{text} + x")
    described = Network((Input("in", 1),), (Population("p", size[2], unit),),
                        (Projection("in", "p", np.zeros((1, size[2])), onto="x"),))
    net = GradientNetwork(described, None, "bptt", dtype=torch.float64, backend=backend)
    with torch.no_grad():
        return net(torch.zeros(*size[:2], 1), noise=seed).spikes["p"].numpy()


MOMENTS = {"normal()": (0.0, 1.0, 3.0), "uniform()": (0.5, 1 / 12, 1.8), "dropout(0.25)": (1.0, 1 / 3, None)}


@pytest.mark.parametrize("text", MOMENTS)
def test_distributions(text):
    values, (mean, variance, kurtosis) = drawn(text), MOMENTS[text]
    assert abs(values.mean() - mean) < 4 * np.sqrt(variance / values.size)
    assert values.var() == pytest.approx(variance, rel=0.03)
    if kurtosis is not None:
        standard = (values - values.mean()) / values.std()
        assert (standard**4).mean() == pytest.approx(kurtosis, rel=0.05)
        assert abs((standard**3).mean()) < 0.05
    else:
        assert {*np.unique(values)} == {0.0, 1 / 0.75}
    for axis in range(3):  # neighbours in sample, step and neuron
        ahead, behind = np.take(values, range(1, values.shape[axis]), axis), values.take(
            range(values.shape[axis] - 1), axis)
        assert abs(np.corrcoef(ahead.ravel(), behind.ravel())[0, 1]) < 0.02
    assert (values.min(), values.max()) > (0, 0) if text == "uniform()" else True


def test_calls_populations_and_seeds_draw_numbers_of_their_own():
    one, other = drawn("normal()"), drawn("normal()", seed=1)
    two = drawn("2*normal() + 0*normal()") / 2
    np.testing.assert_array_equal(one, two)
    difference = drawn("normal() - normal()")
    assert difference.var() == pytest.approx(2, rel=0.03)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.02
    unit = Neuron(update="y = x + normal(); x = 0*x", threshold="y > 9", output="y")
    described = Network((Input("in", 1),), (Population("a", 30, unit), Population("b", 30, unit)), tuple(
        Projection("in", name, np.zeros((1, 30)), onto="x") for name in "ab"))
    found = GradientNetwork(described, None, "bptt")(torch.zeros(20, 50, 1), noise=3).spikes
    assert abs(np.corrcoef(*(found[name].detach().numpy().ravel() for name in "ab"))[0, 1]) < 0.02


@pytest.mark.parametrize("text", MOMENTS)
def test_programs_draw_the_same_numbers(by_python, text):
    np.testing.assert_allclose(drawn(text, "compiled", 7, (3, 4, 5)), drawn(text, "autograd", 7, (3, 4, 5)), rtol=0,
                               atol=1e-14)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_sample_draws_alone(backend):
    """Whatever batch, threads and windows."""
    net, before = network(bptt(), backend, delay=2e-3), torch.get_num_threads()
    whole = net(X, noise=9)
    torch.set_num_threads(3)
    again = net(X, noise=9)
    torch.set_num_threads(before)
    assert torch.equal(again.outputs, whole.outputs)
    for part in (slice(0, 2), slice(2, 5), slice(5, 6)):
        assert torch.equal(net(X[part], noise=Noise(9, sample=part.start)).outputs, whole.outputs[part])
    first = net(X[:, :6], noise=9)
    rest = net(X[:, 6:], state=first.state, noise=Noise(9).later(steps=6))
    torch.testing.assert_close(torch.cat([first.outputs, rest.outputs], 1), whole.outputs, rtol=0, atol=1e-13)
    assert not torch.equal(net(X, noise=10).outputs, whole.outputs)


# Gradients.

RULES = [bptt(), truncated_bptt(5), eprop(), ottt(), rflo(), drtp()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_both_backends_have_the_same_gradients(by_python, rule):
    agree(rule, torch.float64, 1e-10)


def test_compiled_gradients_of_single_precision():
    agree(bptt(), torch.float32, 2e-6)


def agree(rule, dtype, within):
    found = {}
    for backend in BACKENDS:
        net = network(rule, backend, dtype, delay=1e-3)
        run = net(X.to(dtype), noise=5, record=["a.u", "b.v"])
        (run.error(torch.ones(BATCH, STEPS, 3, dtype=dtype), mse()) + run.records["a.u"].square().mean()).backward()
        found[backend] = [run.outputs, run.records["a.u"], run.records["b.v"], *(p.grad for p in net.parameters()
                                                                                 if p.grad is not None)]
    assert len(found["autograd"]) > 5
    for value, wanted in zip(found["compiled"], found["autograd"], strict=True):
        torch.testing.assert_close(value, wanted, rtol=0, atol=within * float(wanted.abs().max()))


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_are_those_of_the_numbers_that_were_drawn(by_python, backend):
    smooth = GRADED.with_(reset="", threshold="u > 99")
    net = network(bptt(), backend, first=smooth, second=smooth)

    def value():
        return net(X, noise=5).outputs.square().sum()

    value().backward()
    for w in net.weights.values():
        for place in ((0, 1), (3, 2)):
            with torch.no_grad():
                w[place] += 1e-6
                above = value()
                w[place] -= 2e-6
                below = value()
                w[place] += 1e-6
            assert float(w.grad[place]) == pytest.approx(float(above - below) / 2e-6, rel=1e-5, abs=1e-6)


def test_online_and_exact_gradients_draw_too():
    target = torch.ones(BATCH, STEPS, 3, dtype=torch.float64)
    for rule in (eprop(), rflo()):
        net = network(rule)
        wanted = gradients(net, X, lambda run: mse()(run.outputs, target), noise=4)
        _, found = online_gradients(net, X, target, mse(), noise=4)
        for name, g in found.items():
            torch.testing.assert_close(g, wanted[name], rtol=1e-9, atol=1e-12)
    net = network(bptt(), first=GRADED, second=SPIKING.with_(refractory=0.0))
    wanted = gradients(net, X[:2, :6], lambda run: mse()(run.outputs, target[:2, :6]), noise=4)
    found = rtrl(net, X[:2, :6], lambda run: mse()(run.outputs, target[:2, :6]), noise=4)
    for name, g in found.items():
        torch.testing.assert_close(g, wanted[name], rtol=1e-9, atol=1e-12)


# Off.

@pytest.mark.parametrize("backend", BACKENDS)
def test_without_a_seed_each_call_is_its_mean(by_python, backend):
    def certain(text):
        return text.replace("normal()", "0").replace("uniform()", "0.5").replace("*dropout(0.2)", "").replace(
            "*dropout(0.3)", "").replace("*dropout(p)", "")

    quiet = [unit.with_(update=certain(unit.update), output=certain(unit.output)) for unit in (GRADED, SPIKING)]
    noisy, plain = network(bptt(), backend), network(bptt(), backend, first=quiet[0], second=quiet[1])
    assert not plain.cells["a"].neuron.drawn and len(noisy.cells["a"].neuron.drawn) == 6
    found, wanted = noisy(X), plain(X)
    torch.testing.assert_close(found.outputs, wanted.outputs, rtol=0, atol=1e-14)
    found.outputs.sum().backward()
    wanted.outputs.sum().backward()
    for name in noisy.weights:
        torch.testing.assert_close(noisy.weights[name].grad, plain.weights[name].grad, rtol=1e-12, atol=1e-13)


def test_dropout_leaves_the_mean_as_it_is():
    unit = neurons.softlif(bias=1.5, dropout=0.4)
    described = Network((Input("in", 1),), (Population("p", 200, unit),), (Projection("in", "p", onto="x", weights=(
        np.linspace(0, 1, 200)[None])),))
    net, x = GradientNetwork(described, None, "bptt", dtype=torch.float64), torch.ones(300, 3, 1)
    with torch.no_grad():
        sent, quiet = net(x, noise=1).spikes["p"][:, 2], net(x).spikes["p"][0, 2]
    assert float((sent == 0).double().mean()) == pytest.approx(0.4, abs=0.01)
    torch.testing.assert_close(sent[sent > 0], (quiet / 0.6).expand(300, 200)[sent > 0])
    torch.testing.assert_close(sent.mean(0), quiet, rtol=0.25, atol=0)
    assert float((sent.mean(0) / quiet).mean()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("options", "spread"), [({"rate_noise": 10.0}, 10 * 0.063), ({"current_noise": 0.3}, None)])
def test_noise_of_the_soft_lif(options, spread):
    """On the rate it is what was asked for, where the current is above the threshold; else the rate alone is sent."""
    unit = neurons.softlif(amplitude=0.063, **options)
    described = Network((Input("in", 2),), (Population("p", 2, unit),), (Projection("in", "p", np.diag([3.0, -0.5]),
                                                                                    onto="x"),))
    net = GradientNetwork(described, None, "bptt", dtype=torch.float64)
    with torch.no_grad():
        sent, quiet = net(torch.ones(4000, 2, 2), noise=1).spikes["p"][:, 1], net(torch.ones(1, 2, 2)).spikes["p"][0, 1]
    if spread:
        assert float(sent[:, 0].std()) == pytest.approx(spread, rel=0.05) and float(sent[:, 1].std()) < 1e-12
        assert float(sent[:, 0].mean()) == pytest.approx(float(quiet[0]), rel=0.01)
    else:
        slope = (net(1.01 * torch.ones(1, 2, 2)).spikes["p"] - net(0.99 * torch.ones(1, 2, 2)).spikes["p"])[0, 1, 0]
        assert float(sent[:, 0].std()) == pytest.approx(0.3 * float(slope) / 0.06, rel=0.1)


def test_noise_and_dropout_of_spiking_neural_units():
    """A unit with noise spikes as often as a normal number exceeds what is missing to its threshold; a soft one is
    dropped as often as was asked, and keeps its mean."""
    drive = np.linspace(0.4, 1.6, 4)

    def shown(unit, noise):
        described = Network((Input("in", 1),), (Population("p", 4, unit),), (
            Projection("in", "p", drive[None], onto="x"),))
        net = GradientNetwork(described, None, "bptt", dtype=torch.float64)
        with torch.no_grad():
            return net(torch.ones(4000, 2, 1), noise=noise).spikes["p"][:, 1]

    for activation in ("identity", "leaky_relu"):
        unit = neurons.snu(decay=0.0, activation=activation, current_noise=0.5)
        np.testing.assert_allclose(shown(unit, 1).mean(0), norm.cdf((drive - 1) / 0.5), atol=0.03)
        np.testing.assert_array_equal(shown(unit, None)[0], drive > 1)
    soft = neurons.snu(graded=True, dropout=0.25)
    sent, quiet = shown(soft, 1), shown(soft, None)[0]
    assert float((sent == 0).double().mean()) == pytest.approx(0.25, abs=0.01)
    torch.testing.assert_close(sent.mean(0), quiet, rtol=0.03, atol=0)


def learned(unit, seed=3, epochs=2, **options):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 60)
    x = 0.2 * rng.random((60, 8)) + 0.8 * (np.arange(8) // 4 == y[:, None])
    learner = Learner(lambda n_inputs: layers(n_inputs, unit), rule="bptt", encoder="current(steps=4)", epochs=epochs,
                      seed=seed, batch=20, lr=0.02, **options)
    return learner.fit(x, y), x, y


def layers(n_inputs, unit):
    draw = np.random.default_rng(4)
    n = int(np.prod(n_inputs))
    weights = draw.normal(size=(n, 10)) / 2
    return Network((Input("in", n),), (Population("p", 10, unit),), (Projection("in", "p", weights, onto="x"),))


@pytest.mark.parametrize("engine", BACKENDS)
def test_a_learner_draws_while_it_learns_and_only_then(engine):
    noisy = neurons.softlif(bias=1.0, amplitude=0.02, gamma=0.1, current_noise=0.5, dropout=0.3)
    (first, x, y), (again, *_), (quiet, *_) = (learned(unit, engine=engine) for unit in (
        noisy, noisy, neurons.softlif(bias=1.0, amplitude=0.02, gamma=0.1)))
    weights = [torch.as_tensor(learner.network_.projections[0].weights) for learner in (first, again, quiet)]
    assert torch.equal(weights[0], weights[1]) and not torch.allclose(weights[0], weights[2], atol=1e-4)
    asked = first.decision_function(x)
    np.testing.assert_array_equal(asked, first.decision_function(x))
    np.testing.assert_allclose(asked[3:7], first.decision_function(x[3:7]), rtol=1e-6)
    more, *_ = learned(noisy, engine=engine, epochs=30)
    assert more.score(x, y) > 0.9


# Refusals.

MAP = {"update": "u = x; x = 0*x", "threshold": "u > 1"}


@pytest.mark.parametrize(("texts", "said"), [
    ({**MAP, "threshold": "u > uniform()"}, "map"), ({**MAP, "reset": "u = normal()"}, "map"),
    ({**MAP, "adapt": "u = normal()"}, "map"), ({**MAP, "initial": {"u": "normal()"}}, "map"),
    ({"equations": "dv/dt = (normal() - v)/tau : 1", "params": {"tau": "9*ms"}}, "map"),
    ({"equations": "dv/dt = -v/tau : 1", "params": {"tau": "9*ms"}, "output": "v*dropout(0.5)"}, "map"),
    ({**MAP, "update": "u = x*dropout(1)"}, "0 to below 1"), ({**MAP, "update": "u = x*dropout(x)"}, "0 to below 1"),
    ({**MAP, "update": "u = x*dropout(-p)", "params": {"p": 0.1}}, "0 to below 1"),
    ({**MAP, "update": "u = x*dropout(uniform())"}, "0 to below 1"), ({**MAP, "update": "u = x*normal(2)"}, "takes 0"),
    ({**MAP, "update": "u = x*randn()"}, "randn"), ({**MAP, "update": "draw__0 = x"}, "draw__0"),
    ({**MAP, "params": {"uniform": 1.0}}, "uniform")])
def test_texts_that_are_refused(texts, said):
    with pytest.raises(LanguageError, match=said):
        Neuron(**texts)


@pytest.mark.parametrize("noise", [-1, 2**64, 0.5, True, "3"])
def test_seeds_that_are_refused(noise):
    for backend in BACKENDS:
        with pytest.raises(PlasticityError, match="seed"):
            network(bptt(), backend)(X, noise=noise)


def test_functions_are_known_by_one_list():
    assert {*KINDS} == RANDOM


def test_it_can_be_kept():
    net = network(eprop())
    assert torch.equal(pickle.loads(pickle.dumps(net))(X, noise=2).outputs, net(X, noise=2).outputs)
    assert Neuron.from_dict(GRADED.to_dict()).drawn == GRADED.drawn
