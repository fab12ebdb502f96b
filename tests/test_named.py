"""Catalogue entries with options as text."""

import pytest

from plasticity._utils.catalogue import parse
from plasticity.errors import PlasticityError
from plasticity.networks import build
from plasticity.rules import make, of_kind, pair_stdp


@pytest.mark.parametrize(("text", "name", "options"), [
    ("pair_stdp", "pair_stdp", {}),
    ("pair_stdp()", "pair_stdp", {}),
    ("pair_stdp(a_plus=0.02, pairing=nearest)", "pair_stdp", {"a_plus": 0.02, "pairing": "nearest"}),
    ("x(a=-1e-3, b='50ms', c=True, d=None)", "x", {"a": -1e-3, "b": "50ms", "c": True, "d": None}),
])
def test_names_and_options(text, name, options):
    call = parse(text)
    assert (call.name, call.arguments, dict(call.options)) == (name, (), options)


@pytest.mark.parametrize("text", [
    "layers(200, 100)", "a(1, b=2.5)", "a(b=(1, 2), c=(3,))", "a(neuron=lif(tau=0.02), n=1)", "plain",
    "a(b='two words', c=None, d=-1)", "diehl-cook(neurons=400)"])
def test_a_call_is_written_as_it_is_read(text):
    assert str(parse(text)) == text and parse(str(parse(text))) == parse(text)


@pytest.mark.parametrize("text", [
    "f(a=[1, g].x)", "f(a=1)(b=2)", "f(a=1, a=2)", "f(a=9**9**9)", "f(a=1" + 400 * "0" + ")", "9f", "f g", "f(*x)",
    "f(a=" + 9990 * "(", "f(a={})", "f(a=1", "f(a=1) + 1", "f(**x)", "f(a=[].append)", "f(a=x.y)"], ids=range(15))
def test_anything_else_is_refused(text):
    with pytest.raises(PlasticityError, match="cannot read"):
        parse(text)


@pytest.mark.parametrize("what", [3, ("pair_stdp",), object])
def test_what_is_neither_a_text_nor_a_rule_is_refused(what):
    with pytest.raises(PlasticityError, match="rule must be a text"):
        of_kind("synapse", what)
    assert of_kind("synapse", pair_stdp()) == pair_stdp()


def test_a_rule_of_another_kind_is_refused_and_told_where_it_belongs():
    with pytest.raises(PlasticityError, match=r"'eprop' is of kind 'credit'.*use Learner"):
        of_kind("synapse", "eprop")
    with pytest.raises(PlasticityError, match="made already; options"):
        make(pair_stdp(), a_plus=1.0)


def test_an_object_of_a_persons_own_file(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("from plasticity import Rule, Trace\n"
                    "def hebb(eta=0.1):\n    return Rule(pre={'x': Trace(0.02)}, on_post={'w': 'eta * x'}, "
                    "params={'eta': eta}, name='hebb')\n"
                    "made = hebb()\nnumber = 3\n")
    assert make(f"{file}:hebb(eta=0.5)").params["eta"] == 0.5 and make(f"{file}:made") == make(f"{file}:hebb")
    for name, what in (("number", "no rule"), ("absent", "defines no"), ("made(eta=1)", "takes no options")):
        with pytest.raises(PlasticityError, match=what):
            make(f"{file}:{name}")
    with pytest.raises(PlasticityError, match="there is no file"):
        make(f"{tmp_path}/other.py:hebb")


def test_rules_and_networks_take_options():
    assert of_kind("synapse", "diehl_cook(variant=released)").name == "diehl_cook_released"
    assert of_kind("synapse", "pair_stdp(a_plus=0.5)").params["a_plus"] == 0.5
    assert "50ms" in build("diehl-cook-published(gate='50ms')", 16, 4).network.name


@pytest.mark.parametrize("seed", [-1, 0.5, "x", True])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(PlasticityError, match="seed must be"):
        build("diehl-cook", 16, 4, seed=seed)


def test_unknown_options_are_named():
    with pytest.raises(PlasticityError, match="a_pls"):
        of_kind("synapse", "pair_stdp(a_pls=1)")
    with pytest.raises(PlasticityError, match="gates"):
        build("diehl-cook-published(gates=inert)", 16, 4)
