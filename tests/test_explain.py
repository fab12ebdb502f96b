"""What `explain` tells a person and `describe` tells a program, and the committed table of engines."""

import importlib.util
import json
from pathlib import Path

import pytest
from support.stress_rules import STRESS

from plasticity import Rule, Trace, rules
from plasticity.cli.explain import describe, explain

ROOT = Path(__file__).resolve().parent.parent
MAKERS = [*rules.KINDS["synapse"].values(), *STRESS.values()]


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_everything_a_rule_holds_is_explained(make):
    rule = make()
    text = explain(rule)
    for event in (rule.on_pre, rule.on_post, rule.on_step):
        assert all(line in text for line in event.values())
    assert all(f"{name} = " in text for name in rule.params) and all(f"    {name}: " in text for name in rule.variables)
    assert rule.source in text and rule.words in text and rule.order in text
    assert all(f"{name} (" in text for name in (*rule.reads, *rule.signals))


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_a_description_is_plain_json(make):
    found = describe(make())
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_text_of_pair_stdp():
    assert explain(rules.pair_stdp()) == """\
pair_stdp (pair)
A presynaptic spike before a postsynaptic one strengthens the synapse, the reverse weakens it.

at a presynaptic spike:
    w += -a_minus * y

at a postsynaptic spike:
    w += a_plus * x

traces and states:
    x: one per presynaptic neuron, decays with 20 ms, +1 per spike
    y: one per postsynaptic neuron, decays with 20 ms, +1 per spike

parameters:
    a_plus = 0.01 (unit of w)
    a_minus = 0.0105 (unit of w)

what a synapse must know:
    at a presynaptic spike: postsynaptic trace
    at a postsynaptic spike: presynaptic trace

order within a step:
    brian2: traces decay, presynaptic spikes act, presynaptic traces rise, postsynaptic spikes act, postsynaptic \
traces rise (a coincident pair counts as pre before post)

bounds: 0 <= w <= 1
source: Song, Miller & Abbott 2000; weight dependence: Guetig, Aharonov, Rotter & Sompolinsky 2003
"""


def test_locality_follows_the_text():
    soft = describe(rules.pair_stdp(mu_plus=1.0))["locality"]
    assert soft == {"on_pre": ["postsynaptic trace"], "on_post": ["presynaptic trace", "weight"]}
    assert describe(rules.dopamine_stdp())["locality"]["on_step"] == ["synaptic state",
                                                                          "third factor dopamine (global)"]


def test_order_and_bounds_are_described():
    found = describe(rules.vogels_istdp(order="strict", w_max=float("inf")))
    assert found["order"]["phases"] == ["on_post", "on_pre", "rise_pre", "rise_post"]
    assert found["bounds"] == {"w_min": 0.0, "w_max": None}
    assert "a coincident pair does nothing" in explain(rules.pair_stdp(order="strict"))
    assert "bounds: 0 <= w\n" in explain(rules.vogels_istdp(w_max=float("inf")))


def test_a_bare_rule_is_explained_without_empty_sections():
    text = explain(Rule(pre={"x": Trace()}, on_post={"w": "x"}))
    assert "no decay" in text and "bounds: none" in text
    assert "parameters" not in text and "source" not in text and "coincident" not in text


def test_the_committed_table_of_engines_is_what_the_engines_answer():
    spec = importlib.util.spec_from_file_location("engine_table", ROOT / "scripts" / "engine_table.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    committed = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
    assert committed == script.table(), "run python scripts/engine_table.py"
