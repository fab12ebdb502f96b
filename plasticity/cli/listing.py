"""plasticity list."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict

from plasticity.cli.described import described
from plasticity.cli.output import table, write_json
from plasticity.engines import ENGINES
from plasticity.errors import choice

_WORK = re.compile(r"(?P<authors>[A-Z][\w-]*(?:(?:, | & )[A-Z][\w-]*)*(?: et al\.)?) (?P<year>\d{4})")
#: what the table of rules shows, and how wide a column is at most
RULE_COLUMNS = {"name": 15, "family": 11, "locality": 10, "reads": 10, "engines": 7, "source": 40}
DATA_COLUMNS = {"name": 22, "kind": 10, "licence": 20, "citation": 40}


def show(what: str, as_json: bool) -> None:
    """Prints all entries of a catalogue."""
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
    everywhere = len(entry["engines"]) == len(ENGINES)
    return [entry["name"], entry["family"], " ".join(entry["locality"]), " ".join(entry["reads"]) or "-",
            "all" if everywhere else " ".join(entry["engines"]), cited(entry["source"])]


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


def rules() -> list[dict]:
    """Every rule, made with its defaults."""
    from plasticity.cli.explain import engines, needs
    from plasticity.rules import catalogue
    from plasticity.rules.evidence import EVIDENCE

    made = {name: make() for name, make in catalogue.items()}
    return [{"name": name, "summary": rule.words or _summary(catalogue[name]), "family": rule.family,
             "source": rule.source, "parameters": _defaults(catalogue[name]), "order": rule.order,
             "reads": [*rule.reads, *rule.signals], "locality": needs(rule), "engines": engines(rule),
             "evidence": [{"claim": claim, "where": where} for claim, where in EVIDENCE[name]]}
            for name, rule in made.items()]


def neurons() -> list[dict]:
    return _functions("plasticity.neurons")


def networks() -> list[dict]:
    return _functions("plasticity.networks")


def datasets() -> list[dict]:
    """Every data set, with what is known without loading it."""
    from plasticity.datasets.listing import listing

    return listing()


def engines() -> list[dict]:
    return [{"name": name, "summary": purpose} for name, (_, purpose) in ENGINES.items()]


def methods() -> list[dict]:
    """Every method that brings its own network, made with its defaults."""
    from plasticity.methods.catalogue import catalogue

    made = {name: make() for name, make in catalogue.items()}
    return [{"name": name, "summary": method.words, "keeps": method.keeps, "cuts": method.cuts, "memory": method.memory,
             "source": method.source, "takes": method.form, "parameters": _defaults(catalogue[name])}
            for name, method in made.items()]


def gradient_rules() -> list[dict]:
    """Every gradient rule, made with its defaults."""
    from plasticity.rules.credit import catalogue

    made = {name: make() for name, make in catalogue.items()}
    return [{"name": name, "summary": rule.words, "paths": asdict(rule.paths), "teacher": rule.teacher,
             "feedback": rule.feedback, "broadcast": rule.broadcast, "transport": rule.transport,
             "memory": rule.memory, "source": rule.source, "parameters": _defaults(catalogue[name])}
            for name, rule in made.items()]


LISTS: Mapping[str, Callable[[], list[dict]]] = {
    "rules": rules, "neurons": neurons, "networks": networks, "datasets": datasets, "engines": engines,
    "methods": methods, "gradient-rules": gradient_rules}


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
