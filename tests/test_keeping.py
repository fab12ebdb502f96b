"""What a person made goes through JSON and comes back; what was altered is refused by name, whatever was altered."""

import copy
import json
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.feature_networks import FEATURES
from support.teacher_cases import PRESENTED

from plasticity import (
    Input,
    Network,
    Population,
    Projection,
    Rule,
    Signal,
    Spikes,
    State,
    Trace,
    Window,
    networks,
    neurons,
    rules,
)
from plasticity._utils.keeping import TYPES, Kept, pack, unpack
from plasticity._utils.keeping.types import known_type
from plasticity.encoding import catalogue as encoders
from plasticity.engines.gradient.surrogates import Surrogate
from plasticity.engines.gradient.surrogates import catalogue as surrogates
from plasticity.engines.gradient.surrogates import make as make_surrogate
from plasticity.errors import DataError, PlasticityError
from plasticity.network import Model, Presentation
from plasticity.network.builders import lsnn_network
from plasticity.networks.csnn import csnn
from plasticity.readout import catalogue as readouts
from plasticity.readout.catalogue import READOUTS, fit_readout
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.runs.files import load_arrays, save_arrays


def through_json(thing):
    return type(thing).from_dict(json.loads(json.dumps(thing.to_dict(), allow_nan=False)))


