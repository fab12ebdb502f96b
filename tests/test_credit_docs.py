"""The page on gradient rules names every rule with its source."""

from pathlib import Path

import pytest

from plasticity import rules as all_rules

PAGE = (Path(__file__).parents[1] / "docs/gradient-rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", all_rules.KINDS["credit"])
def test_every_rule_is_on_the_page(name):
    row, *_ = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")]
    author = all_rules.KINDS["credit"][name]().source.split()[0].rstrip(",")
    assert author in row.replace("ø", "o")
