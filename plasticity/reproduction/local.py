"""What local learning reaches on the tasks on which the published systems learn by gradients through time."""

from __future__ import annotations

from plasticity.reproduction.chorales import SSNU
from plasticity.reproduction.row import Row

NOTE = ("all but backpropagation use what a synapse or neuron can know: its own spikes, and an error or reward sent to "
        "all; labels reach the rules without labels in the readout only")
_LAYERS = {"task": "mnist", "network": "layers(200, 200)", "encoder": "latency(steps=25, threshold=0.0)",
           "batch": 100, "epochs": 3}
_QUICK = {"train_samples": 5000, "test_samples": 1000, "epochs": 1}


def _mnist(name: str, what: str, **settings: object) -> Row:
    return Row(f"local-{name}", "local", what, "this library", None, "accuracy", settings, "MNIST",
               f"{settings['epochs']} passes", NOTE, quick=_QUICK)


def _layers(name: str, what: str, rule: str, **more: object) -> Row:
    return _mnist(name, f"{what}, two layers of 200", rule=rule, **{**_LAYERS, **more})


def _chorales(name: str, what: str, rule: str) -> Row:
    settings = {"task": "jsb(weight=steps)", "network": SSNU, "rule": rule, "loss": "bernoulli",
                "readout": "leaky(tau=0, bias=True)", "batch": 8, "lr": 0.01,
                "optimizer": "adam(weight_decay=1e-4)", "schedule": "cosine", "epochs": 200}
    return Row(f"local-{name}", "local", f"chorales: {what}", "this library", None, "nll", settings,
               "JSB chorales, 229 / 76 / 77 pieces", "200 passes over 229 pieces", NOTE, quick={"epochs": 5})


ROWS: tuple[Row, ...] = (
    _mnist("stdp", "STDP without labels, 1,600 neurons", task="mnist", network="diehl-cook(1600)", rule="pair_stdp",
           epochs=2),
    _mnist("soft-hebb", "SoftHebb without labels, 2,000 units", task="mnist", network="rates(2000, init=samples)",
           rule="soft_hebb(sharpness=100)", epochs=1),
    _layers("eprop", "e-prop, symmetric feedback", "eprop(feedback=symmetric)"),
    _layers("eprop-random", "e-prop, random feedback", "eprop(feedback=random)"),
    _layers("dfa", "direct feedback alignment", "dfa"),
    _mnist("forward-forward", "forward-forward", task="mnist", rule="forward_forward", epochs=3),
    _layers("bptt", "backpropagation through time", "bptt"),
    _chorales("chorales-eprop", "150 soft spiking neural units by e-prop", "eprop(feedback=symmetric)"),
    _chorales("chorales-eprop-random", "the same, random feedback", "eprop(feedback=random)"))