NETWORKS = {
    **{name: lambda make=make: make().network for name, make in FEATURES.items()},
    **{name: lambda name=name: networks.build(name, 16, 5).network for name in PRESENTED},
    "csnn": lambda: csnn(36, (2,), size=3),
    "lsnn": lambda: lsnn_network(3, 2, 2, neurons.lsnn_neuron(), 0.5, connectivity=0.7),
    "frozen": lambda: networks.build("diehl-cook", 9, 4).network.with_rule("eprop(feedback=adaptive)", freeze=True),
    "numbers of numpy": lambda: Network((Input("in", np.int64(2)),), dt=np.float64(1e-3)),
    "lists": lambda: Network((Input("a", 2),), (Population("b", 2, neurons.lif(), {"v": [0.0, 1.0]}),), (
        Projection("a", "b", [[0.1, 0.2], [0.3, 0.4]], axonal_delay=[[0.0, 1e-3], [0.0, 0.0]]),)),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_comes_back_as_it_was(name):
    network = NETWORKS[name]()
    again = through_json(network)
    assert again == network and hash(again) == hash(network)
    assert again.fingerprint == network.fingerprint
    for one, two in zip(network.projections, again.projections, strict=True):
        for field in ("weights", "axonal_delay", "dendritic_delay", "mask"):
            a, b = np.asarray(getattr(one, field)), np.asarray(getattr(two, field))
            assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


@pytest.mark.parametrize("kind", ["synapse", "credit"])
def test_every_rule_of_the_catalogue_comes_back(kind):
    for name, make in rules.KINDS[kind].items():
        rule = make()
        again = through_json(rule)
        assert again == rule and hash(again) == hash(rule), name
        assert list(getattr(again, "let", ())) == list(getattr(rule, "let", ()))


@pytest.mark.parametrize("name", neurons.catalogue)
def test_every_neuron_of_the_catalogue_comes_back(name):
    assert through_json(neurons.make(name)) == neurons.make(name)


@pytest.mark.parametrize("thing", [
    Trace(), State(20e-3, keep=True), Window((1, 5, 6), (3, 2), 4, padding=1), Signal("reward", 3, "E.I"),
    Counts("out"),
    networks.build("diehl-cook-bindsnet", 4, 3), LeakyReadout(("a", "b"), 3, weights={"$a": np.ones((2, 3))}),
    Rule(on_pre={"w": "type"}, params={"type": -1e300}, w_max=math.inf),
])
def test_parts_come_back(thing):
    assert through_json(thing) == thing


def test_numbers_that_json_has_not_come_back():
    values = np.array([math.inf, -math.inf, math.nan], "float32")
    again = unpack(json.loads(json.dumps(pack(values)[0], allow_nan=False)), pack(values)[1])
    assert again.dtype == "float32" and np.array_equal(again, values, equal_nan=True)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float32", "float64", ">f8"])
def test_arrays_come_back_bit_for_bit(dtype):
    values = np.random.default_rng(0).integers(0, 2, (3, 4)).astype(dtype)[:, ::2]
    for tree, arrays in (pack((values,)), (json.loads(json.dumps(LeakyReadout("a", 1, weights=values).to_dict())), {})):
        again = unpack(tree, arrays)
        again = again.weights if isinstance(again, LeakyReadout) else again[0]
        np.testing.assert_array_equal(again, values)
        assert again.dtype.name == values.dtype.name


def test_arrays_can_lie_in_a_file_of_their_own(tmp_path):
    model = networks.build("diehl-cook-published", 9, 4)
    tree, arrays = pack({"model": model, "readout": LeakyReadout("excitatory", 2)})
    assert {"model/network/projections/0/weights", "model/network/projections/0/axonal_delay"} <= arrays.keys()
    save_arrays(tmp_path / "arrays.safetensors", arrays)
    again = unpack(json.loads(json.dumps(tree, allow_nan=False)), load_arrays(tmp_path / "arrays.safetensors"))
    assert again == {"model": model, "readout": LeakyReadout("excitatory", 2)}


@pytest.mark.parametrize("name", READOUTS)
def test_fitted_readouts_come_back(name):
    spikes = np.random.default_rng(0).random((40, 20, 6)) < 0.2
    labels = np.arange(40) % 3
    readout = fit_readout(name, Spikes.from_dense(spikes), labels, 3)
    tree, arrays = pack(readout)
    again = unpack(json.loads(json.dumps(tree, allow_nan=False)), arrays)
    np.testing.assert_array_equal(again.predict(Spikes.from_dense(spikes)), readout.predict(Spikes.from_dense(spikes)))


@pytest.mark.parametrize("text", [
    *map("encoder {}".format, encoders.catalogue), "encoder latency(steps=7)", *map("surrogate {}".format, surrogates),
    *map("rule {}".format, rules.KINDS["network"]), "rule mlp(hidden=(20, 10), dropout=0.5)", "readout leaky(last=3)",
    "readout logistic(c=0.1, samples=None)"])
def test_what_has_a_name_and_holds_functions_comes_back(text):
    kind, _, text = text.partition(" ")
    thing = {"encoder": encoders.make, "surrogate": make_surrogate, "rule": rules.make, "readout": readouts.make}[kind](
        text)
    assert unpack(json.loads(json.dumps(pack({"a": thing})[0]))) == {"a": thing}
    if kind == "encoder":
        assert through_json(Presentation(25, encoder=thing)) == Presentation(25, encoder=thing)


@pytest.mark.parametrize(("tree", "message"), [
    ({"$named": "Encoder", "text": "my_code.py:encode"}, "a is no Encoder: cannot read 'my_code.py:encode'"),
    ({"$named": "Encoder", "text": "latensy"}, "unknown encoder 'latensy'; did you mean 'latency'"),
    ({"$named": "Method", "text": "bptt"}, "a should be a Method, but 'bptt' is a GradientRule"),
    ({"$named": "Rule", "text": "pair_stdp"}, "a: unknown kind of thing with a name 'Rule'"),
    ({"$named": "Method", "text": "mlp(hidden=0)"}, "a is no Method: .*hidden"),
    ({"$named": "Method"}, "what has a name has \$named and text"),
])
def test_names_that_no_catalogue_knows_are_refused(tree, message):
    with pytest.raises(DataError, match=message):
        unpack({"a": tree})


def test_functions_of_ones_own_are_not_kept():
    for thing in (encoders.make(lambda X, seed: X), replace(rules.make("mlp"), lr=0.5),
                  Surrogate("mine", np.cos, {}, "", ""), replace(encoders.latency(), encode=print)):
        with pytest.raises(PlasticityError, match="not of the catalogue but made of a function"):
            pack((thing,))


def test_every_type_is_where_the_table_says():
    kinds = {name: known_type(name, "here") for name in TYPES}
    assert {name: (kind.__name__, kind.__module__) for name, kind in kinds.items()} == {
        name: (name, module) for name, module in TYPES.items()}
    assert {name for name, kind in kinds.items() if issubclass(kind, Kept)} >= {
        "Rule", "Trace", "GradientRule", "Paths", "Neuron", "Input", "Signal", "Population", "Projection", "Window",
        "Network", "Model", "Presentation", "LeakyReadout", "Counts"}


@pytest.mark.parametrize("thing", [np.array(["a"]), {1: 2}, object(), 1j, np.array([None]), (print,)])
def test_what_cannot_be_kept_is_named(thing):
    with pytest.raises(PlasticityError, match=r"cannot be kept in a file|is no text"):
        pack(thing)


TREE = networks.build("diehl-cook", 4, 3).network.to_dict()


def altered(*path, **changes) -> dict:
    tree = copy.deepcopy(TREE)
    here = tree
    for step in path:
        here = here[step]
    here.update(changes)
    return tree


@pytest.mark.parametrize(("tree", "message"), [
    (altered("projections", 0, **{"$type": "Projektion"}), "projections/0: unknown type 'Projektion'; did you mean"),
    (altered("projections", 0, **{"$type": "os.system"}), "unknown type 'os.system'"),
    (altered(sizes=3), "a Network does not know the field sizes"),
    ({name: value for name, value in TREE.items() if name not in ("dt", "rule")}, "lacks the fields dt, rule"),
    (altered("projections", 0, "weights", shape=[3, 4]), r"no Network: weights .* must have shape \(4, 3\)"),
    (altered("projections", 0, "weights", shape=[5]), r"projections/0/weights should have shape \(5,\), but has 12"),
    (altered("projections", 0, "weights", dtype="object"), "projections/0/weights: unknown dtype 'object'"),
    (altered("projections", 0, "weights", dtype="int64"), "weights holds something that is no int64"),
    (altered("projections", 0, "weights", **{"$array": "elsewhere"}), "unknown array 'elsewhere'"),
    (altered("projections", 0, weights={"$array": []}), "an array has \\$array, dtype and shape"),
    (altered("projections", 0, weights={"$pickle": "gASVAA=="}), r"weights is marked '\$pickle'"),
    (altered("projections", 0, "rule", w_min={"$number": "much"}), "w_min holds something that is no float64"),
    (altered("projections", 0, "rule", "pre", x=0.02), "projections/0/rule is no Rule: pre.* must be a Trace"),
    (altered("projections", 0, "rule", "on_post", w="__import__('os')"), "projections/0/rule is no Rule"),
    (altered("populations", 0, n="many"), "populations/0 is no Population: n .* must be a whole number, got 'many'"),
    (altered("populations", 0, neuron=TREE["projections"][0]["rule"]), "neuron .* must be a Neuron"),
    (altered(projections=TREE["projections"][:1] * 2), "is used twice"),
    (TREE["projections"][0]["rule"], "of a Rule, not of a Network"),
    ({"a": 1}, "of a dict, not of a Network"),
    ([1], "of a tuple, not of a Network"),
    ("Network", "of a str, not of a Network"),
    (altered(dt=object()), "dt is of type object, which JSON does not know"),
])
def test_what_was_altered_is_refused_by_name(tree, message):
    with pytest.raises(DataError, match=message):
        Network.from_dict(tree)


def test_arrays_apart_are_those_that_were_meant():
    tree, arrays = pack(Projection("a", "b", np.ones((2, 3))))
    for wrong in ({}, {"weights": np.ones((3, 2))}, {"weights": np.ones((2, 3), "float32")}):
        with pytest.raises(DataError, match=r"unknown array 'weights'|should be float64 of shape \(2, 3\)"):
            unpack(tree, wrong)
    assert unpack(tree, {**arrays, "more": np.zeros(1)}) == Projection("a", "b", np.ones((2, 3)))


def test_a_description_without_end_is_refused():
    tree: list = []
    for _ in range(5000):
        tree = [tree]
    with pytest.raises(DataError, match="nested too deeply"):
        unpack(tree)


def places(tree, path=()) -> list[tuple]:
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for name, item in inner for place in places(item, (*path, name)))]


