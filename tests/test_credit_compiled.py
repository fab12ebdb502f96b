"""Generated programs of populations against autograd over single steps: every rule, neuron, reset and way of loops."""

import ast
import copy
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from support import interpreted

from plasticity import Input, Network, Neuron, PlasticityError, Population, Projection, RefusedError
from plasticity import rules as all_rules
from plasticity.encoding.spikes import Spikes
from plasticity.engines.gradient import convolution, surrogates
from plasticity.engines.gradient.compiled import blocks, trains, writing
from plasticity.engines.gradient.compiled.derivative import derivative
from plasticity.engines.gradient.compiled.events import sparse_product
from plasticity.engines.gradient.compiled.ssa import Printer
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.torch.language import Context, expression, functions
from plasticity.language import expressions
from plasticity.networks.csnn import csnn
from plasticity.neurons import adex, alif, izhikevich, lif, snu
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.neurons.rate import rate_neuron
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop, feedback_alignment, rflo, truncated_bptt
from plasticity.rules.paths import GradientRule, Paths

N_IN, N, STEPS, BATCH = 5, 4, 14, 2


@pytest.fixture
def by_python(monkeypatch):
    monkeypatch.setattr(writing.generated, "load", interpreted.load)


def network(neuron, onto, gain, scale=1.0, delays=(0,), layers=1, dt=1e-3):
    rng = np.random.default_rng(3)
    names = [f"p{k}" for k in range(layers)]
    between = [Projection(pre, post, rng.normal(size=(N_IN if pre == "in" else N, N)) * gain, onto=onto, scale=scale)
               for pre, post in zip(["in", *names], names, strict=False)]
    loops = [Projection(name, name, rng.normal(size=(N, N)) * gain / 2, onto=onto, scale=scale, axonal_delay=delay * dt,
                        label=f"{name} {delay}") for name in names for delay in delays]
    return Network(inputs=(Input("in", N_IN),), populations=tuple(Population(name, N, neuron) for name in names), dt=dt,
                   projections=(*between, *loops))


