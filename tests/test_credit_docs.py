"""The page on gradient rules names every rule with its source."""

from pathlib import Path

import pytest

from plasticity.rules.credit import catalogue

PAGE = (Path(__file__).parents[1] / "docs/gradient-rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", catalogue)
def test_every_rule_is_on_the_page(name):
    row, *_ = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")]
    author = catalogue[name]().source.split()[0].rstrip(",")
    assert author in row.replace("ø", "o")
