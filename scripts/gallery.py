"""Draws docs/gallery: one figure per rule of the catalogue, and the page that shows them.

    .venv/bin/python scripts/gallery.py
"""

from __future__ import annotations

from pathlib import Path

from plasticity import plots, rules
from plasticity.cli.explain import engines
from plasticity.rules.evidence import EVIDENCE

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "gallery"
DPI = 72
HEAD = """# Gallery of rules

Written by `scripts/gallery.py`: what each rule of the catalogue does with its default parameters, and where it is held
to its paper. `plasticity explain RULE --figure FILE` draws the same figure for any parameters, for example
`plasticity explain "pair_stdp(tau_plus=10e-3)" --figure window.png`. [Which rule runs where](../engines.md).
"""


def page() -> str:
    """The whole page."""
    contents = " · ".join(f"[{name}](#{name})" for name in rules.KINDS["synapse"])
    return "\n".join([HEAD, contents, "", *(part(name) for name in rules.KINDS["synapse"])])


def part(name: str) -> str:
    """One rule: heading, figure, words, what it needs, source, evidence."""
    rule = rules.make(name)
    reads = ", ".join((*rule.reads, *rule.signals))
    known = ", ".join(rule.needs) + (f" (reads {reads})" if reads else "")
    shown = [f"- {claim}: {_link(where)}" for claim, where in EVIDENCE[name]]
    return "\n".join([f"## {name}", "", f"![{name}]({name}.png)", "", rule.words, "",
                      f"A synapse must know: {known}. Engines: {', '.join(engines(rule))}.  ",
                      f"Source: {rule.source}.", "", *shown, ""])


def _link(where: str) -> str:
    file, _, test = where.partition("::")
    return f"[`{test or file}`](../../{file})"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for name in rules.KINDS["synapse"]:
        plots.save(plots.figure_of(rules.make(name)), FOLDER / f"{name}.png", dpi=DPI)
    (FOLDER / "index.md").write_text(page(), encoding="utf-8")
    print(f"wrote {len(rules.KINDS['synapse'])} figures and {(FOLDER / 'index.md').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
