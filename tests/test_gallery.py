"""The committed gallery is complete and is what its script writes."""

import importlib.util
import re
from pathlib import Path

from plasticity import rules

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "gallery"
LARGEST = 40_000  # bytes


def script():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "scripts" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_listed_rule_has_one_small_figure_and_nothing_else_has():
    figures = {path.stem: path.read_bytes() for path in FOLDER.glob("*.png")}
    assert set(figures) == set(rules.KINDS["synapse"]), "run python scripts/gallery.py"
    assert all(content[:4] == b"\x89PNG" and len(content) < LARGEST for content in figures.values())
    assert len({*figures.values()}) == len(figures)


def test_the_page_is_what_the_script_writes_and_its_links_lead_somewhere():
    committed = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert committed == script().page(), "run python scripts/gallery.py"
    links = re.findall(r"\]\(([^)#]+)\)", committed)
    assert len(links) > 2 * len(rules.KINDS["synapse"])
    assert all((FOLDER / link).exists() for link in links)
