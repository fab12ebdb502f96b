"""The page names every method with its source, and the committed results were made with methods that exist."""

import json
from pathlib import Path

import pytest

from plasticity.methods import catalogue, make

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "gradient-rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", catalogue)
def test_every_method_is_on_the_page(name):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")]
    author = catalogue[name]().source.split()[0].rstrip(",")
    assert author in row


def test_results_were_made_with_methods_that_exist():
    mnist = json.loads((DOCS / "results/rate_learners.json").read_text(encoding="utf-8"))
    for name, settings in mnist["config"]["learners"].items():
        assert make(settings["method"]).name == name
        assert mnist["summary"][name]["accuracy"]["seeds"] == [0, 1, 2]
