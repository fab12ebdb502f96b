"""`where(condition, met, otherwise)`: the same on every engine, and no branch that is not taken reaches a gradient."""

import numpy as np
import pytest
import torch

from plasticity import (
    Input,
    LanguageError,
    Network,
    Neuron,
    PlasticityError,
    Population,
    Projection,
    Rule,
    Trace,
    build,
    neurons,
)
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.replay import replay
from plasticity.language.expressions import evaluate, parse
from plasticity.neurons.discretise import discretise

ENGINES = ("event", "torch", "brian2")
MAP = Neuron(update="u = where(x > 0.5 or u < -1, x, 0.1*x) + where((u > 0.3) and not u > 0.9, 0.5*u, 0.9*u); x = 0*x",
             threshold="where(u > 1.2, u, 0) > 0.5", reset="u = where(u > 2, 1, 0*u)")
EQUATIONS = Neuron("dv/dt = (where(v > 3*mV, 20*mV, drive) + I - v)/tau : volt\n"
                   "dI/dt = -I/where(I > 1*mV, tau, 2*tau) : volt\ndrive = where(I > 2*mV, 8*mV, 5*mV) : volt",
                   threshold="v > 7*mV", reset="v = where(I > 4*mV, 0*mV, 1*mV)", method="euler",
                   params={"tau": "10*ms"})


def network(neuron, onto, size):
    weights = size * np.random.default_rng(1).random((6, 4))
    return Network((Input("in", 6),), (Population("p", 4, neuron),), (Projection("in", "p", weights, onto=onto),),
                   dt=1e-3)


def naive_map(w, spikes):
    """u after each step, and who spiked."""
    u, x, seen, fired = np.zeros(4), np.zeros(4), [], []
    for arrived in spikes:
        new = []
        for at, came in zip(u, x, strict=True):
            new.append((came if came > 0.5 or at < -1 else 0.1 * came)
                       + (0.5 * at if 0.3 < at <= 0.9 else 0.9 * at))
        u, x = np.array(new), arrived @ w
        seen.append(u.copy())
        fired.append(u > 1.2)
        u = np.where(fired[-1], np.where(u > 2, 1.0, 0.0), u)
    return np.array(seen), np.array(fired)


@pytest.fixture(scope="module")
def spikes():
    return np.random.default_rng(0).random((1, 60, 6)) < 0.2


@pytest.mark.parametrize("engine", [*ENGINES, "brian2_cpp"])
def test_maps(engine, spikes):
    described = network(MAP, "x", 0.9)
    found = build(described, engine).run({"in": spikes}, record=["p.spikes", "p.u"])
    u, fired = naive_map(described.projections[0].weights, spikes[0])
    assert fired.sum() > 20 and (u > 2).any()
    np.testing.assert_array_equal(found.spikes["p"].dense()[0], fired)
    np.testing.assert_allclose(found.values["p.u"][0][~fired], u[~fired], atol=1e-12)


def test_equations(spikes):
    found = {engine: build(network(EQUATIONS, "I", 6e-3), engine).run({"in": spikes}, record=["p.spikes", "p.v"])
             for engine in ENGINES}
    assert found["event"].spikes["p"].dense().sum() > 50
    for each in found.values():
        np.testing.assert_array_equal(each.spikes["p"].dense(), found["event"].spikes["p"].dense())
        np.testing.assert_allclose(each.values["p.v"], found["event"].values["p.v"], atol=1e-12)


RULE = Rule(pre={"x": Trace(20e-3)}, post={"y": Trace(15e-3)}, params={"a": 0.02},
            on_pre={"w": "where(y > 0.5, -a*y, 0.3*a)"}, on_post={"w": "where((w > 0.5)*(x > 0.1), a*x, -log(w)*a)"},
            on_step={"dw/dt": "where(w > 0.6, 0.6 - w, 0)"}, w_min=0.01, w_max=1.0, name="conditional")


@pytest.mark.parametrize("engine", ENGINES)
def test_rules_equal_the_interpreter(engine):
    rng = np.random.default_rng(3)
    w, pre, post = rng.uniform(0.3, 0.7, (6, 4)), rng.random((90, 6)) < 0.2, rng.random((90, 4)) < 0.2
    wanted = replay(RULE, w, pre, post, 1e-3, engine="interpreter").w
    assert np.abs(wanted - w).max() > 0.05
    np.testing.assert_allclose(replay(RULE, w, pre, post, 1e-3, engine=engine).w, wanted, atol=1e-10)


@pytest.mark.parametrize("engine", ENGINES)
def test_rules_read_what_branches(engine, spikes):
    """A subexpression of the neuron, spelt out at the synapse, against the same as a sum."""
    weights = {}
    for text in ("where(v > 2*mV, 2*v, v)", "v + v*int(v > 2*mV)"):
        unit = Neuron(f"dv/dt = -v/tau : volt\ndrive = {text} : volt", threshold="v > 7*mV", reset="v = 0*mV",
                      params={"tau": "10*ms"})
        rule = Rule(pre={"x": Trace(20e-3)}, reads={"drive": "post"}, w_min=0.0, w_max=1.0, name="reading",
                    on_step={"dw/dt": "x*(drive > 0.003) - x*drive*(drive <= 0.003)"})
        w = 0.5 * np.random.default_rng(1).random((6, 4))
        described = Network((Input("in", 6),), (Population("p", 4, unit),), (Projection(
            "in", "p", w, onto="v", scale=6e-3, rule=rule),), dt=1e-3)
        simulation = build(described, engine)
        simulation.run({"in": spikes})
        weights[text] = simulation.get("in->p.w")
        assert np.abs(weights[text] - w).max() > 0.01
    np.testing.assert_allclose(*weights.values(), atol=1e-12)


