"""One network under many teachers: what works learns, what does not is refused by what is missing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from support.scripts import script
from support.teacher_cases import N_IN, NETWORKS, readout, taught, why_not

from plasticity import Input, Network, Population, Projection, Signal, Window, build, networks, neurons, rules
from plasticity.credit import GradientNetwork, cross_entropy, gradients
from plasticity.errors import PlasticityError, RefusedError
from plasticity.network.network import weight_matrix
from plasticity.neurons.frozen import frozen

ROOT = Path(__file__).parents[1]
SPIKES = np.random.default_rng(0).random((2, 200, N_IN)) < 0.3
#: rules before, and the one that teaches in the end
CHANGES = {"synapse": ("clopath",), "synapse, credit, synapse": ("symmetric_stdp", "ottt", "pair_stdp"),
           "credit": ("bptt",), "synapse, credit": ("pair_stdp", "eprop"), "credit, credit": ("eprop", "dfa")}


def test_the_page_is_generated_from_the_code():
    table = script("teacher_table.py")
    page = table.TARGET.read_text(encoding="utf-8")
    assert page == table.page(page), "run python scripts/teacher_table.py"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", NETWORKS)
def test_what_is_not_refused_learns(kind, change, interpreted_event):
    network = NETWORKS[kind]()
    if reason := why_not(network, *CHANGES[change]):
        assert any(word in reason for word in ("graded output", "delay per synapse", "at random", "brings no error"))
        return
    last = taught(network, *CHANGES[change])
    assert last.dt == network.dt and last.sizes == network.sizes
    (source,) = network.inputs
    if last.rule is None:
        simulation = build(last, "event")
        before = {each.name: simulation.get(f"{each.name}.w") for each in last.plastic}
        simulation.run({source.name: SPIKES})
        assert all((simulation.get(f"{name}.w") != w).any() for name, w in before.items())
    else:
        net = GradientNetwork(last, readout(last), dtype=torch.float64, backend="autograd")
        actual = gradients(net, torch.tensor(SPIKES), lambda run: run.error(torch.tensor([0, 2]), cross_entropy()))
        assert all(torch.isfinite(g).all() for g in actual.values())
        assert actual[f"weights.{last.projections[0].name}"].abs().max() > 0


@pytest.mark.parametrize(("make", "message"), [
    (lambda: NETWORKS["diehl-cook"]().with_rule("bptt"),
     r"'diehl-cook' as it is: one neuron of .* wins in each step \(winner='highest'\), which has no derivative; "
     r"neurons of .* learn by themselves \(theta\); projection .* is normalised \(normalize=3.6\); "
     r"with_rule\(..., freeze=True\)"),
    (lambda: NETWORKS["diehl-cook-bindsnet"]().with_rule("bptt", freeze=True), "draws its winner at random"),
    (lambda: NETWORKS["layers"]().with_rule("pair_stdp"),
     r"'in->layer1' \(-.* leave the bounds of rule 'pair_stdp' \[0, 1\]: give clip=True"),
    (lambda: NETWORKS["layers"]().with_rule("mstdp", clip=True), "reads 'reward', which is no signal of the network"),
    (lambda: NETWORKS["layers"]().with_rule("forward_forward"), "'forward_forward' brings its own network"),
    (lambda: NETWORKS["layers"]().with_rule("mlp", freeze=True, clip=True), r"use Learner\(rule=...\) with it"),
    (lambda: NETWORKS["csnn"]().with_rule("pair_stdp"), r"'pool1' sends a graded output \(y\).* output=''"),
    (lambda: NETWORKS["layers"]().with_rule("pair_stp"), "did you mean 'pair_stdp'"),
    (lambda: NETWORKS["layers"]().with_rule(3), "rule must be a text, NAME or"),
    (lambda: Network((Input("in", 4),), (Population("E", 4, neurons.lif()),), (
        Projection("E", "E", 0.1, "all_but_self", onto="v"),)).with_rule("pair_stdp"),
     "has no projection that could learn: none has a rule"),
    (lambda: sending().with_rule("bptt", freeze=True), "says what spikes send over projection 'in->E'"),
])
def test_what_is_missing_is_named(make, message):
    with pytest.raises(PlasticityError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


def sending() -> Network:
    return Network((Input("in", 4),), (Population("E", 4, neurons.lif()),), (
        Projection("in", "E", 0.1, onto="v", rule="tsodyks_markram"),
        Projection("in", "E", 0.5, onto="v", scale=1e-3, label="feed")))


def test_rules_take_the_place_of_rules():
    network = networks.build("diehl-cook-bindsnet", 9, 4).network
    other = network.with_rule(rules.triplet_stdp())
    assert [each.rule and each.rule.name for each in other.projections] == ["triplet_stdp", None, None]
    assert other.with_(projections=network.projections) == network
    fresh = network.with_(projections=[Projection(**{**vars(each), "rule": None}) for each in network.projections])
    assert fresh.with_rule("triplet_stdp") == other
    assert NETWORKS["layers"]().with_rule("pair_stdp", clip=True).plastic[0].name == "in->layer1"
    rewarded = network.with_(signals=(Signal("reward"),)).with_rule("mstdp")
    assert rewarded.plastic[0].rule.name == "mstdp"


def test_a_rule_of_transmission_stays_where_it_is():
    other = sending().with_rule("pair_stdp")
    assert [each.rule.name for each in other.projections] == ["tsodyks_markram", "pair_stdp"]


def test_clipped_weights_lie_on_the_bounds():
    network = NETWORKS["layers"]()
    clipped = network.with_rule("pair_stdp(w_max=0.5)", clip=True)
    np.testing.assert_array_equal(clipped.projections[0].weights, np.clip(network.projections[0].weights, 0, 0.5))
    assert clipped.projections[1] == network.projections[1]


def test_bounds_forgive_what_float32_rounds():
    above = float(np.float32(0.1))
    network = Network((Input("in", 2),), (Population("E", 2, "lif"),), (Projection("in", "E", above, onto="v"),))
    assert above > 0.1 and network.with_rule("pair_stdp(w_max=0.1)").projections[0].weights == 0.1
    limited = network.with_rule("pair_stdp(w_max=0.1)").with_weights({"in->E.w": np.full((2, 2), above)})
    assert (limited.projections[0].weights == 0.1).all()
    with pytest.raises(PlasticityError, match="leave the bounds of rule 'pair_stdp'"):
        limited.with_weights({"in->E.w": np.full((2, 2), 0.11)})


def test_frozen_is_what_engines_do_without_learning(interpreted_event):
    """Weights normalised once and thresholds as they are: frozen or with learning off, on every engine the same."""
    network = networks.build("diehl-cook", N_IN, 6, theta_plus=1e-3, inhibition=10e-3).network
    simulation = build(network, "event")
    simulation.run({"pixels": SPIKES})
    names = "pixels->excitatory.w", "excitatory.theta"
    learned = network.with_weights({name: simulation.get(name) for name in names})
    still = learned.with_rule("bptt", freeze=True)
    (population,) = still.populations
    assert population.neuron.slow == () and not population.neuron.adapt
    np.testing.assert_array_equal(population.initial["theta"], simulation.get("excitatory.theta"))
    assert still.projections[0].normalize is None and still.plastic == ()
    np.testing.assert_allclose(still.projections[0].weights.sum(0), network.projections[0].normalize)
    wanted = simulation.run({"pixels": SPIKES}, learn=False, record=["excitatory.spikes"])
    assert wanted.counts["excitatory"].sum() > 10
    for engine in ("event", "torch"):
        actual = build(still.with_(rule=None), engine).run({"pixels": SPIKES}, record=["excitatory.spikes"])
        np.testing.assert_array_equal(actual.spikes["excitatory"].dense(), wanted.spikes["excitatory"].dense())


def test_normalisation_is_kept_for_every_kind_of_projection():
    window = Window((1, 3, 3), 2, 2)
    network = Network((Input("in", 9), Input("eight", 8)), (Population("E", 8, neurons.lif()),), (
        Projection("in", "E", 0.5, "convolution", onto="v", window=window, normalize=3.0),
        Projection("eight", "E", np.linspace(0.1, 1, 8), "one_to_one", onto="v", normalize=2.0),
        Projection("E", "E", -0.5, "all_but_self", onto="v", normalize=1.4)))
    still = network.with_rule("bptt", freeze=True)
    for each in still.projections:
        np.testing.assert_array_equal(weight_matrix(still, each), build(network, "torch").get(f"{each.name}.w"))
    assert np.shape(still.projections[1].weights) == (8,) and still.projections[2].weights == pytest.approx(-0.2)
    assert [each.connect for each in still.projections] == [each.connect for each in network.projections]


@pytest.mark.parametrize("neuron", [
    neurons.diehl_cook(), neurons.lif(),
    neurons.Neuron(update="v = 0.9*v + x; theta = 0.99*theta; x = 0*x", threshold="v > 1 + theta",
                   reset="v = 0*v; theta += 0.1", slow=("theta",)),
    neurons.Neuron("dv/dt = -v/(10*ms) : 1\ndtheta/dt = -theta/(1*second) : 1 # slow\nthreshold = 1 + theta : 1",
                   threshold="v > threshold", reset="v = 0", adapt="theta += 0.2", slow=("theta",)),
])
def test_a_frozen_neuron_does_not_move_its_slow_variables(neuron):
    still = frozen(neuron)
    assert still.variables == neuron.variables and (still.slow, still.adapt) == ((), "")
    assert (still == neuron) == (not neuron.slow)
    network = Network((Input("in", 3),), (Population("E", 2, neuron, dict.fromkeys(neuron.slow, 0.05)),), (
        Projection("in", "E", 0.7, onto="x" if "x" in neuron.variables else "v"),))
    held = network.with_(populations=(Population("E", 2, still, network.populations[0].initial),))
    x = np.random.default_rng(3).random((1, 50, 3)) < 0.3
    asked = {"record": [f"E.{name}" for name in neuron.variables]}
    wanted, actual = (build(each, "torch").run({"in": x}, learn=learn, **asked)
                     for each, learn in ((network, False), (held, True)))
    for name, values in wanted.values.items():
        np.testing.assert_array_equal(actual.values[name], values, err_msg=name)
    assert wanted.counts["E"].sum() > 0 or not neuron.slow


def test_a_model_hands_on():
    model = networks.build("diehl-cook", 9, 4)
    assert model.with_rule("bptt", freeze=True).network == model.network.with_rule("bptt", freeze=True)
    w = np.full((9, 4), 0.2)
    assert model.with_weights({"pixels->excitatory": w}).network.projections[0].weights is not w
    assert model.with_weights({"pixels->excitatory": w}).presentation == model.presentation
    with pytest.raises(RefusedError, match="freeze=True"):
        model.with_rule("bptt")
