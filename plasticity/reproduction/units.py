"""Spiking neural units on rate-coded digits."""

from __future__ import annotations

from plasticity.reproduction.chorales import SOURCE
from plasticity.reproduction.row import Row

NOTE = ("the published sizes were not readable; ours are 256 units in each inner layer. The toolkit of the authors "
        "learns the mean spike by squared error; ours the counts by cross-entropy")
#: 20 steps of the last layer, with about 6 spikes of the brightest pixels
_STEPS, _SPIKES = 20, 6
_QUICK = {"train_samples": 5000, "test_samples": 1000, "epochs": 1}


def _row(name: str, what: str, published: float | None, network: str, populations: int, epochs: int = 20,
         theirs: str = "not said", **more: object) -> Row:
    """populations: how many steps the last one answers late."""
    settings = {"task": "mnist", "network": network, "rule": "bptt",
                "encoder": f"rate(steps={_STEPS + populations}, most={_SPIKES / _STEPS})", "readout": "counts",
                "loss": "cumulative_cross_entropy", "epochs": epochs, "batch": 100, "lr": 1e-3, "schedule": "cosine",
                **more}
    return Row(name, "units", what, SOURCE, published, "accuracy", settings, "MNIST",
               f"published: {theirs}; ours: {epochs} passes", NOTE, quick=_QUICK)


#: with a gain of 1 the last of seven layers are silent at first; chosen on validation digits, as the step size
_DEEP = ", gain=1.5"


def _layers(inner: int, unit: str, more: str = "") -> str:
    return f"layers({', '.join(['256'] * inner + ['10'])}, neuron={unit}, bias=True{more})"


CONVOLUTIONAL = "csnn(16, 32, neuron=snu(decay=0.9), pooled=currents, bias=True, dense=(256,))"
ROWS: tuple[Row, ...] = (
    _row("units-snu-7", "seven layers of spiking neural units", 0.9847,
         _layers(6, "snu(decay=0.9, bias=True)", _DEEP), 7, lr=2e-3),
    _row("units-ssnu-4", "four layers of soft spiking neural units", 0.9850,
         _layers(2, "snu(decay=0.9, graded=True, bias=True)"), 3, lr=1e-2),
    _row("units-conv", "convolutional, of spiking neural units", 0.9921, CONVOLUTIONAL, 6, theirs="100 passes"),
    _row("units-conv-elastic", "the same, with elastic distortions", 0.9953, CONVOLUTIONAL, 6, 100, "100 passes",
         augment="elastic"))
