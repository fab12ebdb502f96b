"""Names of before: they work for one release, answer the same, and say what they are called now."""

import pickle
from dataclasses import replace

import pytest

from plasticity import Rule, State, rules

SHORT_TERM = {"pre": {"x": State(0.1)}, "on_pre": {"x": "0.1"}}


def test_a_rule_takes_its_efficacy_by_the_old_name():
    with pytest.warns(DeprecationWarning, match="Rule.sends is called efficacy now"):
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
