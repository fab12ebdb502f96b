"""Spiking neural units on rate-coded digits, against gated units of the same size."""

from __future__ import annotations

from plasticity.reproduction.chorales import SOURCE
from plasticity.reproduction.row import Row

NOTE = ("the published sizes were not readable; ours are 256 units in each inner layer. The toolkit of the authors "
        "learns the mean spike by squared error; ours the counts by cross-entropy")
#: 20 steps of the last layer, with about 6 spikes of the brightest pixels
_STEPS, _SPIKES = 20, 6
_QUICK = {"train_samples": 5000, "test_samples": 1000, "epochs": 1}


def _row(name: str, what: str, published: float | None, inner: int, unit: str, epochs: int = 20) -> Row:
    sizes = ", ".join(["256"] * inner + ["10"])
    settings = {"task": "mnist", "network": f"layers({sizes}, neuron={unit}, bias=True)", "rule": "bptt",
                "encoder": f"rate(steps={_STEPS + inner + 1}, most={_SPIKES / _STEPS})", "readout": "counts",
                "loss": "cumulative_cross_entropy", "epochs": epochs, "batch": 100, "lr": 1e-3, "schedule": "cosine"}
    return Row(name, "units", what, SOURCE, published, "accuracy", settings, "MNIST",
               f"published: not said; ours: {epochs} passes", NOTE, quick=_QUICK)


ROWS: tuple[Row, ...] = (
    _row("units-snu-7", "seven layers of spiking neural units", 0.9847, 5, "snu(decay=0.9, bias=True)"),
    _row("units-ssnu-4", "four layers of soft spiking neural units", 0.9850, 2,
         "snu(decay=0.9, graded=True, bias=True)"),
    Row("units-conv", "units", "convolutional, of spiking neural units", SOURCE, 0.9921, "accuracy",
        {"task": "mnist", "network": "csnn(16, 32, neuron=snu(decay=0.9), pooled=currents, bias=True, dense=(256,))",
         "rule": "bptt", "encoder": "rate(steps=26, most=0.3)", "readout": "counts(out)",
         "loss": "cumulative_cross_entropy", "epochs": 20, "batch": 100, "lr": 1e-3, "schedule": "cosine"}, "MNIST",
        "published: 100 passes; ours: 20", NOTE, quick=_QUICK),
    Row("units-conv-elastic", "units", "the same, with elastic distortions", SOURCE, 0.9953, "accuracy",
        {"task": "mnist", "network": "csnn(16, 32, neuron=snu(decay=0.9), pooled=currents, bias=True, dense=(256,))",
         "rule": "bptt", "encoder": "rate(steps=26, most=0.3)", "readout": "counts(out)",
         "loss": "cumulative_cross_entropy", "epochs": 100, "batch": 100, "lr": 1e-3, "schedule": "cosine",
         "augment": "elastic"}, "MNIST", "published: 100 passes; ours: 100", NOTE, quick=_QUICK))
