"""Texts where objects are meant are made of the catalogue; what cannot be meant is refused where it is given."""

import numpy as np
import pytest

from plasticity import (
    Input,
    Learner,
    Network,
    Neuron,
    Population,
    Projection,
    Rule,
    Signal,
    State,
    Trace,
    Window,
    build,
    neurons,
    replay,
    rules,
)
from plasticity._utils.typed import require_fields
from plasticity.errors import PlasticityError
from plasticity.network import Model, Presentation
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.paths import GradientRule, Paths

LIF = neurons.lif()
SPIKES = np.random.default_rng(0).random((2, 40, 4)) < 0.2


def test_texts_are_made_where_objects_are_meant(tmp_path):
    file = tmp_path / "my_rules.py"
    file.write_text("from plasticity import rules\ndef hebb(a=0.1): return rules.pair_stdp(a_plus=a)\n")
    own = Projection("a", "b", 0.5, rule=f"{file}:hebb(a=0.2)")
    assert own.rule.params["a_plus"] == 0.2
    file.write_text("from plasticity import neurons\ndef cell(tau=0.01): return neurons.lif(tau=tau)\nnothing = 1\n")
    assert Population("b", 2, f"{file}:cell(tau=15e-3)") == Population("b", 2, neurons.lif(tau=15e-3))
    with pytest.raises(PlasticityError, match="is int, no neuron"):
        neurons.make(f"{file}:nothing")
    assert Projection("a", "b", 0.5, rule="pair_stdp(a_plus=0.02)").rule == rules.pair_stdp(a_plus=0.02)
    assert Population("b", 2, "lif(tau=15e-3)") == Population("b", 2, neurons.lif(tau=15e-3))
    assert Network(rule="eprop(feedback=adaptive)").rule == rules.eprop("adaptive")
    w = np.full((4, 4), 0.5)
    by_text = replay("pair_stdp(a_plus=0.02)", w, SPIKES[0], SPIKES[1], engine="interpreter").w
    assert (by_text == replay(rules.pair_stdp(a_plus=0.02), w, SPIKES[0], SPIKES[1], engine="interpreter").w).all()
    assert (by_text != w).any()


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Rule(pre={"x": 20e-3}), r"pre\['x'\] of Rule 'rule' must be a Trace, got 0.02; write Trace\(0.02\)"),
    (lambda: Rule(syn={"x": "1"}), r"syn\['x'\] of Rule 'rule' must be a Trace, got '1'$"),
    (lambda: Rule(on_post="a * x"), r"on_post of Rule 'rule' must be a mapping, .*; write {name: 'a \* x'}"),
    (lambda: Rule(on_pre={"w": 0.1}), r"on_pre\['w'\] of Rule 'rule' must be a text, got 0.1"),
    (lambda: Rule(on_pre={"w": "1"}, w_max="1"), "w_max of Rule 'rule' must be a number, got '1'"),
    (lambda: Rule(on_pre={"w": "1"}, name=None), "name of Rule must be a text, got None"),
    (lambda: Trace("20 ms"), "tau of Trace must be a number, got '20 ms'"),
    (lambda: State(keep=1.0), "keep of Trace must be True or False"),
    (lambda: Neuron(params={"tau": [1]}), r"params\['tau'\] of Neuron 'neuron' must be a number or a text, got \[1\]"),
    (lambda: Neuron(slow="v"), "slow of Neuron 'neuron' must be a tuple of texts, got 'v'"),
    (lambda: Input("in", "4"), "n of Input 'in' must be a whole number, got '4'"),
    (lambda: Input("in", True), "n of Input 'in' must be a whole number, got True"),
    (lambda: Population("E", 0, LIF), "n of Population 'E' must be a whole number of at least 1, got 0"),
    (lambda: Input("in", -3), "n of Input 'in' must be a whole number of at least 1, got -3"),
    (lambda: Signal("r", -1), "n of Signal 'r' must be a whole number of at least 0, got -1"),
    (lambda: Window("abc", 2), r"shape of a window must be \(channels, height, width\), got 'abc'"),
    (lambda: Window((1, 5, 5), 2, "3"), "channels of Window must be a whole number, got '3'"),
    (lambda: Signal("r", drives=None), "drives of Signal 'r' must be a text, got None"),
    (lambda: Population("E", 4, 20e-3), "neuron of Population 'E' must be a Neuron, got 0.02"),
    (lambda: Population("E", 4, "lif(tau_m=1)"), "neuron 'lif': .*tau_m"),
    (lambda: Population("E", 4, "lift"), "unknown neuron 'lift'; did you mean 'lif'"),
    (lambda: Population("E", 4, LIF, {"v": "0"}), r"initial\['v'\] of Population 'E' must be an array of numbers or a"),
    (lambda: Projection("a", "b", 0.5, rule="pair_stp"), "unknown rule 'pair_stp'; did you mean 'pair_stdp'"),
    (lambda: Projection("a", "b", 0.5, rule="eprop"), "is of kind 'credit', and a 'synapse' rule is needed here"),
    (lambda: Projection("a", "b", 0.5, rule=0.1), "rule must be a text, NAME or .*, or a rule, got 0.1"),
    (lambda: Projection("a", "b", "strong"), "weights of Projection 'a->b' must be an array of numbers or a number"),
    (lambda: Projection("a", "b", [[1.0], [1.0, 2.0]]), "weights of Projection 'a->b' must be an array of numbers"),
    (lambda: Projection("a", "b", 1.0, window=(1, 5, 5)), "window of Projection 'a->b' must be a Window or None"),
    (lambda: Network(Input("in", 4)), "inputs of Network 'network' must be a tuple of Inputs, got Input"),
    (lambda: Network(populations=[LIF]), r"populations\[0\] of Network 'network' must be a Population, got Neuron"),
    (lambda: Network(dt="1 ms"), "dt of Network 'network' must be a number, got '1 ms'"),
    (lambda: Network(rule="pair_stdp"), "is of kind 'synapse', and a 'credit' rule is needed here"),
    (lambda: Model("diehl-cook", Presentation(250)), "network of Model must be a Network, got 'diehl-cook'"),
    (lambda: Presentation("250"), "steps of Presentation must be a whole number, got '250'"),
    (lambda: LeakyReadout("E", 10, weights="random"), "weights of LeakyReadout must be an array of numbers or a map"),
    (lambda: GradientRule("mine", "step"), "paths of GradientRule 'mine' must be a Paths, got 'step'"),
    (lambda: Paths(layers=None), "layers of Paths must be a text, got None"),
    (lambda: Learner(rule="bptt", loss="cross_entropi"), "unknown loss 'cross_entropi'; did you mean 'cross_entropy'"),
    (lambda: replay("pair_stp", np.ones((4, 4)), SPIKES[0], SPIKES[1]), "did you mean 'pair_stdp'"),
    (lambda: replay("bptt", np.ones((4, 4)), SPIKES[0], SPIKES[1]), "a 'synapse' rule is needed here"),
    (lambda: replay("pair_stdp", np.ones((4, 4)), SPIKES[0], SPIKES[1], reduce="max"), "value for reduce: 'max'"),
])
def test_what_cannot_be_meant_is_refused_in_one_line(make, message):
    with pytest.raises(PlasticityError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


def test_a_network_has_one_teacher():
    projection = Projection("in", "E", 0.5, onto="v", rule="pair_stdp")
    parts = (Input("in", 2),), (Population("E", 2, "lif"),), (projection,)
    with pytest.raises(PlasticityError, match="'in->E' learns by rule 'pair_stdp', but gradient rule 'bptt' trains"):
        Network(*parts, rule="bptt")
    assert build(Network(*parts), "torch").get("in->E.w").shape == (2, 2)


def test_numbers_of_numpy_are_numbers():
    population = Population("E", np.int64(3), LIF, {"v": np.float32(-0.06)})
    require_fields(population)
    rule = Rule(on_pre={"w": "a"}, params={"a": np.float32(0.1)}, w_max=np.float64(1))
    assert type(rule.params["a"]) is float and rule.params["a"] == float(np.float32(0.1))
    assert Window(np.array([1, 5, 5]), 3).out_shape == (1, 3, 3)


def test_the_old_name_of_an_argument_works_and_says_so():
    w, (pre, post) = np.full((4, 4), 0.5), np.random.default_rng(1).random((2, 30, 3, 4)) < 0.2
    with pytest.warns(DeprecationWarning, match="batch= of replay is called reduce= now"):
        old = replay("pair_stdp", w, pre, post, engine="interpreter", batch="mean").w
    assert (old == replay("pair_stdp", w, pre, post, engine="interpreter", reduce="mean").w).all()
    assert (old != replay("pair_stdp", w, pre, post, engine="interpreter").w).any()
