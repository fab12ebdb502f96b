"""The table of rules: what each needs, which engines run it, and that it fits the terminal."""

import io
import json

import pytest
from support.rule_cases import alone

from plasticity import Rule, Trace, cli, engines, rules
from plasticity.cli.described import described
from plasticity.cli.explain import engines as engines_of
from plasticity.cli.listing import cited

NEEDS = {
    "pair_stdp": ["pre", "post"], "log_stdp": ["pre", "post", "weight"], "clopath": ["pre", "post", "own voltage"],
    "sdsp": ["post", "weight", "own voltage"], "graupner_brunel": ["weight", "past"],
    "dopamine_stdp": ["pre", "post", "third factor", "past"], "hebb": ["pre", "post"], "oja": ["pre", "post", "weight"],
    "soft_hebb": ["pre", "weight", "own voltage", "other neurons"],
    "bptt": ["pre", "own voltage", "other neurons", "error of the readout", "error of other layers", "past", "future"],
    "eprop": ["pre", "own voltage", "error of the readout", "past"],
    "drtp": ["pre", "own voltage", "other neurons", "third factor", "past", "future"],
    "forward_forward": ["pre", "post", "other neurons", "third factor"]}


@pytest.mark.parametrize("name", NEEDS)
def test_what_a_synapse_must_know(name):
    assert list(rules.make(name).needs) == NEEDS[name]


@pytest.mark.parametrize("name", rules.catalogue)
def test_every_rule_tells_what_all_rules_tell(name):
    rule = rules.make(name)
    assert isinstance(rule, rules.RuleLike) and rule.name.startswith(name) and name in rules.KINDS[rule.kind]
    assert rule.words and rule.source and rule.memory and set(rule.needs) <= set(rules.NEEDS)


def test_a_rule_that_only_counts_spikes_needs_nothing():
    assert Rule(pre={"x": Trace(0.02)}, on_pre={"w": "0.1"}, on_step={"w": "w + 0.1"}).needs == ()


@pytest.mark.parametrize("name", rules.KINDS["synapse"])
def test_the_engines_named_are_those_that_run_it(name):
    rule = rules.make(name)
    assert engines_of(rule) == [engine for engine in engines.ENGINES if not engines.refusal(alone(rule), engine)]


@pytest.mark.parametrize(("source", "short"), [
    ("Song, Miller & Abbott 2000; weight dependence: Guetig, Aharonov, Rotter & Sompolinsky 2003", "Song et al. 2000"),
    ("Diehl & Cook 2015, section 2.3; x_tar and mu: this library's choice", "Diehl & Cook 2015"),
    ("window: Mishra, Kim, Guzman & Jonas 2016", "Mishra et al. 2016"), ("Oja 1982", "Oja 1982"),
    ("BindsNET 0.3.4 (Hazan et al. 2018), PostPre", "Hazan et al. 2018"), ("an example", "an example")])
def test_sources_are_cited_in_short(source, short):
    assert cited(source) == short


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_fits_and_names_stay_whole(width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    assert cli.run(["list", "rules"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert lines[1].split() == ["name", "kind", "needs", "engines", "memory", "source"]
    for name in rules.catalogue:
        row = next(k for k, line in enumerate(lines) if line.split(" ")[0] == name)
        told = " ".join(line.strip() for line in lines[row + 1:row + 20] if line.startswith("    ") and line[4] != " ")
        assert told.startswith(rules.make(name).words)


def test_a_narrow_terminal_wraps_cells_and_keeps_them_in_their_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    out = io.StringIO()
    described("two", {"name": 8, "what": 6, "last": 50}, [["a", "one two", "x " * 20], ["bb", "", "y"]],
              ["First sentence.", "Second."], out)
    assert out.getvalue().splitlines() == [
        "two", "name what   last", "a    one    x x x x x x x x x x x x x x", "     two    x x x x x x",
        "    First sentence.", "bb          y", "    Second."]


def test_json_tells_locality_engines_and_evidence(capsys):
    assert cli.run(["list", "rules", "--json"]) == 0
    found = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)["rules"]}
    assert found["sanger"]["engines"] == ["event", "torch"] and "other neurons" in found["sanger"]["needs"]
    assert found["r_stdp"]["reads"] == ["reward"] and set(found) == set(rules.catalogue)
    assert all(found[name]["evidence"] for name in rules.KINDS["synapse"])


def test_explain_names_the_evidence(capsys):
    assert cli.run(["explain", "pair-stdp(a_plus=0.02)"]) == 0
    assert "additive weights become bimodal (tests/rules/test_weight_dependence.py::" in capsys.readouterr().out
