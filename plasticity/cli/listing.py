"""plasticity list."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping

from plasticity.cli.output import table, write_json
from plasticity.errors import choice


def show(what: str, as_json: bool) -> None:
    """Prints all entries of a catalogue."""
    entries = LISTS[choice("list", what, LISTS)]()
    if as_json:
        write_json({what: entries}, sys.stdout)
        return
    columns = ("name", "summary")
    table(f"{len(entries)} {what}", columns, [[str(entry[column]) for column in columns] for entry in entries],
          sys.stdout)


def rules() -> list[dict]:
    """Every rule, made with its defaults."""
    from plasticity.rules import catalogue

    made = {name: make() for name, make in catalogue.items()}
    return [{"name": name, "summary": rule.words or _summary(catalogue[name]), "family": rule.family,
             "source": rule.source, "parameters": _defaults(catalogue[name]), "order": rule.order,
             "reads": [*rule.reads, *rule.signals]} for name, rule in made.items()]


def neurons() -> list[dict]:
    return _functions("plasticity.neurons")


def networks() -> list[dict]:
    return _functions("plasticity.networks")


def datasets() -> list[dict]:
    """Every data set, with what is known without loading it."""
    from plasticity.datasets import catalogue

    return [{"name": name, "summary": f"{about.title}: {about.train} + {about.test} images, {about.shape[0]}x"
             f"{about.shape[1]}", "train": about.train, "test": about.test, "shape": about.shape,
             "classes": about.classes, "licence": about.licence, "citation": about.citation,
             "homepage": about.homepage} for name, about in catalogue.items()]


def engines() -> list[dict]:
    from plasticity.engines import ENGINES

    return [{"name": name, "summary": purpose} for name, (_, purpose) in ENGINES.items()]


LISTS: Mapping[str, Callable[[], list[dict]]] = {
    "rules": rules, "neurons": neurons, "networks": networks, "datasets": datasets, "engines": engines}


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
