"""Optimisers by name do what torch's own do: weight decay, momentum, and gradients that are not longer than asked."""

import json

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from plasticity import Learner, PlasticityError, cli
from plasticity.learner.gradients.optimisers import OPTIMIZERS

X, Y = load_digits(return_X_y=True)
X, Y = X[:60] / 16, Y[:60]
NETWORKS = {"gradients": {"network": "layers(8)", "rule": "bptt", "encoder": "latency(steps=6)"},
            "method": {"rule": "mlp(hidden=8)"}, "local method": {"rule": "forward_forward(hidden=(8,))"}}
TORCH = {"sgd(weight_decay=0.1)": lambda p, lr: torch.optim.SGD(p, lr, weight_decay=0.1),
         "sgd(momentum=0.8, nesterov=True, weight_decay=0.05)":
             lambda p, lr: torch.optim.SGD(p, lr, 0.8, weight_decay=0.05, nesterov=True),
         "adam(weight_decay=0.1)": lambda p, lr: torch.optim.Adam(p, lr, weight_decay=0.1, fused=True),
         "adamw(weight_decay=0.3)": lambda p, lr: torch.optim.AdamW(p, lr, weight_decay=0.3, fused=True),
         "momentum": lambda p, lr: torch.optim.SGD(p, lr, 0.9)}


def learned(way, optimizer, **more):
    options = {"lr": 1e-2, "batch": 20, "epochs": 2} | NETWORKS[way] | more
    return Learner(optimizer=optimizer, **options).fit(X, Y).learned_


def same(one, two):
    return one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)


def clipped(make, clip):
    """torch's optimiser, with torch's clipping before each step."""
    def made(params, lr):
        params = list(params)
        optimizer = make(params, lr)
        optimizer.register_step_pre_hook(lambda *_: torch.nn.utils.clip_grad_norm_(params, clip) and None)
        return optimizer

    return made


@pytest.mark.parametrize("way", ["gradients", "method"])
@pytest.mark.parametrize("text", TORCH)
def test_options_are_torchs_own(text, way):
    name = text.partition("(")[0]
    assert same(learned(way, text), learned(way, TORCH[text]))
    assert name == text or not same(learned(way, text), learned(way, name))


@pytest.mark.parametrize(("text", "way"), [*((text, "method") for text in TORCH), ("momentum", "gradients"),
                                           ("momentum", "local method")])
def test_clipping_is_torchs_own_for_every_optimiser(text, way):
    clip = f"{text[:-1]}, clip=0.05)" if text.endswith(")") else f"{text}(clip=0.05)"
    assert same(learned(way, clip), learned(way, clipped(TORCH[text], 0.05)))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_only_gradients_that_are_longer_are_scaled(name):
    free = learned("gradients", name)
    for none in ("1e6", "None"):
        assert same(free, learned("gradients", f"{name}(clip={none})"))
    if "adam" not in name:  # Adam's steps hardly depend on how long gradients are
        assert not same(free, learned("gradients", f"{name}(clip=1e-3)"))


@pytest.mark.parametrize("way", NETWORKS)
def test_a_step_is_as_long_as_was_asked(way):
    """sgd moves all parameters together by lr times the length of the gradient."""
    first = learned(way, "sgd", epochs=0, dtype="float64")
    moved = learned(way, "sgd(clip=1e-3)", epochs=1, batch=60, lr=0.5, dtype="float64")
    length = np.sqrt(sum(((moved[name] - first[name]) ** 2).sum() for name in first))
    assert length == pytest.approx(0.5e-3, rel=1e-4)


@pytest.mark.parametrize("clip", ["0", "-1", "inf", "often"])
def test_lengths_that_are_none_are_refused(clip):
    with pytest.raises(PlasticityError, match="clip must be"):
        learned("method", f"adam(clip={clip})")


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    more = ["--rule", "mlp(hidden=8)", "--epochs", "1", "--train-samples", "60", "--test-samples", "20", "--json"]
    losses = []
    for optimizer in ("sgd(clip=1e-3)", "sgd"):
        assert cli.run(["run", "digits", *more, "--optimizer", optimizer]) == 0
        losses.append(json.loads(capsys.readouterr().out)["loss"])
    assert losses[0] > losses[1]
