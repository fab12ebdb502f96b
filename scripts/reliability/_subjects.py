"""What is altered, and what may not come of it: files that the library wrote, files of data, descriptions, spikes."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import shutil
import struct
import tarfile
import wave
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from _alter import Draw, altered_array, altered_bytes, altered_json, as_json

from plasticity import Input, Network, Population, Projection, Spikes, build, networks, neurons, rules
from plasticity.cli import reporting
from plasticity.comparison import compare, resumed
from plasticity.comparison.answers import answers
from plasticity.comparison.run import Settings, run_task
from plasticity.datasets import tasks
from plasticity.datasets.idx import read_idx
from plasticity.datasets.nmnist import events_of
from plasticity.datasets.usps import read_h5
from plasticity.datasets.waves import wave_of
from plasticity.learner import Learner
from plasticity.runs import Run

N = 12  # of digits' samples that are learned
RULES = {"synapse": {"network": "diehl-cook(neurons=4, steps=10)", "engine": "torch"}, "rates": {"rule": "soft_hebb",
         "network": "rates(4)"}, "credit": {"rule": "eprop", "network": "layers(4)", "encoder": "latency(steps=5)"}}


@dataclass(frozen=True)
class Subject:
    """alter(draw) -> (the alteration in words, the altered input). use(input) -> what is wrong with what the library
    made of it, "" if nothing is; it raises PlasticityError where the library refuses. whole: an input as it should be.
    share: of the inputs that others get, where each takes seconds.
    """

    alter: Callable[[Draw], tuple[str, object]]
    use: Callable[[object], str]
    whole: object
    share: float = 1.0


def subjects(folder: Path) -> dict[str, Subject]:
    """All of them; what they need is made in the folder."""
    made = {}
    for part in (of_runs, of_data, of_objects):
        made |= part(folder / part.__name__)
    return made


# ---------------------------------------------------------------------- files that the library wrote

def of_runs(folder: Path, compared: bool = True) -> dict[str, Subject]:
    """compared: with those of a comparison, which takes seconds to go on."""
    x, y = _digits()
    asked = {"synapse": Learner(**RULES["synapse"]), "rates": Learner(**RULES["rates"], epochs=1),
             "credit": Learner(**RULES["credit"], epochs=1)}
    made = {}
    for kind, learner in asked.items():
        kept = learner.fit(x, y).save(folder / f"learner-{kind}")
        for file in ("learner.json", "arrays.safetensors"):
            made[f"learner, {kind}: {file}"] = _file(kept, file, partial(_asks, x, learner.predict_proba(x)))
    run = folder / "run"
    run_task(Settings("digits", **RULES["rates"], epochs=1, train_samples=N, test_samples=N), Run(run, {}))
    np.savez(folder / "new.npz", x=x.reshape(-1, 8, 8))
    for file in ("config.json", "result.json", "metrics.jsonl"):
        made[f"run: {file}"] = _file(run, file, partial(_reports, folder / "new.npz"))
    return made | _of_checkpoints(folder / "stopped", x, y) | (_of_comparison(folder / "compared") if compared else {})


def _of_comparison(both: Path) -> dict[str, Subject]:
    compare("digits", ["soft_hebb", "mlp"], 1, networks="rates(4)", epochs=1, train_samples=N, test_samples=N, out=both)
    told = json.loads((both / "result.json").read_text())
    files = sorted(str(path.relative_to(both)) for path in both.rglob("*.json"))
    return {f"comparison: {file}": replace(_file(both, file, partial(_goes_on, told)), share=0.05) for file in files}


class _Stop(Exception):
    pass


def _of_checkpoints(folder: Path, x: np.ndarray, y: np.ndarray) -> dict[str, Subject]:
    """A run of three epochs that was stopped after two, with its checkpoints."""
    def learner() -> Learner:
        return Learner(**RULES["rates"], epochs=3, batch=6)

    run, epochs = Run(folder, {"task": "digits"}, every=0.0), []

    def stop(*told) -> None:
        epochs.append(told)
        if len(epochs) > 4:
            raise _Stop

    with suppress(_Stop):
        learner().fit(x, y, run=run, callback=stop)
    whole = learner().fit(x, y).weights_
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return {f"stopped run: {file}": _file(folder, file, partial(_same_end, learner, x, y, whole)) for file in files}


def _digits() -> tuple[np.ndarray, np.ndarray]:
    task = tasks.load("digits", N, N)
    return task.train_x, task.train_y


def _file(folder: Path, file: str, use: Callable[[Path], str]) -> Subject:
    """A file of a folder: its bytes, or, of JSON, one of its values."""
    whole = (folder / file).read_bytes()

    def alter(draw: Draw) -> tuple[str, bytes]:
        if file.endswith(".json") and draw.random() < 0.6:
            words, tree = altered_json(json.loads(whole), draw)
            return words, as_json(tree)
        return altered_bytes(whole, draw)

    def on_a_copy(content: bytes) -> str:
        copy = folder.with_name(f"{folder.name}-altered")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        (copy / file).write_bytes(content)
        return use(copy)

    return Subject(alter, on_a_copy, whole)


def _asks(x: np.ndarray, chances: np.ndarray, folder: Path) -> str:
    return "" if np.array_equal(Learner.load(folder).predict_proba(x), chances) else "other answers"


def _reports(new: Path, folder: Path) -> str:
    """The report and answers of a run, of which a part may be unreadable."""
    answers(folder, str(new))
    reporting.show(folder, True)
    return ""


def _same_end(learner: Callable, x: np.ndarray, y: np.ndarray, whole: np.ndarray, folder: Path) -> str:
    """It goes on from what is whole, to the same bits."""
    end = learner().fit(x, y, run=Run.resume(folder)).weights_
    return "" if np.array_equal(end, whole) else "other weights in the end"


def _goes_on(told: dict, folder: Path) -> str:
    """What is finished is used or trained again, to the same accuracy."""
    again = compare(**resumed(folder), out=folder, resume=True)
    same = [row["accuracy"] for row in again["rows"]] == [row["accuracy"] for row in told["rows"]]
    return "" if same else "other accuracies"


# ---------------------------------------------------------------------- files of data

def of_data(folder: Path) -> dict[str, Subject]:
    folder.mkdir(parents=True)
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 256, (20, 5, 5), np.uint8), np.arange(20) % 3
    made = {
        "data: .npz": _data(_npz(images, labels), folder / "some.npz", _task, protected=True),
        "data: idx, gzip": _data(gzip.compress(b"\0\0\x08\3" + struct.pack(">3I", 20, 5, 5) + images.tobytes()),
                                 folder / "images.gz", partial(read_idx, dimensions=3), protected=True),
        "data: .wav": _data(_wave(draw), folder / "a.wav", lambda path: wave_of("a.wav", path.read_bytes(), 8000)),
        "data: N-MNIST": _data(draw.integers(0, 34, 500, np.uint8).tobytes(), folder / "1.bs2",
                               lambda path: events_of("1.bs2", path.read_bytes())),
        "data: .h5": _data(_h5(folder, images), folder / "usps.h5", lambda path: read_h5([path])),
        "data: picture": _data(_picture(folder, images[0]), folder / "own" / "a" / "0.png", lambda path: _task(
            path.parents[1]), beside=_pictures(folder / "own", images)),
        "data: .tar.gz": _data(_tar(images), folder / "clips.tar.gz", _members, protected=True),
        "data: .bz2": _data(bz2.compress(b"1 1:0.5 3:0.25\n2 2:-1\n" * 20), folder / "usps.bz2", _text)}
    return made


def _data(content: bytes, path: Path, read: Callable[[Path], object], protected: bool = False,
          beside: Callable[[], None] = lambda: None) -> Subject:
    """protected: whether the form has checksums, so that other values than the file's own are a fault."""
    def use(altered: bytes) -> str:
        beside()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        whole = read(path) if protected else None
        path.write_bytes(altered)
        found = read(path)
        return "other values" if protected and repr(found) != repr(whole) else ""

    return Subject(partial(altered_bytes, content), use, content)