def gradients(net, x, record=(), seed=5):
    """Spikes, and gradients of a loss that reads spikes, readout and records of every step in its own way."""
    rng = np.random.default_rng(seed)

    def weighed(values):
        return (values * torch.as_tensor(rng.normal(size=values.shape[1:]))).sum()

    run = net(x, record=record)
    y = (run.outputs ** 2).sum() + sum(map(weighed, run.spikes.values())) + sum(map(weighed, run.records.values()))
    y = y + sum((z ** 2).sum() for z in run.local.values())
    learning = {name: p for name, p in net.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(y, list(learning.values()), allow_unused=True)
    return run, dict(zip(learning, found, strict=True))


def agree(described, rule="bptt", surrogate="triangular", record=(), x=None, rates=(0.02, 0.9), **options):
    """Both backends answer the same spikes, records and gradients, to 1e-10 of the largest entry."""
    rng = np.random.default_rng(1)
    x = torch.tensor((rng.random((BATCH, STEPS, N_IN)) < 0.4) * 1.0) if x is None else x
    readout = LeakyReadout(described.populations[-1].name, 2, tau=5e-3)
    nets = [GradientNetwork(described, readout, rule, surrogate, dtype=torch.float64, backend=backend, **options)
            for backend in ("autograd", "compiled")]
    (truth, wanted), (run, found) = (gradients(net, x, record) for net in nets)
    assert rates[0] < (truth.spikes["p0"] != 0).double().mean() < rates[1]
    for name, z in truth.spikes.items():
        torch.testing.assert_close(run.spikes[name], z, rtol=1e-12, atol=0)
    for name, values in truth.records.items():
        torch.testing.assert_close(run.records[name], values, rtol=1e-10, atol=1e-300)
    moved = 0
    for name, expected in wanted.items():
        if expected is None or not expected.any():
            assert found[name] is None or not found[name].any(), name
            continue
        moved += 1
        assert (found[name] - expected).abs().max() <= 1e-10 * expected.abs().max(), name
    assert moved > 1


NEURONS = {
    "lsnn": (lsnn_neuron(10e-3, 0.6, 30e-3, beta=0.2), "x", 0.5, 1.0),
    "lsnn at once": (lsnn_neuron(10e-3, 0.6, 30e-3, beta=0.2, reset="subtract", refractory=2e-3), "x", 0.8, 1.0),
    "lsnn fixed": (lsnn_neuron(10e-3, 0.6, 30e-3, beta=0.2, reset="fixed"), "x", 0.5, 1.0),
    "lif": (lif(tau=10e-3, refractory=3e-3), "v", 1.0, 10e-3),
    "lif exponential": (lif("exponential", tau=10e-3, refractory=3e-3), "I", 1.0, 40e-3),
    "lif alpha": (lif("alpha", tau=10e-3), "g", 1.0, 60e-3),
    "lif conductance": (lif("conductance", tau=10e-3, refractory=2e-3), "ge", 1.0, 0.7),
    "alif": (alif(beta=0.3), "v", 0.6, 1.0),
    "adex": (adex(refractory=2e-3), "I", 1.0, 3e-9),
    "izhikevich": (izhikevich(), "I", 1.0, 20.0),
    "snu": (snu(), "x", 0.7, 1.0),
    "snu leaky": (snu(activation="leaky_relu"), "x", 0.7, 1.0),
    "snu graded": (snu(graded=True), "x", 0.7, 1.0),
    "rate": (rate_neuron(0.3), "x", 0.7, 1.0),
    "delayed fixed": (Neuron("dv/dt = -v/tau : 1 (unless refractory)\ndg/dt = -g/tau : 1", threshold="v >= 1 + g",
                             reset="v = 0.2*v; g += 0.5", reset_delay=1, refractory=2e-3, params={"tau": "8*ms"}),
                      "v", 0.8, 1.0),
    "rk4": (Neuron("dv/dt = (0.3*v*v - v + I)/tau : 1\ndI/dt = -I/tau : 1", threshold="v > 1", reset="v = -0.2",
                   method="rk4", params={"tau": "8*ms"}), "I", 1.5, 1.0),
}
DT = {"adex": 1e-4, "izhikevich": 5e-4}
WIDTH = {"lif": 13e-3, "adex": 50e-3, "izhikevich": 60.0}


def described(name, **options):
    neuron, onto, gain, scale = NEURONS[name]
    return network(neuron, onto, gain, scale, dt=DT.get(name, 1e-3), **options)


def surrogate_of(name):
    return surrogates.triangular(0.3, WIDTH.get(name.split()[0], 1.0))


RULES = {
    **{name: all_rules.make(name) for name in all_rules.KINDS["credit"]}, "truncated_bptt": truncated_bptt(4),
    **{rule.name: rule.with_(broadcast=True) for rule in (eprop(), rflo())},
    "eprop with resets": eprop(reset=True, autapse=True, broadcast=True),
    "no autapse": GradientRule("no autapse", Paths(autapse=False)),
    "no time": GradientRule("no time", Paths(time=False)),
    "instant without resets": GradientRule("instant", Paths(layers="step", reset=False, recurrent=False)),
}


@pytest.mark.parametrize("rule", ["bptt", "ostl", "eprop with resets"])
@pytest.mark.parametrize("name", NEURONS)
def test_neurons(by_python, name, rule):
    agree(described(name), RULES[rule], surrogate_of(name), rates=(0.005, 1.1))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", ["lsnn", "lif", "snu graded"])
def test_rules_of_two_layers_with_loops_and_delays(by_python, name, rule):
    agree(described(name, layers=2, delays=(0, 2)), RULES[rule], surrogate_of(name), rates=(0.005, 1.1))


@pytest.mark.parametrize("surrogate", surrogates.catalogue)
def test_surrogates(by_python, surrogate):
    agree(described("snu"), "bptt", surrogate)
    agree(described("delayed fixed"), "bptt", surrogate)


@pytest.mark.parametrize("rule", ["bptt", "ottt", "eprop"])
@pytest.mark.parametrize("name", ["lif exponential", "alif", "snu graded"])
def test_records_carry_credit(by_python, name, rule):
    net = described(name, layers=2)
    record = [f"p1.{variable}" for variable in NEURONS[name][0].variables] + ["p1.A"] * (name == "alif")
    agree(net, RULES[rule], surrogate_of(name), record, rates=(0.005, 1.1))


def test_more_steps_than_a_delay_and_fewer(by_python):
    agree(described("lsnn", delays=(1, STEPS - 1, STEPS, STEPS + 5)))


def test_neurons_that_differ_and_synapses_that_are_missing(by_python):
    net = described("lsnn")
    sparse = replace(net.projections[1], connect="sparse", mask=~np.eye(N, dtype=bool))
    agree(replace(net, projections=(net.projections[0], sparse), populations=(
        replace(net.populations[0], initial={"beta": np.linspace(0, 0.5, N), "v": np.full(N, 0.3)}),)))


def test_frozen_weights_and_random_ways_back(by_python):
    agree(described("lif", layers=2), feedback_alignment(), surrogate_of("lif"), frozen=("p0 0",), seed=3)


def wide(neuron, onto, scale, delay=0.0, n_in=20, n=24, connect=(), gain=1.0):
    """Two layers that are wide enough for sparse products; inputs arrive late."""
    rng = np.random.default_rng(4)
    return Network(
        inputs=(Input("in", n_in), Input("other", 3)), dt=1e-3,
        populations=(Population("p0", n, neuron), Population("p1", n, neuron)), projections=(
            Projection("in", "p0", rng.normal(size=(n_in, n)) * gain, onto=onto, scale=scale, axonal_delay=delay),
            Projection("other", "p1", rng.normal(size=(3, n)), onto=onto, scale=scale, axonal_delay=delay),
            Projection("p0", "p1", rng.normal(size=(n, n)) * gain, onto=onto, scale=scale, axonal_delay=delay),
            Projection("p1", "p1", rng.normal(size=(n, n)) / 5, onto=onto, scale=scale)))


def given(density, batch=3, n_in=20):
    rng = np.random.default_rng(8)
    return {"in": torch.tensor((rng.random((batch, STEPS, n_in)) < density) * 1.0),
            "other": torch.tensor(rng.random((batch, STEPS, 3)))}


@pytest.mark.parametrize("delay", [0.0, 2e-3])
@pytest.mark.parametrize("rule", ["bptt", "ottt", "eprop", "feedback_alignment"])
def test_sparse_products(by_python, monkeypatch, rule, delay):
    used = []
    monkeypatch.setattr(trains, "sparse_product", lambda *args: used.append(args) or sparse_product(*args))
    net = wide(NEURONS["lif"][0], "v", 12e-3, delay)
    agree(net, RULES[rule], surrogate_of("lif"), x=given(0.1), rates=(0.005, 0.2))
    assert {len(args[1]) for args in used} == {20, 24}


def test_events_are_the_same_as_a_dense_input(by_python):
    net = GradientNetwork(wide(NEURONS["lif"][0], "v", 12e-3), LeakyReadout("p1", 2), surrogate=surrogate_of("lif"),
                          dtype=torch.float64, backend="compiled")
    dense = given(0.1)
    dense["other"] = (dense["other"] < 0.2).double()
    events = {name: Spikes.from_dense(x.numpy()) for name, x in dense.items()}
    for x in (events, {**dense, "in": events["in"]}):
        assert torch.equal(net(x).outputs, net(dense).outputs)
    small = GradientNetwork(wide(NEURONS["lif"][0], "v", 12e-3), LeakyReadout("p1", 2), backend="autograd")
    assert torch.equal(small(events).outputs, small({name: x.float() for name, x in dense.items()}).outputs)


def test_convolutions_and_pools(by_python):
    net = csnn(64, (2, 3), size=2, outputs=3, gain=4.0, neuron=lsnn_neuron(10e-3, 0.6))
    x = torch.tensor((np.random.default_rng(2).random((BATCH, 10, 64)) < 0.4) * 1.0)
    nets = [GradientNetwork(net, LeakyReadout("out", 2), dtype=torch.float64, backend=backend)
            for backend in ("autograd", "compiled")]
    (truth, wanted), (run, found) = (gradients(each, x) for each in nets)
    assert truth.spikes["out"].any() and torch.equal(run.spikes["out"], truth.spikes["out"])
    for name, expected in wanted.items():
        assert expected.any() and (found[name] - expected).abs().max() <= 1e-10 * expected.abs().max(), name


@pytest.mark.parametrize("pooled", ["spikes", "currents"])
def test_samples_one_by_one(by_python, monkeypatch, pooled):
    """Blocks of one sample, own convolutions and biases that are added block by block, on two threads."""
    net = csnn(100, (2, 3), size=2, outputs=3, gain=8.0, neuron=lsnn_neuron(10e-3, 0.6), pooled=pooled, bias=True,
               seed=2)
    x = torch.tensor((np.random.default_rng(2).random((5, 14, 100)) < 0.4) * 1.0)
    truth, wanted = gradients(GradientNetwork(net, LeakyReadout("out", 2), dtype=torch.float64, backend="autograd"), x)
    monkeypatch.setattr(blocks, "BYTES", 1)
    monkeypatch.setattr(convolution, "LEAST", 1)
    convolution._program.cache_clear()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    run, found = gradients(GradientNetwork(net, LeakyReadout("out", 2), dtype=torch.float64, backend="compiled"), x)
    assert truth.spikes["out"].any() and torch.equal(run.spikes["out"], truth.spikes["out"])
    for name, expected in wanted.items():
        assert expected.any() and (found[name] - expected).abs().max() <= 1e-10 * expected.abs().max(), name


@pytest.mark.parametrize("rule", ["bptt", "eprop", "ottt"])
def test_inputs_get_gradients_too(by_python, rule):
    found = []
    for backend in ("autograd", "compiled"):
        net = GradientNetwork(wide(lsnn_neuron(10e-3, 0.6), "x", 1.0), LeakyReadout("p1", 2), RULES[rule],
                              dtype=torch.float64, backend=backend)
        x = {name: values.requires_grad_() for name, values in given(0.1).items()}
        found.append(torch.autograd.grad((net(x).outputs ** 2).sum(), list(x.values()), allow_unused=True))
    for one, other in zip(*found, strict=True):
        assert one.any()
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-10 * one.abs().max().item())


