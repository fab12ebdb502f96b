"""One door: every rule of the catalogue can be run, compared, explained, copied and kept, or is refused with a reason;
docs/refusals.md has all of them."""

from __future__ import annotations

import pytest
from support.doors import DOORS, NOUNS, X, Y, through
from support.scripts import script

from plasticity import Input, Learner, Network, Population, Projection, RefusedError, rules

TABLE = script("refusals_table.py")
PAGE = TABLE.TARGET.read_text(encoding="utf-8")


def committed() -> dict[str, dict[str, str]]:
    """rule -> door -> why not, as the page has it."""
    text, notes = TABLE.part(PAGE, TABLE.RULES_HEAD).split("\n\n")[:2]
    reasons = {line.partition(" ")[0]: line.partition(" ")[2].strip() for line in notes.splitlines()}
    rows = (line.strip("| ").split(" | ") for line in text.splitlines()[2:])
    return {name.strip("`"): {door: reasons.get(cell.removeprefix("no "), "")
                              for door, cell in zip(DOORS, cells, strict=True)} for name, *cells in rows}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.filterwarnings("ignore::plasticity.errors.NetworkWarning")
@pytest.mark.parametrize("name", rules.catalogue)
def test_every_rule_at_every_door(name, tmp_path):
    found = {door: TABLE.general(reason, "rule", name, name) for door, reason in through(name, tmp_path).items()}
    assert found == committed()[name], "run python scripts/refusals_table.py"


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_with_a_rule_of_each_sort(noun):
    assert TABLE.part(PAGE, TABLE.NOUNS_HEAD.format(noun=noun)) == TABLE.of_nouns(noun).split("\n\n", 2)[2], (
        "run python scripts/refusals_table.py")


def test_what_ones_own_function_builds_learns_by_its_own_rule():
    def synapses(n_inputs, rule="pair_stdp", teacher=None):
        projection = Projection("in", "out", 0.5, onto="v", rule=rule)
        return Network((Input("in", n_inputs),), (Population("out", 4, "lif"),), (projection,), rule=teacher)

    assert Learner(synapses, engine="torch").prepare(X, Y)[0].shape == (20, 64)
    with pytest.raises(RefusedError, match="is trained by gradients: give rule='eprop'"):
        Learner(lambda n_inputs: synapses(n_inputs, None, "eprop")).prepare(X, Y)
    with pytest.raises(RefusedError, match="has no projection that learns by a rule of its own"):
        Learner(lambda n_inputs: synapses(n_inputs, None)).prepare(X, Y)
