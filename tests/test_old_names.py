"""Names of before: they work for one release, answer the same, and say what they are called now."""

import importlib
import json
import pickle
import subprocess
import sys
import types
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from support.layout import MODULES

import plasticity
import plasticity.credit
from plasticity import PlasticityError, Rule, State, cli, plots, rules
from plasticity._utils.moved import MOVED, new_name

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


@contextmanager
def forgotten(name):
    """Nobody has imported a module by this name, and nothing remains of it afterwards."""
    parent, _, leaf = name.rpartition(".")
    module, attribute = sys.modules.pop(name, None), vars(sys.modules[parent]).pop(leaf, None)
    try:
        yield
    finally:
        sys.modules.pop(name, None)
        vars(sys.modules[parent]).pop(leaf, None)
        if module is not None:
            sys.modules[name] = module
        if attribute is not None:
            setattr(sys.modules[parent], leaf, attribute)


@pytest.mark.parametrize("old", MOVED)
def test_a_module_is_the_same_under_its_old_name(old):
    now = importlib.import_module(f"plasticity.{MOVED[old]}")
    importlib.import_module(f"plasticity.{old}".rpartition(".")[0])
    said = rf"plasticity\.{old} is called plasticity\.{MOVED[old]} now; the old name goes with the next release"
    with forgotten(f"plasticity.{old}"), pytest.warns(DeprecationWarning, match=said):
        assert importlib.import_module(f"plasticity.{old}") is now
    assert now.__name__ == now.__spec__.name == f"plasticity.{MOVED[old]}"


@pytest.mark.parametrize("old", MOVED)
def test_a_module_takes_no_other_names_place(old):
    """Importing it makes it an attribute of its package: nothing else there may be called so."""
    parent = importlib.import_module(f"plasticity.{old}".rpartition(".")[0])
    leaf = old.rpartition(".")[2]
    with forgotten(f"plasticity.{old}"):
        assert isinstance(getattr(parent, leaf, parent), types.ModuleType)


def test_no_module_of_now_has_a_name_that_moved():
    assert [name for name in MODULES if new_name(name)] == []


def test_what_lay_below_a_package_moved_along():
    from plasticity.engines.gradient.fused import forward

    importlib.import_module("plasticity.credit.fused")
    with forgotten("plasticity.credit.fused.forward"), pytest.warns(DeprecationWarning, match="engines.gradient.fused"):
        assert importlib.import_module("plasticity.credit.fused.forward") is forward


@pytest.mark.parametrize(("old", "new"), [
    ("credit.Readout", "readout.leaky.LeakyReadout"), ("credit.Run", "engines.gradient.output.Output"),
    ("credit.catalogue", "rules.catalogue"), ("credit.make", "rules.make"), ("methods.catalogue", "rules.catalogue"),
    ("methods.make", "rules.make"), ("comparison.known", "rules.names"),
    ("methods.MethodClassifier", "learner.methods.MethodClassifier"),
    ("language.evaluate", "language.expressions.evaluate"), ("language.names", "language.expressions.names")])
def test_public_names_are_the_same_under_their_old_names(old, new):
    (before, leaf), (home, name) = (f"plasticity.{each}".rpartition(".")[::2] for each in (old, new))
    with pytest.warns(DeprecationWarning, match=rf"plasticity\.{old} is called plasticity\.{new} now"):
        assert getattr(importlib.import_module(before), leaf) is getattr(importlib.import_module(home), name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        importlib.import_module(before).nothing  # noqa: B018


def test_old_names_of_baselines_are_those_of_networks_of_methods():
    with forgotten("plasticity.baselines"), pytest.warns(DeprecationWarning, match="methods.networks"):
        from plasticity.baselines import Backpropagated, perceptron
    assert Backpropagated is plasticity.methods.networks.layers.Backpropagated and perceptron([2, 3])


@pytest.mark.parametrize("name", [*plasticity.__all__, *(f"credit.{name}" for name in plasticity.credit.__all__)])
def test_present_names_warn_of_nothing(name, recwarn):
    home, _, leaf = f"plasticity.{name}".rpartition(".")
    assert getattr(importlib.import_module(home), leaf) is not None
    assert not [warning for warning in recwarn if "the old name" in str(warning.message)]


def test_importing_the_library_warns_of_nothing_and_is_quick():
    code = ("import sys, plasticity; heavy = {'numpy', 'torch', 'numba', 'brian2', 'sympy', 'sklearn', 'scipy'}; "
            "print(*heavy & set(sys.modules))")
    done = subprocess.run([sys.executable, "-P", "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == done.stderr == ""


@pytest.mark.parametrize(("typed", "now"), [
    ({"neurons": 20}, {"network": "diehl-cook(neurons=20)"}),
    ({"neurons": 20, "network": "diehl-cook-published(gate=inert)"},
     {"network": "diehl-cook-published(gate=inert, neurons=20)"}),
    ({"reduce": "mean"}, {"engine": "event(reduce=mean)"}),
    ({"reduce": "mean", "engine": "torch"}, {"engine": "torch(reduce=mean)"}),
    ({"ngram": True}, {"readout": "all_activity+proportion+logistic+ngram"}),
    ({"ngram": True, "readout": "logistic"}, {"readout": "logistic+ngram"})])
def test_old_options_of_run_say_how_they_are_written_now(typed, now, capsys):
    from plasticity.cli.before import present

    nothing = {"neurons": None, "reduce": None, "ngram": False, "network": None, "engine": None, "readout": None}
    asked, names = present({**nothing, **typed}, set(typed))
    assert {name: value for name, value in asked.items() if value is not None} == now and names == set(now)
    (line,) = capsys.readouterr().err.splitlines()
    assert "goes with the next release" in line and f'"{next(iter(now.values()))}"' in line


@pytest.mark.parametrize(("what", "kind"), [("methods", "network"), ("gradient-rules", "credit")])
def test_old_lists_are_parts_of_the_list_of_rules(what, kind, capsys):
    assert cli.run(["list", what, "--json"]) == 0
    out, err = capsys.readouterr()
    assert {rule["name"] for rule in json.loads(out)["rules"]} == set(rules.KINDS[kind])
    assert "plasticity list rules" in err


def test_the_old_rule_of_compare_is_pair_stdp():
    from plasticity.comparison.job import Job

    with pytest.warns(DeprecationWarning, match="'stdp' of compare is called pair_stdp now"):
        assert Job("digits", "stdp").rule == "pair_stdp"
    with pytest.raises(PlasticityError, match=r"rule pair_stdp \(or another\), network diehl-cook"):
        Job("digits", "stdp(neurons=100)")
