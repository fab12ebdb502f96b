"""Excess output: spiking networks that send by how much they exceed their threshold, against conventional units."""

from __future__ import annotations

from dataclasses import replace

from plasticity.reproduction.convolutional import JPEG
from plasticity.reproduction.row import Row

SOURCE = "Wei & Jhunjhunwala, after Chevalier's notebook"
NOTE = ("settings are those of the notebook on which the paper is based: 784-100-10, 128 steps of a flickering image, "
        "the outer layer's inner state averaged over steps, three passes")
BINARY = ("a binary output has no derivative, so no credit reaches the first layer and ten outputs learn on random "
          "features; this library's surrogate on the same comparison repairs it (excess-binary-surrogate)")
_COMMON = {"task": "mnist", "rule": "bptt(reset=False)", "encoder": "flicker(steps=128, offset=-0.5)",
           "readout": "counts(out)", "loss": "cumulative_cross_entropy(steps=mean)", "batch": 1000, "lr": 0.1,
           "optimizer": "sgd(momentum=0.5)", "schedule": "steps(1, 0.5, 0.1)", "epochs": 3}
#: a kernel's gradient is a sum over all places of its maps: at the notebook's step size it leaves all bounds at once
_CLIPPED = {"optimizer": "sgd(momentum=0.5, clip=1.0)"}
_LONGER = {"epochs": 10, "schedule": "cosine"}
_QUICK = {"train_samples": 6000, "test_samples": 1000, "encoder": "flicker(steps=32, offset=-0.5)"}


def _row(name: str, what: str, published: float | None, network: str, note: str = "", **more: object) -> Row:
    settings = {**_COMMON, "network": network, **more}
    return Row(name, "excess", what, SOURCE, published, "accuracy", settings, "MNIST",
               f"published: not said (the notebook: 3 passes); ours: {settings['epochs']}", note, quick=_QUICK)


def _cifar(name: str, what: str, published: float, network: str, **more: object) -> Row:
    """The same on colour images."""
    return replace(_row(f"excess-cifar10{name}", what, published, network, task="cifar10_jpeg", **more), data=JPEG)


ROWS: tuple[Row, ...] = (
    _row("excess-mnist", "100 excess neurons", 0.9068, "excess_output(100)", NOTE),
    _row("excess-binary", "100 neurons of binary output", 0.71, "excess_output(100, sends=binary)", BINARY),
    _row("excess-binary-surrogate", "the same, with credit through the comparison", None,
         "excess_output(100, sends=binary)", rule="bptt"),
    _row("excess-relu", "100 rectified units", 0.8919, "excess_output(100, unit=relu)"),
    _row("excess-leaky-relu", "100 leaky rectified units", 0.8903, "excess_output(100, unit=leaky_relu)"),
    _row("excess-sigmoid", "100 sigmoid units", 0.7557, "excess_output(100, unit=sigmoid)"),
    _row("excess-mnist-3x3", "5 convolutions of 3x3, then 100 excess neurons", 0.902,
         "excess_output(100, filters=5, size=3)", **_CLIPPED),
    _row("excess-mnist-5x5", "5 convolutions of 5x5, then 100 excess neurons", 0.905,
         "excess_output(100, filters=5, size=5)", **_CLIPPED),
    _row("excess-mnist-gabor", "5 fixed Gabor filters of 5x5 (the paper's future work), then 100 excess neurons", None,
         "excess_output(100, filters=5, size=5, gabor=True)"),
    _row("excess-mnist-10", "100 excess neurons, ten passes", 0.9068, "excess_output(100)", **_LONGER),
    _row("excess-relu-10", "100 rectified units, ten passes", 0.8919, "excess_output(100, unit=relu)", **_LONGER),
    _row("excess-sigmoid-10", "100 sigmoid units, ten passes", 0.7557, "excess_output(100, unit=sigmoid)", **_LONGER),
    _cifar("", "100 excess neurons", 0.4831, "excess_output(100)"),
    _cifar("-relu", "100 rectified units", 0.4364, "excess_output(100, unit=relu)"),
    _cifar("-leaky-relu", "100 leaky rectified units", 0.4375, "excess_output(100, unit=leaky_relu)"),
    _cifar("-sigmoid", "100 sigmoid units", 0.3413, "excess_output(100, unit=sigmoid)"),
    _cifar("-3x3", "5 convolutions of 3x3, then 100 excess neurons", 0.4947, "excess_output(100, filters=5, size=3)",
           **_CLIPPED),
    _cifar("-5x5", "5 convolutions of 5x5, then 100 excess neurons", 0.5038, "excess_output(100, filters=5, size=5)",
           **_CLIPPED))