def compiled_net(dtype=torch.float32, rule="bptt"):
    return GradientNetwork(described("lsnn", delays=(0,)), LeakyReadout("p0", 2), rule, dtype=dtype, backend="compiled")


def test_single_precision_is_near_and_the_same_twice():
    """Compiled for real: float32 against float64, and the same bits again on one and on three threads."""
    x = torch.tensor((np.random.default_rng(1).random((5, STEPS, N_IN)) < 0.4) * 1.0)
    _, wanted = gradients(compiled_net(torch.float64), x)
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            (_, found), (_, again) = (gradients(compiled_net(), x) for _ in range(2))
            for name, expected in wanted.items():
                assert torch.equal(found[name], again[name])
                assert (found[name] - expected).abs().max() <= 1e-4 * expected.abs().max()
    finally:
        torch.set_num_threads(before)


def test_a_second_start_compiles_nothing():
    x = torch.zeros(1, 3, N_IN)
    compiled_net()(x).outputs.sum().backward()
    net = compiled_net()
    made = net.compiled.programs("p0")
    for module in (made.forward, made.backward):
        del sys.modules[module.__name__]
    net = compiled_net()
    net(x).outputs.sum().backward()
    fresh = net.compiled.programs("p0")
    for function in (fresh.forward.forward, fresh.backward.backward):
        assert sum(function.stats.cache_hits.values()) == 1 and not function.stats.cache_misses