@pytest.mark.parametrize(("text", "said"), [
    ("dv/dt = (where(v > 1*mV, 1*mV, 2) - v)/tau : volt", "units"),
    ("dv/dt = (where(v > 1*second, 1*mV, 2*mV) - v)/tau : volt", "units"),
    ("dv/dt = (where(v, 1*mV, 2*mV) - v)/tau : volt", "boolean")])
def test_branches_have_one_unit_and_conditions_are_conditions(text, said):
    with pytest.raises(PlasticityError, match=said):
        discretise(Neuron(text, threshold="v > 1*mV", reset="v = 0*mV", method="euler", params={"tau": "10*ms"}))


def test_it_takes_three_arguments():
    with pytest.raises(LanguageError, match="where takes 3"):
        parse("where(x > 1, 2)")


def test_numbers_without_names():
    assert evaluate(parse("where(2 > 1, 3, 4)"), {}) == 3
    for neuron in (Neuron(update="u = where(1 > 2, 5, x); x = 0*x", threshold="u > 9"),
                   Neuron(update="u = where(x > 0.5, 5, 2); x = 0*x", threshold="u > 9")):
        described = network(neuron, "x", 1.0)
        given = np.zeros((1, 3, 6), bool)
        given[0, 0] = True
        wanted = build(described, "event").run({"in": given}, record=["p.u"]).values["p.u"]
        found = build(described, "torch").run({"in": given}, record=["p.u"]).values["p.u"]
        np.testing.assert_allclose(found, wanted, atol=1e-14)


#: graded units of x, and (value, derivative) of each by hand
SAFE = {
    "where(x > 0, sqrt(x), 0)": lambda x: (x**0.5, 0.5 / x**0.5) if x > 0 else (0, 0),
    "where(x > 0, x*log(x), -x)": lambda x: (x * np.log(x), np.log(x) + 1) if x > 0 else (-x, -1),
    "where(x < 2, x, exp(exp(x)))": lambda x: (x, 1) if x < 2 else (np.exp(np.exp(x)), np.exp(np.exp(x) + x)),
    "where(x > 1, 3*x, where(x > 0, 1/x, where(x > -1, x**2, 1/(x + 1))))": lambda x: (
        (3 * x, 3) if x > 1 else (1 / x, -1 / x**2) if x > 0 else (x**2, 2 * x) if x > -1 else
        (1 / (x + 1), -1 / (x + 1)**2)),
    "2/(1 + where(not x > 0, 0*x, 1/x))": lambda x: (2 / (1 + 1 / x), 2 / (x + 1)**2) if x > 0 else (2, 0),
}


@pytest.mark.parametrize("backend", ["autograd", "compiled"])
@pytest.mark.parametrize("text", SAFE)
def test_the_branch_not_taken_reaches_no_gradient(text, backend):
    x = np.array([-800.0, -3.0, -1.0, -0.5, -1e-300, 0.0, 1e-9, 0.5, 1.0, 1.5, 800.0 if "exp" not in text else 3.0])
    unit = Neuron(update=f"y = {text}; x = 0*x", threshold="y > 0", output="y")
    described = Network((Input("in", 1),), (Population("p", 1, unit),), (Projection("in", "p", np.ones((1, 1)),
                                                                                    onto="x"),))
    net = GradientNetwork(described, None, "bptt", dtype=torch.float64, backend=backend)
    given = torch.zeros(len(x), 2, 1, dtype=torch.float64)
    given[:, 0, 0] = torch.tensor(x)
    found = net(given.requires_grad_()).spikes["p"][:, 1, 0]
    found.sum().backward()
    values, slopes = np.array([SAFE[text](each) for each in x], float).T
    np.testing.assert_allclose(found.detach(), values, rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(given.grad[:, 0, 0], slopes, rtol=1e-12, atol=1e-300)


def test_a_step_has_no_branch_that_depends_on_data():
    """So that a GPU can be given all of it at once."""
    cell = GradientNetwork(network(neurons.softlif(bias=1.0, current_noise=0.2), "x", 0.5), None, "bptt").cells["p"]

    def sent(x):
        first = {name: value.expand(2, 4) for name, value in cell.initial.items()}
        return cell.integrate({**first, **cell.drawn(None, 0, x), "x": x}, None)["y"]

    x = torch.linspace(-800, 800, 8).view(2, 4).requires_grad_()
    traced = torch.compile(sent, fullgraph=True, backend="eager")(x)
    assert torch.equal(traced, sent(x)) and torch.autograd.grad(traced.sum(), x)[0].isfinite().all()
