"""What goes wrong without an error is said: while a network learns, and when it is read out."""

import json
import warnings

import numpy as np
import pytest

from plasticity import (
    Input,
    Learner,
    Network,
    PlasticityError,
    Population,
    Projection,
    Rule,
    Trace,
    build,
    neurons,
    rules,
)
from plasticity.comparison.job import Job
from plasticity.comparison.one import train_one
from plasticity.comparison.rows import row
from plasticity.comparison.run import Settings, run_task
from plasticity.errors import NetworkWarning
from plasticity.learner import health
from plasticity.learner.gradients.activity import Activity
from plasticity.learner.training import Diverged
from plasticity.network import Model, Presentation
from plasticity.runs import Run

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(0)
X, Y = np.float32(RNG.random((40, 9))), np.arange(40) % 2
NONE = Rule(pre={"x": Trace(20e-3)}, on_post={"w": "0 * x"}, w_max=1.0)


def shown(rule=NONE, scale=8e-3, **presentation) -> Model:
    """Nine inputs and three neurons that integrate and fire."""
    network = Network(inputs=(Input("in", 9),), populations=(Population("out", 3, neurons.lif()),), name="small",
                      projections=(Projection("in", "out", 0.5, onto="v", scale=scale, rule=rule),))
    return Model(network, Presentation(**{"steps": 30, **presentation}), "in", "out")


def stream(**options) -> Learner:
    return Learner(shown(**options), engine="torch")


def gradients(**options) -> Learner:
    return Learner(**{"network": "layers(8)", "rule": "bptt", "encoder": "latency(steps=6)", "epochs": 2, **options})


def told(learner, x=X, y=Y) -> list[str]:
    """What is said from `fit` to `score`."""
    with health.overheard() as lines:
        learner.fit(x, y).score(x, y)
    return lines


@pytest.mark.parametrize(("learner", "x", "says"), [
    (stream(scale=1e-6), X, "'small' is silent while it learns: 100 % of 40 samples"),
    (stream(scale=1e-6), X, "'small' is silent when it is read out: 100 % of 40 samples"),
    (stream(scale=0.1), np.where(np.arange(40)[:, None] < 10, X, 0), "silent when it is read out: 75 % of 40 samples"),
    (stream(scale=9.0, max_rate=990.0), np.ones_like(X), "'small' explodes while it learns: 100 %"),
    (stream(scale=9.0, max_rate=990.0), np.ones_like(X), "'small' explodes when it is read out: 100 %"),
    (stream(rule=rules.pair_stdp(a_plus=9.0, a_minus=0.0, w_max=1.0)), X, "'in->out' sit at a bound (100 % at w_max"),
    (stream(rule=rules.pair_stdp(a_plus=0.0, a_minus=9.0, w_max=1.0)), X, "'in->out' sit at a bound (100 % at w_min"),
    (gradients(), np.zeros_like(X), "population 'layer1' of network 'layers' is silent when it is read out: 100 %"),
    (gradients(lr=1e-12), X, "the loss does not move: "),
    (gradients(lr=1e-12, epochs=1, batch=4), np.zeros_like(X), "the loss does not move: "),
    (gradients(), np.zeros_like(X), "all 40 answers are"),
    (Learner("mlp(4)", lr=1e-12, epochs=2), X, "the loss does not move: "),
    (Learner("mlp(4)", epochs=2), np.zeros_like(X), "the network's answers are the same for all of 40 samples"),
    (Learner("rates(4)", "soft_hebb", epochs=1), np.zeros_like(X), "the layer's features are the same for all of 40"),
    (Learner("rates(4)", rules.oja().with_(w_min=-1e-9, w_max=1e-9), epochs=1), X, "weights of the layer sit at a b"),
    (Learner("rates(4)", "soft_hebb", epochs=0), X, "nothing is learned with epochs=0"),
    (stream().set_params(epochs=0), X, "nothing is learned with epochs=0"),
    (gradients(epochs=0), X, "nothing is learned with epochs=0")])
def test_what_goes_wrong_is_said(learner, x, says):
    assert any(says in line for line in told(learner, x)), told(learner, x)


def test_what_goes_well_says_nothing():
    x = np.repeat(np.eye(2, 9, dtype=np.float32), 20, 0)
    y = np.repeat([0, 1], 20)
    assert told(Learner("mlp(8)", epochs=3, lr=0.1), x, y) == []
    assert told(Learner("rates(4)", epochs=2), X, Y) == []


def test_units_that_do_not_spike_are_never_silent():
    network = Network(populations=(Population("out", 2, neurons.lif()),), name="n")
    activity = Activity(network)
    activity.count({"out": torch.zeros(4, 5, 2)})
    with pytest.warns(NetworkWarning, match="population 'out' of network 'n' is silent"):
        activity.warn(4)
    assert Activity(network.with_(populations=(Population("out", 2, neurons.rate_neuron()),))).largest == {}


