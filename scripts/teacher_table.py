"""Writes the tables of docs/teachers.md, which network may change to which teacher: python scripts/teacher_table.py"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # the networks of the table are those of the tests

from _tables import Notes, head, replaced, row  # noqa: E402
from support.teacher_cases import NETWORKS, why_not  # noqa: E402

from plasticity import Network, rules  # noqa: E402

TARGET = ROOT / "docs" / "teachers.md"
#: heading -> the rules that teach one after the other, and options
CHANGES = {
    "`pair_stdp`": (("pair_stdp",), {"clip": False}),
    "`pair_stdp`, clip": (("pair_stdp",), {}),
    "`bptt`": (("bptt",), {"freeze": False}),
    "`bptt`, freeze": (("bptt",), {}),
    "`bptt`, then `pair_stdp`": (("bptt", "pair_stdp"), {}),
    "`pair_stdp`, then `bptt`": (("pair_stdp", "bptt"), {}),
    "`forward_forward`": (("forward_forward",), {}),
}


def changes(network: Network, notes: Notes) -> Iterator[str]:
    """What becomes of a network under each change of teacher."""
    for names, options in CHANGES.values():
        yield notes.cell(_general(why_not(network, *names, **options), network, names[-1]))


def table() -> str:
    """Networks and changes of teacher; then every rule and network; then the reasons."""
    notes, examples = Notes(), {name: make() for name, make in NETWORKS.items()}
    lines = [head("network", *CHANGES)]
    lines += [row(name, *changes(network, notes)) for name, network in examples.items()]
    lines += ["\n", head("kind", "rule", *examples)]
    for kind in ("synapse", "credit"):
        for name in rules.KINDS[kind]:
            cells = (notes.cell(_general(why_not(network, name), network, name)) for network in examples.values())
            lines.append(row(kind, f"`{name}`", *cells))
    return "".join([*lines, "\n", notes.lines()])


def _general(reason: str, network: Network, rule: str) -> str:
    """A reason without the names of network, rule and its projection, so that it stands once; of numbers, a few digits.
    """
    name = rules.make(rule).name
    reason = reason.replace(f"network {network.name!r}", "the network").replace(f"rule {name!r}", "the rule")
    return re.sub(r"(\d\.\d\d)\d+", r"\1", re.sub(r"the rule on '[^']+'", "the rule", reason))


def page(text: str) -> str:
    """The page with the tables in their place."""
    return replaced(text, "teacher_table", table())


if __name__ == "__main__":
    TARGET.write_text(page(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote the tables in {TARGET.relative_to(ROOT)}")