def _task(path: Path) -> object:
    task = tasks.load(str(path))
    return task.train_x.tobytes(), task.train_y.tobytes(), task.test_x.tobytes()


def _members(path: Path) -> object:
    from plasticity.datasets.archives import read_tar

    return sorted(read_tar(path, (".wav",), 2**20).items())


def _text(path: Path) -> object:
    from plasticity.datasets.usps import read_text

    return read_text([path, path])


def _npz(images: np.ndarray, labels: np.ndarray) -> bytes:
    held = io.BytesIO()
    np.savez_compressed(held, x=images / 255, y=labels)
    return held.getvalue()


def _wave(draw: Draw) -> bytes:
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(draw.bytes(800))
    return held.getvalue()


def _h5(folder: Path, images: np.ndarray) -> bytes:
    import h5py

    path = folder / "made.h5"
    with h5py.File(path, "w") as file:
        for part in ("train", "test"):
            file[f"{part}/data"] = np.resize(images, (6, 256)) / 255
            file[f"{part}/target"] = np.arange(6)
    return path.read_bytes()


def _picture(folder: Path, image: np.ndarray) -> bytes:
    import matplotlib.image

    path = folder / "made.png"
    matplotlib.image.imsave(path, image, cmap="gray")
    return path.read_bytes()


