"""plasticity explain."""

from __future__ import annotations

import sys
from pathlib import Path

from plasticity._utils.catalogue import parse
from plasticity._utils.own import is_own
from plasticity.cli.explain import describe, explain
from plasticity.cli.output import say, write_json
from plasticity.errors import PlasticityError
from plasticity.rules import catalogue, make
from plasticity.rules.evidence import EVIDENCE

FORMATS = (".png", ".pdf", ".svg")


def show(name: str, figure: Path | None, as_json: bool) -> None:
    """Prints what a rule does; draws its figure if a file for it is named."""
    rule = make(name)
    shown = () if is_own(name) else EVIDENCE.get(catalogue.known(parse(name).name), ())
    found = describe(rule) | {"evidence": [entry._asdict() for entry in shown]}
    if figure is not None:
        found["figure"] = str(_draw(rule, figure))
    if as_json:
        write_json(found, sys.stdout)
        return
    sys.stdout.write(explain(rule))
    if shown:
        sys.stdout.write("held to it by:\n" + "".join(f"    {claim} ({where})\n" for claim, where in shown))
    if figure is not None:
        say(f"figure: {figure}")


def _draw(rule, figure: Path) -> Path:
    if figure.suffix.lower() not in FORMATS:
        raise PlasticityError(f"--figure must end in {', '.join(FORMATS)}, got {str(figure)!r}")
    if rule.kind != "synapse":
        raise PlasticityError(f"rule {rule.name!r} has no window or curve to draw: it is no rule of single synapses")
    from plasticity import plots

    return plots.save(plots.figure_of(rule), figure)
