"""plasticity list."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict

from plasticity.cli.described import described
from plasticity.cli.output import say, table, write_json
from plasticity.engines import ENGINES
from plasticity.errors import choice

_WORK = re.compile(r"(?P<authors>[A-Z][\w-]*(?:(?:, | & )[A-Z][\w-]*)*(?: et al\.)?) (?P<year>\d{4})")
#: what the table of rules shows, and how wide a column is at most
RULE_COLUMNS = {"name": 23, "kind": 7, "needs": 13, "engines": 8, "memory": 12, "source": 40}
DATA_COLUMNS = {"name": 28, "kind": 10, "licence": 20, "citation": 40}


def show(what: str, as_json: bool) -> None:
    """Prints all entries of a catalogue."""
    if what in BEFORE:
        say(f"list {what}: all rules stand in one table now, plasticity list rules; these are those of kind "
            f"{BEFORE[what]!r}")
        what, entries = "rules", rules(BEFORE[what])
    else:
        entries = LISTS[choice("list", what, LISTS)]()
    if as_json:
        write_json({what: entries}, sys.stdout)
        return
    if what in DESCRIBED:
        columns, cells = DESCRIBED[what]
        described(f"{len(entries)} {what}", columns, list(map(cells, entries)),
                  [entry["summary"] for entry in entries], sys.stdout)
        return
    columns = ("name", "summary")
    table(f"{len(entries)} {what}", columns, [[str(entry[column]) for column in columns] for entry in entries],
          sys.stdout)


def _cells(entry: Mapping) -> list[str]:
    """A rule's row; a dash for nothing."""
    everywhere = entry["engines"] == list(ENGINES)
    return [entry["name"], entry["kind"], ", ".join(entry["needs"]) or "-",
            "all" if everywhere else " ".join(entry["engines"]), entry["memory"], cited(entry["source"])]


def _data_cells(entry: Mapping) -> list[str]:
    """A data set's row."""
    return [entry["name"], entry["kind"], entry["licence"], cited(entry["citation"])]


#: what is shown as a table with a line of words below each row: its columns, and the cells of an entry
DESCRIBED: Mapping[str, tuple[Mapping[str, int], Callable[[Mapping], list[str]]]] = {
    "rules": (RULE_COLUMNS, _cells), "datasets": (DATA_COLUMNS, _data_cells)}


def cited(source: str) -> str:
    """The first work of a source, as it is cited in a text: "Song et al. 2000"."""
    found = _WORK.search(source)
    if not found:
        return source
    authors = re.split(r", | & ", found["authors"])
    return f"{found['authors'] if len(authors) < 3 else f'{authors[0]} et al.'} {found['year']}"


def rules(kind: str | None = None) -> list[dict]:
    """Every rule (of one kind), made with its defaults."""
    from plasticity.cli.explain import engines
    from plasticity.rules import KINDS, catalogue
    from plasticity.rules.evidence import EVIDENCE

    made = {name: make() for name, make in (KINDS[kind] if kind else catalogue).items()}
    return [{"name": name, "kind": rule.kind, "summary": rule.words or _summary(catalogue[name]),
             "needs": list(rule.needs), "engines": engines(rule), "memory": rule.memory, "source": rule.source,
             "parameters": _defaults(catalogue[name]), **_DETAILS[rule.kind](rule),
             "evidence": [{"claim": claim, "where": where} for claim, where in EVIDENCE.get(name, ())]}
            for name, rule in made.items()]


#: kind of rule -> what is told of it besides
_DETAILS: Mapping[str, Callable[..., dict]] = {
    "synapse": lambda rule: {"family": rule.family, "order": rule.order, "reads": [*rule.reads, *rule.signals]},
    "credit": lambda rule: {"paths": asdict(rule.paths), "teacher": rule.teacher, "feedback": rule.feedback,
                            "broadcast": rule.broadcast, "transport": rule.transport},
    "network": lambda rule: {"keeps": rule.keeps, "cuts": rule.cuts, "takes": rule.form}}


def neurons() -> list[dict]:
    return _functions("plasticity.neurons")


def networks() -> list[dict]:
    """Every network that a rule can learn in, with what it is made of."""
    from plasticity.networks import KIND

    return [entry | {"kind": KIND[entry["name"]]} for entry in _functions("plasticity.networks")]


def encoders() -> list[dict]:
    return _functions("plasticity.encoding.catalogue")


def augmentations() -> list[dict]:
    return _functions("plasticity.encoding.augmentation.catalogue")


def readouts() -> list[dict]:
    return _functions("plasticity.readout.catalogue")


def memories() -> list[dict]:
    return _functions("plasticity.network.cells")


def losses() -> list[dict]:
    from plasticity.readout.losses import LOSSES

    return [{"name": name, "summary": kind.words, "targets": list(kind.targets), "outputs": list(kind.outputs),
             "score": kind.score} for name, kind in LOSSES.items()]


def datasets() -> list[dict]:
    """Every data set, with what is known without loading it."""
    from plasticity.datasets.listing import listing

    return listing()


def engines() -> list[dict]:
    from plasticity.learner.suiting import GRADIENT_ENGINES

    return [*({"name": name, "summary": purpose} for name, (_, purpose) in ENGINES.items()),
            *({"name": name, "summary": purpose} for name, purpose in GRADIENT_ENGINES.items())]


LISTS: Mapping[str, Callable[[], list[dict]]] = {
    "rules": rules, "neurons": neurons, "networks": networks, "datasets": datasets, "engines": engines,
    "encoders": encoders, "augmentations": augmentations, "readouts": readouts, "losses": losses,
    "memories": memories}
#: what was a list of its own -> kind of rules
BEFORE: Mapping[str, str] = {"methods": "network", "gradient-rules": "credit"}


def _functions(module: str) -> list[dict]:
    """Entries of a catalogue of builders."""
    catalogue = importlib.import_module(module).catalogue
    return [{"name": name, "summary": _summary(make), "parameters": _defaults(make)}
            for name, make in catalogue.items()]


def _summary(made: Callable) -> str:
    """The first sentence of a docstring."""
    return " ".join((inspect.getdoc(made) or "").split("\n\n")[0].split())


def _defaults(made: Callable) -> dict[str, object]:
    """Arguments that have a default: name -> default."""
    return {name: argument.default for name, argument in inspect.signature(made).parameters.items()
            if argument.default is not inspect.Parameter.empty}
