"""All there is to learn from: images, sounds, events and tasks in time, with licence and citation."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from plasticity.datasets.archives import Archive
from plasticity.datasets.description import DataSet, SingleFile
from plasticity.datasets.fsdd import FSDD
from plasticity.datasets.loading import catalogue
from plasticity.datasets.named import GENERATED, names
from plasticity.datasets.nmnist import NMNIST_SMALL
from plasticity.datasets.parted import catalogue as parted
from plasticity.datasets.parts import Parted
from plasticity.datasets.sequenced import Sequenced
from plasticity.datasets.sequenced import catalogue as sequenced
from plasticity.datasets.speech_commands import VERSIONS, SpeechCommands


def listing() -> list[dict]:
    """One entry per data set, with what is known without loading it: name, kind, summary, licence, citation, how; and
    whether it is a task by that name (`tasks.load`)."""
    found = [*map(_images, catalogue.values()), _archive(FSDD, "sounds", "load_fsdd()"),
             *(_speech(number, about) for number, about in VERSIONS.items()),
             _archive(NMNIST_SMALL, "events", "load_nmnist_small()")]
    whose = {entry["name"]: entry for entry in found}
    entries = [*found, *_sequenced(whose), *map(_parted, parted.values()), *map(_task, GENERATED.values())]
    return [{**entry, "task": entry["name"] in names()} for entry in entries]


def _entry(name: str, kind: str, summary: str, about: DataSet | SingleFile | Archive | SpeechCommands,
           load: str) -> dict:
    return {"name": name, "kind": kind, "summary": summary, "classes": about.classes, "licence": about.licence,
            "citation": about.citation, "homepage": about.homepage, "load": load}


def _images(about: DataSet) -> dict:
    height, width, *colours = about.shape
    summary = f"{about.title}: {about.train} + {about.test} images, {height}x{width}{' in colour' if colours else ''}"
    more = {"train": about.train, "test": about.test, "shape": about.shape}
    return _entry(about.name, "images", summary, about, f'load("{about.name}")') | more


def _archive(about: Archive, kind: str, load: str) -> dict:
    return _entry(about.name, kind, about.title, about, load)


def _speech(number: int, about: SpeechCommands) -> dict:
    summary = f"{about.title}: {about.clips} clips of a second, 16 kHz, 12 classes"
    return _entry(about.name, "sounds", summary, about, f"load_speech_commands(part, version={number})")


def _sequenced(whose: dict[str, dict]) -> Iterator[dict]:
    """Ways to present a data set in time have the licence of that data set."""
    for each in sequenced.values():
        yield {**_shared(whose[each.of]), **_way(each)}


def _shared(entry: dict) -> dict:
    return {key: entry[key] for key in ("classes", "licence", "citation", "homepage")}


def _way(each: Sequenced) -> dict:
    return {"name": each.name, "kind": "sequences", "summary": each.title, "load": f'load_sequences("{each.name}")'}


def _parted(each: Parted) -> dict:
    return _entry(each.name, "sequences", each.title, each.about, f'tasks.load("{each.name}")')


def _task(make) -> dict:
    """A task made by a function: its first sentence, and the source that its docstring names."""
    text = inspect.getdoc(make)
    source = " ".join(text.partition("Source: ")[2].split())
    return {"name": make.__name__, "kind": "tasks", "summary": " ".join(text.split("\n\n")[0].split()), "classes": (),
            "licence": "made by the library", "citation": source, "homepage": "", "load": f"{make.__name__}(seed=0)"}
