"""The page names every method with its source, and the committed results were made with methods that exist."""

import json
from pathlib import Path

import pytest

from plasticity import rules

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "gradient-rules.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", rules.KINDS["network"])
def test_every_method_is_on_the_page(name):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")]
    author = rules.KINDS["network"][name]().source.split()[0].rstrip(",")
    assert author in row


@pytest.mark.parametrize("study", ["rate_learners", "methods_digits"])
def test_results_were_made_with_methods_that_exist(study):
    found = json.loads((DOCS / f"results/{study}.json").read_text(encoding="utf-8"))
    page = (DOCS / "results.md").read_text(encoding="utf-8")
    for name, settings in found["config"]["learners"].items():
        accuracy = found["summary"][name]["accuracy"]
        assert rules.make(settings["method"]).name == name
        assert accuracy["seeds"] == [0, 1, 2]
        (row,) = [line for line in page.splitlines() if line.startswith(f"| {study} | `{settings['method']}`")]
        assert f"{accuracy['mean']:.4f} ± {accuracy['sd']:.4f}" in row
