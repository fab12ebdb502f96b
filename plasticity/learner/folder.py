"""A fitted learner as a folder: learner.json says what it is, arrays.safetensors holds its numbers; with sha256."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from plasticity._utils.catalogue import parse
from plasticity._utils.keeping import pack, unpack
from plasticity._utils.typed import require_fields
from plasticity.encoding.augmentation import catalogue as augmentations
from plasticity.encoding.augmentation.catalogue import Augmentation
from plasticity.errors import PlasticityError, choice
from plasticity.learner.asked import Asked
from plasticity.learner.described import Described
from plasticity.learner.experiment import Experiment
from plasticity.learner.parts import Parts, parts_of, put_parts
from plasticity.learner.training import Training
from plasticity.learner.ways import WAYS
from plasticity.runs.files import load_arrays, save_arrays
from plasticity.runs.sealed import as_written, read_sealed, write_sealed

ABOUT, ARRAYS = "learner.json", "arrays.safetensors"
_STATE, _READING = "state/", "reading/"
#: arguments that are written as they are; a function among them cannot be
_TEXTS = ("encoder", "loss", "optimizer")
_PLAIN = ("epochs", "batch", "lr", "patience", "shuffle", "seed", "device", "class_weight", "scaled")
_NUMBERS = ("shown", "epochs", "seconds", "compile_seconds", "losses", "validation", "history", "best", "early",
            "totals")


def save(estimator, folder: Path, about: Mapping[str, object]) -> Path:
    """Writes the folder. about: what else is to be known of the learner."""
    parts = parts_of(estimator)
    content, arrays = _content(parts)
    arrays |= {_STATE + name: values for name, values in parts.state.items()}
    checksum = save_arrays(folder / ARRAYS, arrays)
    content["parameters"] = {name: value for name, value in estimator.get_params(deep=False).items()
                             if value is None or isinstance(value, str | int | float)}
    write_sealed(folder / ABOUT, {"learner": {**content, "about": dict(about), "files": {ARRAYS: checksum}}})
    return folder


def require_kept(estimator) -> None:
    """Raises PlasticityError for what `save` could not write, before anything is learned."""
    made = estimator._experiment()
    _asked(made.asked)
    pack(made.encoder)


def describe(folder: Path) -> dict:
    """What learner.json says, checked. Raises DataError for a folder that is incomplete, altered or of another form."""
    return read_sealed(folder / ABOUT, "learner")["learner"]


def load(folder: Path, kind: type):
    """The learner in a folder, as an estimator of that kind, whose arguments are those of `Asked`."""
    with as_written(folder / ABOUT):
        return _loaded(folder, describe(folder), kind)


def _loaded(folder: Path, content: Mapping, kind: type):
    parts = _parts(content, load_arrays(folder / ARRAYS, content["files"][ARRAYS]))
    asked = parts.described.experiment.asked
    estimator = kind.__new__(kind)
    for slot in kind._get_param_names():
        setattr(estimator, slot, content["parameters"].get(slot, getattr(asked, slot)))
    put_parts(estimator, parts)
    if parts.described.goal.classes is not None:
        estimator.classes_ = parts.described.goal.classes
    estimator.n_features_in_ = parts.described.n_features
    return estimator


def _content(parts: Parts) -> tuple[dict, dict[str, np.ndarray]]:
    """What is written as JSON, and the arrays that it names."""
    described, made = parts.described, parts.described.experiment
    arrays: dict[str, np.ndarray] = {}

    def kept(name: str, thing: object) -> object:
        tree, found = pack(thing)
        arrays.update({f"{name}/{place}" if place else name: values for place, values in found.items()})
        return tree

    goal = described.goal
    content = {
        "way": made.way.name, "words": made.words, "engine": str(made.engine), "asked": _asked(made.asked),
        "network": kept("network", made.network), "rule": kept("rule", made.rule),
        "encoder": kept("encoder", made.encoder), "augment": kept("augment", _augments(made.augments)),
        "shown": kept("shown", described.encoder),
        "readouts": kept("readouts", tuple(made.readouts)),
        "scaling": kept("scaling", described.scaling), "goal": kept("goal", replace(goal, classes=None)),
        "classes": _labels(goal.classes), "shape": list(described.shape), "given": list(described.given),
        "n_features": described.n_features, "presentations": described.presentations, "offset": parts.offset,
        "label_seconds": parts.more.get("label_seconds_"), "feature_names": _names(parts.more),
        "training": {name: value for name, value in asdict(replace(parts.training, best_weights=None)).items()
                     if name in _NUMBERS}}
    if parts.reading is not None:
        content["reading"], more = _of_reading(parts.reading, kept)
        arrays |= more
    return content, arrays


def _of_reading(reading, kept: Callable[[str, object], object]) -> tuple[dict, dict[str, np.ndarray]]:
    """What is written of readouts that were fitted, and of the responses that they were fitted to."""
    content = {"names": list(reading.names), "options": {name: dict(each) for name, each in reading.options.items()},
               "samples": reading.samples, "fitted": kept("fitted", dict(reading.fitted))}
    if reading.seen is None:
        return content, {}
    arrays = {"counts": reading.seen.counts, "labels": reading.labels}
    if reading.weight is not None:
        arrays["weight"] = reading.weight
    if reading.seen.trains is not None:
        arrays |= {"ptr": reading.seen.trains.ptr, "index": reading.seen.trains.index}
    return content, {_READING + name: values for name, values in arrays.items()}


def _parts(content: Mapping, arrays: Mapping[str, np.ndarray]) -> Parts:
    def kept(name: str) -> object:
        below = {place.removeprefix(name).removeprefix("/"): values for place, values in arrays.items()
                 if place == name or place.startswith(f"{name}/")}
        return unpack(content[name], below)

    asked = Asked(**content["asked"] | {"engine": content["engine"]})
    rule, network, encoder, shown = map(kept, ("rule", "network", "encoder", "shown"))
    augments = tuple(each or augmentations.forgotten() for each in (kept("augment") if "augment" in content else ()))
    asked = replace(asked, network=network, rule=rule, encoder=encoder, augment=augments or None)
    made = Experiment(asked, WAYS[content["way"]], rule, network, encoder, kept("readouts"),
                      parse(content["engine"], "engine"), None, content["words"], augments)
    goal = replace(kept("goal"), classes=_classes(content["classes"]))
    described = Described(made, shown, kept("scaling"), goal, tuple(content["shape"]), content["n_features"],
                          content["presentations"], tuple(content["given"]))
    for part in (goal, described):
        require_fields(part)
    state = {name.removeprefix(_STATE): values for name, values in arrays.items() if name.startswith(_STATE)}
    more = {"label_seconds_": content["label_seconds"]}
    if content["feature_names"] is not None:
        more["feature_names_in_"] = np.array(content["feature_names"], object)
    return Parts(described, state, _reading(content, arrays, kept), Training(**content["training"]),
                 content["offset"], more)


def _reading(content: Mapping, arrays: Mapping[str, np.ndarray], kept):
    if "reading" not in content:
        return None
    from plasticity.encoding.spikes import Spikes
    from plasticity.learner.stream.reading import Reading, Responses
    from plasticity.readout.catalogue import READOUTS

    stored = content["reading"]
    names = tuple(choice("readout", name, READOUTS) for name in stored["names"])
    reading = Reading(names, stored["options"], stored["samples"])
    below = {name.removeprefix("fitted/"): values for name, values in arrays.items() if name.startswith("fitted/")}
    reading.fitted = dict(unpack(stored["fitted"], below))
    own = {name.removeprefix(_READING): values for name, values in arrays.items() if name.startswith(_READING)}
    if "counts" in own:
        trains = Spikes(own["ptr"], own["index"], own["counts"].shape[1]) if "ptr" in own else None
        reading.seen, reading.labels = Responses(own["counts"], trains), own["labels"]
        reading.weight = own.get("weight")
    return reading


def _asked(asked: Asked) -> dict:
    """The arguments, as texts and numbers; what can only be a function is refused where it is needed."""
    for name in _TEXTS:
        value = getattr(asked, name)
        if callable(value) and not hasattr(value, "name"):
            raise PlasticityError(f"{name}={value!r} is a function, which cannot be written into a file; use one of "
                                  "the catalogue, by its name")
    loss = asked.loss if asked.loss is None or isinstance(asked.loss, str) else getattr(asked.loss, "name", None)
    schedule = asked.schedule if isinstance(asked.schedule, str) else None
    dtype = None if asked.dtype is None else str(asked.dtype).removeprefix("torch.")
    extras = {name: value for name, value in asked.extras.items() if isinstance(value, str | int | float | None)}
    return {**{name: getattr(asked, name) for name in _PLAIN}, "loss": loss, "optimizer": asked.optimizer,
            "schedule": schedule, "dtype": dtype, "extras": extras}


def _augments(augments: tuple[Augmentation, ...]) -> tuple[Augmentation | None, ...]:
    """None in place of functions of a person's own: nothing that is asked of a learner needs them."""
    return tuple(each if augmentations.of_catalogue(each) else None for each in augments)


def _names(more: Mapping[str, object]) -> list[str] | None:
    """The names of features, where samples came in a table with columns."""
    names = more.get("feature_names_in_")
    return None if names is None else list(names)


def _labels(classes: np.ndarray | None) -> dict | None:
    if classes is None:
        return None
    values = [value.decode("latin-1") if isinstance(value, bytes) else value for value in classes.tolist()]
    return {"dtype": classes.dtype.str, "values": values}


def _classes(stored: Mapping | None) -> np.ndarray | None:
    if stored is None:
        return None
    values, dtype = stored["values"], np.dtype(stored["dtype"])
    return np.array([value.encode("latin-1") for value in values] if dtype.kind == "S" else values, dtype)