def _pictures(root: Path, images: np.ndarray) -> Callable[[], None]:
    """Two classes of whole pictures beside the altered one."""
    def beside() -> None:
        if root.is_dir():
            return
        for label in ("a", "b"):
            (root / label).mkdir(parents=True)
            for number in range(1, 4):
                (root / label / f"{number}.png").write_bytes(_picture(root.parent, images[number]))

    return beside


def _tar(images: np.ndarray) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        for number in range(4):
            member = tarfile.TarInfo(f"clips/{number}.wav")
            member.size = images[number].nbytes
            archive.addfile(member, io.BytesIO(images[number].tobytes()))
    return held.getvalue()


# ---------------------------------------------------------------------- objects

def of_objects(folder: Path, engines: Sequence[str] = ("event", "torch", "brian2")) -> dict[str, Subject]:
    network = _network()
    made = {f"description: {name}": _tree(thing) for name, thing in {
        "Rule": rules.triplet_stdp(), "Neuron": neurons.lif(), "Network": network, "GradientRule": rules.eprop(),
        "Model": networks.build("diehl-cook", 9, 3), "Method": rules.mlp()}.items()}
    trains = Spikes.from_dense(np.random.default_rng(0).random((2, 10, 4)) < 0.3)
    for engine in engines:
        simulation = build(network, engine)
        simulation.run({"in": trains})
        made[f"spikes: {engine}"] = _spikes(simulation, trains)
        made[f"state: {engine}"] = _state(simulation, trains)
    return made


def _network() -> Network:
    return Network((Input("in", 4),), (Population("out", 3, neurons.lif()),),
                   (Projection("in", "out", 0.5, onto="v", scale=8e-3, rule=rules.pair_stdp()),))


def _tree(thing) -> Subject:
    tree = json.loads(json.dumps(thing.to_dict()))

    def use(altered: object) -> str:
        made = type(thing).from_dict(altered)
        return "" if isinstance(made, type(thing)) else f"a {type(made).__name__}"

    return Subject(partial(altered_json, tree), use, tree)


def _spikes(simulation, trains: Spikes) -> Subject:
    """Trains with wrong places or numbers: what is accepted spikes as often as its dense form says."""
    def alter(draw: Draw) -> tuple[str, tuple]:
        parts = {"ptr": trains.ptr, "index": trains.index, "n": trains.n}
        name = ("ptr", "index")[draw.integers(2)]
        words, parts[name] = altered_array(np.asarray(parts[name]), draw)
        return f"{name}: {words}", tuple(parts.values())

    def use(altered: tuple) -> str:
        made = Spikes(*altered)
        counts = simulation.run({"in": made}, record=["out.spikes"]).counts["out"]
        dense = simulation.run({"in": made.dense()}, learn=False).counts["out"]
        return "" if counts.shape == dense.shape == (made.samples, 3) else "other counts"

    return Subject(alter, use, (trains.ptr, trains.index, trains.n))


def _state(simulation, trains: Spikes) -> Subject:
    """States with altered arrays: what is restored runs, and keeps its weights finite and within bounds."""
    state: Mapping[str, np.ndarray] = simulation.state()

    def alter(draw: Draw) -> tuple[str, dict]:
        names = sorted(state)
        name = names[draw.integers(len(names))]
        if draw.random() < 0.1:
            return f"without {name}", {key: value for key, value in state.items() if key != name}
        words, changed = altered_array(np.asarray(state[name]), draw)
        return f"{name}: {words}", {**state, name: changed}

    def use(altered: dict) -> str:
        simulation.restore(altered)
        try:
            simulation.run({"in": trains})
            weights = simulation.get("in->out.w")
            return "" if np.isfinite(weights).all() and 0 <= weights.min() <= weights.max() <= 1 else "wild weights"
        finally:
            simulation.restore(state)

    return Subject(alter, use, state)

