"""Every listed rule says where it is held to its paper, and that place exists and is not skipped."""

import ast
from functools import cache
from pathlib import Path

import pytest

from plasticity import rules
from plasticity.rules.evidence import EVIDENCE

ROOT = Path(__file__).resolve().parents[2]
NETWORKS = (ROOT / "tests" / "rules" / "test_in_networks.py").read_text(encoding="utf-8")


@cache
def defined_in(file):
    """name of each test of a file -> its decorators as text."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return {part.name: " ".join(map(ast.unparse, part.decorator_list)) for part in tree.body
            if isinstance(part, ast.FunctionDef)}


def test_all_rules_and_no_others_have_evidence():
    assert set(EVIDENCE) == set(rules.KINDS["synapse"])
    assert "for name in rules.KINDS[\"synapse\"])" in NETWORKS  # and each is measured in a network of neurons


@pytest.mark.parametrize("name", EVIDENCE)
def test_the_evidence_is_there(name):
    assert len(EVIDENCE[name]) >= 2
    for claim, where in EVIDENCE[name]:
        file, _, test = where.partition("::")
        assert claim and (ROOT / file).exists(), where
        if test:
            assert test in defined_in(file), where
            assert "skip" not in defined_in(file)[test] and "xfail" not in defined_in(file)[test], where