@pytest.mark.parametrize(("line", "fine"), [
    (health.silent("n", "now", 3, 6), True), (health.silent("n", "now", 4, 6), False),
    (health.saturated("n", "now", 3, 6), True), (health.saturated("n", "now", 6, 6), False),
    (health.at_bounds("p", np.array([0.0, 1.0, 0.5]), 0, 1), True),
    (health.at_bounds("p", np.array([0.0, 1.0, 1.0]), 0, 1), False),
    (health.at_bounds("p", np.array([]), 0, 1), True), (health.at_bounds("p", np.ones(3), -np.inf, np.inf), True),
    (health.unmoved(2.0, 1.9), True), (health.unmoved(2.0, 1.99), False), (health.unmoved(0.0, 0.0), False),
    (health.one_class(np.zeros(20, int), np.zeros(20, int), np.arange(2)), True),
    (health.one_class(np.zeros(20, int), np.arange(20) % 2, np.arange(2)), False),
    (health.one_class(np.zeros(3, int), np.arange(3) % 2, np.arange(2)), True),
    (health.unanswered(np.full(9, -1), np.ones(9, bool)), False),
    (health.unanswered(np.full(9, -1), np.zeros(9, bool)), True),
    (health.alike("answers", np.ones((20, 2))), False), (health.alike("answers", np.eye(20)), True),
    (health.alike("answers", np.ones((2, 2))), True)])
def test_when_something_is_said(line, fine):
    assert (line is None) == fine


def test_validation_on_the_way_says_nothing():
    lines = told(Learner(shown(scale=1e-6), engine="torch", validation=0.5, epochs=3))
    assert sum("when it is read out" in line for line in lines) == 2  # for labels, and for the score


def test_other_warnings_are_passed_on():
    with pytest.warns(UserWarning, match="of something else"), health.overheard() as lines:
        warnings.warn("of something else", UserWarning, stacklevel=1)
        health.warn("of a network", None, "of a network")
    assert lines == ["of a network"]


def test_warnings_stand_in_the_result_the_report_and_what_is_said(tmp_path):
    said = []
    settings = Settings("digits", "mlp(4)", lr=1e-12, epochs=2, train_samples=100, test_samples=40, control=True)
    result = run_task(settings, Run(tmp_path / "run", {}), said.append)
    line = next(line for line in result["warnings"] if "loss does not move" in line)
    assert f"warning: {line}" in said
    assert line in json.loads((tmp_path / "run" / "result.json").read_text())["warnings"]
    assert "the loss does not move" in (tmp_path / "run" / "report.html").read_text()


def test_warnings_stand_in_a_row_of_a_comparison():
    measured = train_one(Job("digits", "backprop", network="mlp(4)", epochs=2, lr=1e-12, train_samples=100,
                             test_samples=40))
    assert any("loss does not move" in line for line in measured["warnings"])
    assert row({"rule": "backprop"}, [measured])["warnings"][0] == {"seed": 0, "warning": measured["warnings"][0]}


STRANGE = Rule(pre={"x": Trace(20e-3)}, on_post={"w": "0.05 * x * sqrt(0.56 - w)"}, w_min=0, w_max=1.0, name="odd")


@pytest.mark.parametrize("min_spikes", [0, 5])
def test_weights_that_are_no_numbers_end_a_training_and_are_named(min_spikes):
    learner = Learner(shown(STRANGE, scale=5e-3, min_spikes=min_spikes), engine="torch")
    with np.errstate(invalid="ignore"), pytest.raises(Diverged, match=(
            r"weight \[\d, \d\] \(pre, post\) of projection 'in->out', NaN after step \d+ of sample \d+; .* 'odd'")):
        learner.fit(X, Y)
    assert np.isfinite(learner.weights_).all()


def test_a_layer_of_rates_names_the_weight():
    odd = Rule(reads={"r_pre": "pre", "r_post": "post"}, on_step={"w": "sqrt(0.001 - r_pre * r_post)"}, name="odd")
    with pytest.raises(Diverged, match=r"a change is not finite in epoch 0, batch 0; .* weight \[\d, \d\] \(input"):
        Learner("rates(4)", odd).fit(X, Y)


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_the_text_that_makes_nan_is_named_with_its_synapse_and_step(engine):
    rule = Rule(on_pre={"w": "w + log(w - 0.6)"}, w_max=1.0, name="logged")
    projection = Projection("in", "E", np.array([[0.9], [0.5]]), onto="v", scale=1e-3, rule=rule)
    described = Network((Input("in", 2),), (Population("E", 1, "lif"),), (projection,))
    trains = np.zeros((3, 400, 2), bool)
    trains[1, 7, 1] = True
    where = r"weight \[1, 0\] \(pre, post\) of projection 'in->E' is NaN after step 7 of sample 1: .* rule 'logged'"
    with pytest.raises(PlasticityError, match=where):
        build(described, engine).run({"in": trains})