def test_copies_and_other_rules_of_one_network(by_python):
    net = compiled_net(torch.float64)
    x = torch.tensor((np.random.default_rng(1).random((2, STEPS, N_IN)) < 0.4) * 1.0)
    copied = copy.deepcopy(net)
    assert torch.equal(copied(x).outputs, net(x).outputs)
    other = net.with_rule("eprop")
    assert other.compiled and torch.equal(other(x).outputs, net(x).outputs)
    with torch.no_grad():
        assert not net(x).outputs.requires_grad


def test_what_cannot_be_compiled_says_why():
    net = described("lsnn", layers=2)
    loop = replace(net, projections=(*net.projections, Projection("p1", "p0", np.ones((N, N)), onto="x")))
    assert GradientNetwork(loop, LeakyReadout("p0", 1)).compiled is None
    with pytest.raises(RefusedError, match="loop"):
        GradientNetwork(loop, LeakyReadout("p0", 1), backend="compiled")
    own = surrogates.Surrogate("mine", torch.sigmoid, {}, "sigmoid", "here")
    with pytest.raises(RefusedError, match="text"):
        GradientNetwork(net, LeakyReadout("p1", 1), surrogate=own, backend="compiled")
    with pytest.raises(RefusedError, match="float16"):
        GradientNetwork(net, LeakyReadout("p1", 1), dtype=torch.float16, backend="compiled")
    assert "fewer" in GradientNetwork(net, LeakyReadout("p1", 1)).why_not_compiled
    assert "autograd" in GradientNetwork(net, LeakyReadout("p1", 1), backend="autograd").why_not_compiled
    with pytest.raises(PlasticityError, match="backend"):
        GradientNetwork(net, LeakyReadout("p1", 1), backend="numba")


