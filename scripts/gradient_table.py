"""Writes the table of docs/gradient-rules.md, which rule trains which network: python scripts/gradient_table.py"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # the networks of the table are those of the tests

from _tables import Notes, head, replaced, row  # noqa: E402
from support.gradient_cases import NETWORKS, Case, rules  # noqa: E402

from plasticity.engines.gradient.support import refusal  # noqa: E402
from plasticity.rules.paths import GradientRule  # noqa: E402

TARGET = ROOT / "docs" / "gradient-rules.md"


def table() -> str:
    """Rows are rules, columns networks; the reasons follow."""
    notes, cases = Notes(), [make() for make in NETWORKS.values()]
    rows = [row(name, *(notes.cell(_why_not(rule, case)) for case in cases)) for name, rule in rules().items()]
    return f"{head('rule', *NETWORKS)}{''.join(rows)}\n{notes.lines()}"


def _why_not(rule: GradientRule, case: Case) -> str:
    return refusal(case.network, case.readout, rule).replace(f"rule {rule.name!r}", "the rule")


def page(text: str) -> str:
    """The page with the table in its place."""
    return replaced(text, "gradient_table", table())


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote the table in {TARGET.relative_to(ROOT)}")
