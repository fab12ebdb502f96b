"""What a task asks of each way of learning where nothing is said, and the few numbers that were chosen for each rule.

Learning rates were chosen on training data alone, by scripts/reproduce/compare_tuning.py: one seed on the first part of
the training images, accuracy on the last 10,000 of them. docs/results/compare_tuning.json holds every value tried; the
largest was 2e-2, so that where it stands a larger one may do better still.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from plasticity.datasets import tasks
from plasticity.datasets.tasks import Task

Options = Mapping[str, object]


def _gradients(network: str, encoder: str, epochs: int, batch: int) -> dict[str, Options]:
    passes = {"epochs": epochs, "batch": batch, "schedule": "linear"}
    return {"gradients": {"network": network, "encoder": encoder, **passes}, "method": passes}


_DIGITS = _gradients("layers(100, 100)", "latency(steps=25)", 30, 32)
_IMAGES = _gradients("layers(200, 200)", "latency(steps=25)", 3, 100)
_SEQUENCES = _gradients("recurrent(100)", "sequences", 15, 50) | {"stream": {"encoder": "sequences"}}
_WORDS = _gradients("recurrent(200, neuron=snu(graded=True))", "words(stream=True)", 10, 20)
_CHORDS = _gradients("layers(150, neuron=snu)", "sequences", 60, 8)

#: task -> way of learning -> arguments of `Learner`
TASKS: Mapping[str, Mapping[str, Options]] = MappingProxyType({
    "digits": {**_DIGITS, "stream": {"epochs": 10}},
    "mnist": _IMAGES, "fashion_mnist": _IMAGES,
    "usps": {**_IMAGES, "stream": {"epochs": 3}},
    "rows_mnist": _SEQUENCES | _gradients("recurrent(200)", "sequences", 5, 100),
    "jsb": _CHORDS | {"gradients": {**_CHORDS["gradients"], "readout": "leaky(tau=0, bias=True)", "loss": "bernoulli"}},
    "ptb": _WORDS | {"stream": {"encoder": "words"}, "gradients": {
        **_WORDS["gradients"], "shuffle": False, "readout": "leaky(tau=0, bias=True)",
        "loss": "cross_entropy(score=perplexity)"}},
    **dict.fromkeys(("nmnist", "nmnist_frames", "fsdd", "fsdd_spikes"), _SEQUENCES)})
#: fewer training samples than this are few, and are shown as often as those of digits
FEW = 5000

#: rule, with its options or without -> Adam's learning rate
RATES: Mapping[str, float] = MappingProxyType({
    "bptt": 2e-2, "eprop(feedback=symmetric)": 2e-2, "eprop(feedback=random)": 1e-2, "eprop": 1e-2,
    "eprop(feedback=adaptive)": 2e-2, "ottt": 2e-2, "decolle": 2e-2, "dfa": 1e-2, "drtp": 2e-2, "ostl": 2e-2,
    "feedback_alignment": 2e-2, "sltt": 2e-2, "forward_forward": 2e-3, "cnn": 2e-2, "mlp": 2e-2})
RATE = 1e-2


def rate_of(rule: str, other: float | None = RATE) -> float | None:
    """The learning rate of a rule (a name, or a name with options); `other` where none was chosen for it."""
    rule = rule.replace(" ", "").replace("-", "_")
    return RATES.get(rule, RATES.get(rule.partition("(")[0], other))


def of_task(task: Task, way: str) -> Options:
    """Arguments of `Learner` that a task asks for; of a person's own data by how much there is of it, of streams side
    by side as many samples in a batch."""
    known = TASKS.get(task.name.replace("-", "_"))
    if known is None:
        few = len(task.train_x) < FEW
        known = _SEQUENCES if task.form == "sequences" else {
            **(_DIGITS if few else _IMAGES), "stream": {"epochs": 10 if few else tasks.epochs(task.name)}}
    streams = {"batch": task.options["batch"]} if "batch" in task.options else {}
    return {**known.get(way, {}), **streams}


def of_sequences(name: str) -> bool:
    """Whether a task is known to be one of sequences, before its data are loaded."""
    return TASKS.get(name.replace("-", "_"), {}).get("gradients", {}).get("encoder") == "sequences"