def test_what_is_not_a_number_is_not_hidden(by_python):
    x = torch.ones(1, STEPS, N_IN)
    for backend in ("autograd", "compiled"):
        net = GradientNetwork(described("lsnn"), LeakyReadout("p0", 2), dtype=torch.float64, backend=backend)
        with torch.no_grad():
            net.weights["in->p0"][0, 1] = torch.nan
        net(x).outputs.sum().backward()
        assert net.weights["in->p0"].grad.isnan().any()


FUNCTIONS = ["exp(x)", "log(y)", "sqrt(y)", "tanh(x)", "sin(x)", "cos(x)", "sinh(x)", "cosh(x)", "expm1(x)", "log1p(y)",
             "abs(x)", "relu(x)", "sigmoid(3*x)", "clip(x, -0.5, y)", "clip(0.3, x, y)", "exprel(x)", "int(x > 0.1)*x",
             "(x > 0.2)*y*x", "clip(x, 0.2, 0.1)", "x**3 - x/y + -x", "y**x",
             "(x > 0) + x*(not x > 0 or y > 1)", "exprel(x*1e-4)",
             "where(x > 0.1, x*y, log(y))", "1/where(x > 0 and y < 1, exp(x), where(y > 0.5, y, x**2 + y))"]


@pytest.mark.parametrize("text", FUNCTIONS)
def test_derivatives_of_the_language(text):
    expr = expressions.parse(text, expressions.NEURON_FUNCTIONS, logic=True)
    known = functions(Context(torch.float64, torch.device("cpu"), 1e-3, "sum", 0, None))
    values = expression(expr, {}, {"x": "v['x']", "y": "v['y']"}, known)
    x, y = torch.linspace(-1.5, 1.5, 13, dtype=torch.float64) + 0.01, torch.linspace(0.23, 1.4, 13, dtype=torch.float64)
    v = {"x": x.requires_grad_(), "y": y.requires_grad_()}
    wanted = torch.autograd.grad(values(v).sum(), list(v.values()), allow_unused=True)
    for name, expected in zip(v, wanted, strict=True):
        slope = derivative(expr, name)
        printer = Printer({}, ast.Name("u", ast.Load()))
        source = "0.0" if slope is None else printer.text(slope)
        place = {**vars(interpreted.load("import math")), "zero": 0.0, "one": 1.0, **printer.constants.values({})}
        found = [eval(source, {**place, "x": a, "y": b}) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        np.testing.assert_allclose(found, np.zeros(13) if expected is None else expected, rtol=1e-9, atol=1e-12)