SMALL = {name: network.to_dict() for name, network in {
    "diehl-cook": networks.build("diehl-cook", 3, 2).network, "convolution": FEATURES["convolution"]().network,
    "frozen": NETWORKS["frozen"](), "delays": FEATURES["heterogeneous_delays"]().network}.items()}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 40) | st.floats() | st.text(max_size=8) | st.sampled_from(
        ["v", "w + x", "1/0", "9**9**9", "dv/dt = v : volt", "pixels", "bptt", "$x", "a.b", {"$type": "Trace"},
         {"$type": "Rule"}, {"$number": "nan"}, {"$array": [], "dtype": "float64", "shape": [0]}]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=4)


def replaced(tree, path, value):
    if not path:
        return value
    copied = dict(tree) if isinstance(tree, dict) else list(tree)
    copied[path[0]] = replaced(tree[path[0]], path[1:], value)
    return copied


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_altered_trees_come_back_or_are_refused(data):
    tree = SMALL[data.draw(st.sampled_from(sorted(SMALL)))]
    for _ in range(data.draw(st.integers(1, 2))):
        tree = replaced(tree, data.draw(st.sampled_from(places(tree))), data.draw(VALUES))
    try:
        network = Network.from_dict(tree)
    except PlasticityError:
        return
    again = through_json(network)
    assert again == network and again.fingerprint == network.fingerprint


def test_equality_is_by_content():
    one, two = (networks.build("diehl-cook", 9, 4, seed=1) for _ in range(2))
    other = networks.build("diehl-cook", 9, 4, seed=2)
    assert one == two and one.network is not two.network and len({one, two}) == 1
    assert one != other and one.network.projections[0] != other.network.projections[0]
    assert len({one.network, two.network, other.network}) == 2
    assert one.network.populations[0] == two.network.populations[0] != 3
    assert one.network.projections[0] != one.network.with_rule("triplet_stdp").projections[0]
    assert pickle.loads(pickle.dumps(one)) == one == copy.deepcopy(one)
    numbers = Population("a", 2, neurons.lif(), {"v": np.full(2, 0.5)})
    assert numbers == Population("a", 2, neurons.lif(), {"v": np.full(2, 0.5)})
    assert Projection("a", "b", 0.5) == Projection("a", "b", np.array(0.5))
    assert hash(Projection("a", "b", 0.5)) == hash(Projection("a", "b", np.array(0.5)))
    assert isinstance(one, Model)
