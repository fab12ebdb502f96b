"""Names of before: they work for one release, answer the same, and say what they are called now."""

import importlib
import pickle
from dataclasses import replace

import numpy as np
import pytest

from plasticity import Rule, State, plots, rules

SHORT_TERM = {"pre": {"x": State(0.1)}, "on_pre": {"x": "0.1"}}


def test_a_rule_takes_its_efficacy_by_the_old_name():
    with pytest.warns(DeprecationWarning, match=r"Rule\(sends=\) is called efficacy= now"):
        rule = Rule(**SHORT_TERM, sends="1 - x")
    assert rule == Rule(**SHORT_TERM, efficacy="1 - x")
    assert pickle.loads(pickle.dumps(rule)) == rule


@pytest.mark.parametrize("change", [Rule.with_, replace])
def test_a_copy_takes_it_too(change):
    with pytest.warns(DeprecationWarning, match="efficacy"):
        assert change(Rule(**SHORT_TERM, efficacy="x"), sends="1 - x").efficacy == "1 - x"


@pytest.mark.parametrize(("owner", "old", "new"), [
    (rules.tsodyks_markram(), "sends", "efficacy"), (rules.tsodyks_markram(), "sent", "efficacy_expr")])
def test_attributes_answer_to_their_old_names(owner, old, new):
    with pytest.warns(DeprecationWarning, match=f"{old} is called {new} now"):
        assert getattr(owner, old) is getattr(owner, new)


@pytest.mark.parametrize("module", ["plots", "plots.clamped", "plots.held"])
def test_figures_of_clamped_variables_answer_to_their_old_names(module):
    with pytest.warns(DeprecationWarning, match="held_change is called plasticity.plots.clamped.clamped_change now"):
        assert importlib.import_module(f"plasticity.{module}").held_change is plots.clamped_change


@pytest.mark.parametrize("draw", [plots.window, plots.stdp_window])
def test_what_else_a_rule_reads_is_clamped_by_the_old_name_too(draw):
    with pytest.warns(DeprecationWarning, match=r"window\(held=\) is called clamped= now"):
        drawn = draw(rules.mstdp(), points=5, held={"reward": 1.0})
    if draw is plots.window:
        np.testing.assert_array_equal(drawn, plots.window(rules.mstdp(), points=5, clamped={"reward": 1.0}))


@pytest.mark.parametrize(("module", "old", "new"), [
    ("transmission", "sent", "engines.reference.transmission.transmitted"),
    ("engines.reference.transmission", "sent", "engines.reference.transmission.transmitted"),
    ("credit.links", "Link", "engines.gradient.connections.Connection"),
    ("credit.links", "links", "engines.gradient.connections.connections"),
    ("_utils.memory", "held", "_utils.memory.rss_mb")])
def test_functions_answer_to_their_old_names(module, old, new):
    home, _, name = new.rpartition(".")
    with pytest.warns(DeprecationWarning, match=f"{old} is called plasticity.{new} now"):
        assert getattr(importlib.import_module(f"plasticity.{module}"), old) is getattr(
            importlib.import_module(f"plasticity.{home}"), name)
