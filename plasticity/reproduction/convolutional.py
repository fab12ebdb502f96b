"""Convolutional spiking networks against convolutional networks, on MNIST and CIFAR-10."""

from __future__ import annotations

from plasticity.reproduction.row import Row

SOURCE = "chiralevy's thesis on spiking networks, with snnTorch"
NOTE = ("the published program shows the same analogue image in each of 25 steps, though the text says rate coding, "
        "and goes on training one network from replicate to replicate; ours are separate trainings from scratch")
#: 25 steps of the last population: it answers as many steps later as there are populations
_MNIST = {"task": "mnist", "network": "csnn(8, 16, pooled=currents, bias=True)", "rule": "bptt",
          "encoder": "current(steps=30)", "readout": "counts(out)", "loss": "spike_count_mse(correct=20, wrong=5)",
          "engine": "compiled(surrogate=fast_sigmoid(25))", "batch": 128, "lr": 2e-3}
_QUICK = {"train_samples": 5000, "test_samples": 1000, "epochs": 1}

_SIZES = "12, 64, size=3, dense=(512, 128), pooled=currents, bias=True"
ANN = "the published program averages floored percents of one training that goes on, in batches of 4"
JPEG = "CIFAR-10 as JPEG of quality 75, not the original pixels"


def _cifar(name: str, what: str, published: float, note: str, settings: dict) -> Row:
    return Row(f"csnn-cifar10{name}", "convolutional", f"12C3-MP2-64C3-MP2-FC512-FC128-FC10 {what}", SOURCE, published,
               "accuracy", {**settings, "task": "cifar10_jpeg", "epochs": 10}, JPEG, "published and ours: 10 passes",
               note, quick={"train_samples": 2000, "test_samples": 500, "epochs": 1})


def _mnist(name: str, what: str, published: float | None, note: str, **more: object) -> Row:
    settings = {**_MNIST, "epochs": 10, **more}
    return Row(f"csnn-mnist{name}", "convolutional", what, SOURCE, published, "accuracy", settings, "MNIST",
               f"published: 10 passes; ours: {settings['epochs']}", note, quick=_QUICK)


def _cnn(name: str, epochs: int, budget: str) -> Row:
    settings = {"task": "mnist", "network": "cnn", "rule": "backprop", "epochs": epochs, "batch": 128, "lr": 1e-2,
                "optimizer": "sgd(momentum=0.5)"}
    return Row(f"cnn-mnist{name}", "convolutional", "the same sizes of rectified units", SOURCE, 0.9839, "accuracy",
               settings, "MNIST", budget, "the published network ends in a rectified unit; ours does not",
               quick=_QUICK)


ROWS: tuple[Row, ...] = (
    _mnist("", "8C5-MP2-16C5-MP2-FC10 of leaky neurons, direct current", 0.9806, NOTE),
    _mnist("-rate", "the same from Poisson rates", None, "", encoder="rate(steps=30, most=1.0)"),
    _mnist("-latency", "the same from latencies, future work of the thesis", None, "", encoder="latency(steps=30)"),
    _cnn("", 10, "published and ours: 10 passes"),
    _cnn("-30", 30, "published: 10 passes, or up to 30 of one training; ours: 30"),
    _cifar("", "of leaky neurons", 0.7060, "", {
        **_MNIST, "network": f"csnn({_SIZES})", "encoder": "current(steps=32)",
        "engine": "compiled(surrogate=fast_sigmoid(15))"}),
    _cifar("-relu", "of rectified units", 0.6800, ANN, {
        **_MNIST, "network": f"csnn({_SIZES}, neuron=unit)", "encoder": "current(steps=8)", "engine": "compiled",
        "readout": "counts(out, last=1)", "loss": "cumulative_cross_entropy(last=1)", "lr": 1e-3}))
