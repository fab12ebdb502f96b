"""Rates of soft LIF units, trained with noise, that go on as spiking neurons without further training."""

from __future__ import annotations

from plasticity.reproduction.convolutional import JPEG
from plasticity.reproduction.row import Row

SOURCE = "Hunsberger & Eliasmith 2015, arXiv:1510.08829"
NOTE = ("the published network is pretrained as denoising autoencoders and trained with noise on the currents; ours is "
        "not pretrained, and is trained with dropout and a cost of high rates. Spikes: 200 ms a digit, of which the "
        "last 100 ms are read, in steps of 0.25 ms")
UNIT = "softlif(gamma=0.03, amplitude=0.0159, bias=1, dropout=0.25)"
_SETTINGS = {"task": "mnist", "network": f"layers(500, 200, neuron='{UNIT}', bias=True)",
             "rule": "bptt(rate=0, rate_strength=3e-4)",
             "encoder": "current(steps=3)", "readout": "leaky(tau=0, bias=True, read=last, last=1)",
             "loss": "cross_entropy(last=1)", "epochs": 30, "batch": 100, "lr": 1e-3, "schedule": "cosine"}
#: neurons of a layer's maps bring a constant current to each of very many: samples are shown one by one
_IMAGES = {"task": "cifar10_jpeg", "network": f"csnn(16, 32, size=5, dense=(128,), outputs=0, neuron='{UNIT}', "
           "pooling=average, bias=True, gain=3)", "encoder": "current(steps=7)", "epochs": 10, "test_samples": 1000}
TREND = ("a trend: the published network has two convolutions of 64 maps and two locally connected layers, and learns "
         "for 160 passes from crops of the original pixels; ours has two small convolutions, a layer and 10 passes, "
         "and its spikes are asked about 1,000 images")

ROWS: tuple[Row, ...] = (
    Row("softlif-spiking", "softlif", "784-500-200-10 of soft LIF units, as spiking LIF neurons", SOURCE, 1 - 0.0163,
        "accuracy", _SETTINGS, "MNIST", "published: not said; ours: 30 passes", NOTE,
        {"dt": 0.25e-3, "seconds": 0.2, "last": 0.1, "engine": "torch"},
        {"train_samples": 5000, "test_samples": 500, "epochs": 2}),
    Row("softlif-cifar10", "softlif", "16C5-AP2-32C5-AP2-FC128-FC10 of soft LIF units, as spiking LIF neurons", SOURCE,
        1 - 0.1705, "accuracy", {**_SETTINGS, **_IMAGES}, JPEG, "published: 160 passes; ours: 10", TREND,
        {"dt": 0.25e-3, "seconds": 0.2, "last": 0.1, "engine": "event", "batch": 1},
        {"train_samples": 1000, "test_samples": 50, "epochs": 1}))
