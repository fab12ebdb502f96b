"""Catalogue entries with options as text."""

import pytest

from plasticity._utils.catalogue import parse, rule_of
from plasticity.errors import PlasticityError
from plasticity.networks import build
from plasticity.rules import pair_stdp


@pytest.mark.parametrize(("text", "name", "options"), [
    ("pair_stdp", "pair_stdp", {}),
    ("pair_stdp()", "pair_stdp", {}),
    ("pair_stdp(a_plus=0.02, pairing=nearest)", "pair_stdp", {"a_plus": 0.02, "pairing": "nearest"}),
    ("x(a=-1e-3, b='50ms', c=True, d=None)", "x", {"a": -1e-3, "b": "50ms", "c": True, "d": None}),
])
def test_names_and_options(text, name, options):
    assert parse(text) == (name, options)


@pytest.mark.parametrize("text", ["f(1)", "f(a=g())", "f(a=1", "f(a=1) + 1", "f(**x)", "f(a=[].append)", "f(a=x.y)"])
def test_anything_else_is_refused(text):
    with pytest.raises(PlasticityError, match="cannot read"):
        parse(text)


@pytest.mark.parametrize("what", [3, ("pair_stdp",), object])
def test_what_is_neither_a_text_nor_a_rule_is_refused(what):
    with pytest.raises(PlasticityError, match="rule, if no Rule, must be a text"):
        rule_of(what)
    assert rule_of(None) is None and rule_of(pair_stdp()) == pair_stdp()


def test_rules_and_networks_take_options():
    assert rule_of("diehl_cook(variant=released)").name == "diehl_cook_released"
    assert rule_of("pair_stdp(a_plus=0.5)").params["a_plus"] == 0.5
    assert "50ms" in build("diehl-cook-published(gate='50ms')", 16, 4).network.name


@pytest.mark.parametrize("seed", [-1, 0.5, "x", True])
def test_seeds_are_whole_numbers(seed):
    with pytest.raises(PlasticityError, match="seed must be"):
        build("diehl-cook", 16, 4, seed=seed)


def test_unknown_options_are_named():
    with pytest.raises(PlasticityError, match="a_pls"):
        rule_of("pair_stdp(a_pls=1)")
    with pytest.raises(PlasticityError, match="gates"):
        build("diehl-cook-published(gates=inert)", 16, 4)
