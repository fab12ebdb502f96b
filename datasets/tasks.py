"""Tasks: a data set, split into what is learned from and what is held out; by name, from a person's files or arrays.

    load("fashion-mnist", train_samples=1000)
    load("faces", size=28)               # a folder of images by class: faces/anna/*.png, faces/ben/*.jpg
    load("recordings.npz")               # x and y, and x_test, y_test, weight where wished
    load((x, y), scale="unit")           # arrays from Python
    load("tasks.py:mine(noise=0.1)")     # what a function of a person's own file answers
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch
from pathlib import Path

from plasticity._utils import own
from plasticity._utils.catalogue import called, parse
from plasticity._utils.random import checked_seed
from plasticity.datasets.asked import Samples, samples
from plasticity.datasets.named import from_name, known, names
from plasticity.datasets.own import from_arrays, from_folder, from_npz
from plasticity.datasets.sequenced import catalogue as of_sequences
from plasticity.datasets.splits import Cut, cut
from plasticity.datasets.task import Task, describe, fingerprint, verify
from plasticity.errors import DataError, PlasticityError, unknown

__all__ = ["EPOCHS", "Samples", "Task", "describe", "epochs", "fingerprint", "load", "load_sequences", "names",
           "samples", "verify"]

#: passes over the training images unless told otherwise: small sets are shown more often
EPOCHS = {"digits": 10, "usps": 3}
_WITH_OPTIONS = re.compile(r"(?P<name>[^()]+?)\s*(?P<options>\(.*\))", re.DOTALL)


def load(task: object, train_samples: int | None = None, test_samples: int | None = None, validation: bool = False,
         seed: int = 0, **options: object) -> Task:
    """A task, from whatever names or holds its data.

    task: a name of `names()` ("fashion-mnist" is "fashion_mnist"); the path of an .npz file or of a folder of images by
    class ("./mnist" where it is called like a name); "file.py:object"; (x, y) or (x, y, x_test, y_test); a Task; what
    `describe` answered, which is compared with the data. A text may end in options: "rows_mnist(hold=2)",
    "faces(size=28)".
    train_samples, test_samples: only so many, the first ones (None: all). validation: hold out a part of the training
    samples instead of using the test part, for tuning: of a named data set the last 10,000 (of small ones the last
    sixth), of a person's own about as many drawn by the seed, classes in proportion. seed: of what is drawn or made.
    options: as `from_folder`, `from_npz` and `from_arrays` of plasticity.datasets.own have them, or the functions of
    plasticity.datasets.sequenced and plasticity.datasets.sequences.

    Raises PlasticityError for unknown names (with the nearest match), counts and options, DataError for missing,
    altered or unfit data.
    """
    return _load(task, Cut(train_samples, test_samples, bool(validation), checked_seed(seed)), options)


@singledispatch
def _load(task: object, how: Cut, options: Mapping[str, object]) -> Task:
    raise PlasticityError("task must be a name, a path, (x, y), (x, y, x_test, y_test), a Task or its description, got "
                          f"{type(task).__name__}")


@_load.register
def _(text: str, how: Cut, options: Mapping[str, object]) -> Task:
    if own.is_own(text):
        return _of_file(text, how, options)
    if known(text):
        return _recorded(from_name(known(text), how, **options), known(text), how, options)
    if _exists(text):
        return _load(Path(text), how, options)
    words = _WITH_OPTIONS.fullmatch(text.strip())
    if words is None or not (known(words["name"]) or _exists(words["name"])):
        raise _missing(words["name"] if words else text)
    return _load(words["name"], how, _joined(parse(f"options{words['options']}", "task"), options, text))


@_load.register
def _(path: os.PathLike, how: Cut, options: Mapping[str, object]) -> Task:
    path = _path(path)
    if not _exists(path):
        raise _missing(os.fspath(path), path=True)
    if not path.is_dir() and not (path.is_file() and path.suffix == ".npz"):
        raise DataError(f"{path} is neither an .npz file nor a folder of images by class; save arrays with "
                        "numpy.savez(path, x=x, y=y)")
    task = called("task", str(path), from_folder if path.is_dir() else from_npz, (path, how), options)
    return _recorded(task, str(path.absolute()), how, options)


@_load.register(tuple)
@_load.register(list)
def _(data: tuple | list, how: Cut, options: Mapping[str, object]) -> Task:
    return called("task", "arrays", from_arrays, (data, how), options)


@_load.register
def _(task: Task, how: Cut, options: Mapping[str, object]) -> Task:
    if options:
        raise PlasticityError(f"a Task has its options already; leave {next(iter(options))}= away")
    asked = replace(how, seed=0) != Cut()
    return replace(cut(task, how, drawn_by_seed=True), source=None, options={}) if asked else task


@_load.register
def _(description: Mapping, how: Cut, options: Mapping[str, object]) -> Task:
    if options or how != Cut():
        raise PlasticityError("a description says which part of the data is meant; give it alone, or load its source")
    if "sha256" not in description:
        raise PlasticityError("a mapping must be what tasks.describe answered; arrays are given as (x, y), or (x, y, "
                              "x_test, y_test)")
    source, asked = description.get("source"), description.get("options", {})
    if not (isinstance(source, str) and isinstance(asked, Mapping)):
        raise DataError(f"task {description.get('name')!r} was made of data that only Python had; load them again and "
                        "compare them with tasks.verify(task, description)")
    return verify(called("task", source, load, (source,), asked), description)


def load_sequences(name: str, train_samples: int | None = None, test_samples: int | None = None,
                   validation: bool = False) -> Task:
    """`load` for data sets of sequences alone, as it was called before."""
    warnings.warn("tasks.load_sequences is tasks.load now; the old name goes with the next release", DeprecationWarning,
                  stacklevel=2)
    if known(name) not in of_sequences:
        raise unknown("data set of sequences", name, of_sequences)
    return load(name, train_samples, test_samples, validation)


def epochs(name: str) -> int:
    """How often the training images of a task are shown by default."""
    return EPOCHS.get(known(name), 1)


def _recorded(task: Task, source: str, how: Cut, options: Mapping[str, object]) -> Task:
    return replace(task, source=source, options={**how.options, **options})


def _of_file(text: str, how: Cut, options: Mapping[str, object]) -> Task:
    """What a person's own file holds, or a function in it answers."""
    thing, call = own.load(text, "task")
    if callable(thing):
        thing = called("task", text, thing, call.arguments, call.options)
    elif call.arguments or call.options:
        raise PlasticityError(f"task {text!r}: {call.name} is no function, so it has no options")
    file, _, rest = text.strip().partition(".py:")
    return _recorded(_load(thing, how, options), f"{_path(file + '.py').absolute()}:{rest}", how, options)


def _joined(call, options: Mapping[str, object], text: str) -> dict[str, object]:
    """Options of a text with those given apart."""
    twice = sorted(call.options.keys() & options.keys())
    if call.arguments or twice:
        what = f"{twice[0]} is given twice, in the text and apart" if twice else "write its options as option=value"
        raise PlasticityError(f"task {text!r}: {what}")
    return {**call.options, **options}


def _path(path: str | os.PathLike) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:  # ~somebody who has no home
        raise DataError(f"{path}: {error}; write the path whole") from None


def _exists(path: str | os.PathLike) -> bool:
    try:
        return _path(path).exists()
    except (OSError, ValueError):  # too long for a path, or no text of one
        return False


def _missing(text: str, path: bool = False) -> PlasticityError:
    if path or {"/", os.sep} & set(text) or text.startswith("~") or text.endswith(".npz"):
        return DataError(f"there is no file or folder {text}; correct the path")
    return PlasticityError(f"{unknown('task', text, names())}; nor is there a file or folder of that name")
