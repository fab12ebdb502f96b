"""Two published e-prop tasks by the fused kernel, weight update by weight update, and its Adam."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from plasticity.engines.gradient.fused import Adam, Layer, Rate, Weights, gradient
from plasticity.errors import PlasticityError

GOLDEN = Path(os.environ.get("PLASTICITY_DATA", "")) / ".." / "reference" / "eprop-golden.npz"


@pytest.mark.parametrize("outside", [False, True])
def test_adam(outside):
    rng = np.random.default_rng(0)
    w, adam = rng.normal(0, 1, (4, 5)), Adam(rate=0.01, epsilon=1e-3, epsilon_outside=outside)
    tensor = torch.tensor(w.copy(), requires_grad=True)
    torchs, moments = torch.optim.Adam([tensor], lr=0.01, eps=1e-3), adam.start([w])
    mean, square, by_hand = 0, 0, w.copy()
    for k in range(1, 6):
        g = rng.normal(0, 1e-2, w.shape)
        mean, square = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2
        by_hand -= 0.01 * np.sqrt(1 - 0.999**k) / (1 - 0.9**k) * mean / (np.sqrt(square) + 1e-3)
        tensor.grad = torch.tensor(g)
        torchs.step()
        adam.step(k, [w], [g], moments)
    assert np.abs(w - (by_hand if outside else tensor.detach().numpy())).max() < 1e-14


def test_adam_refuses_what_it_cannot_change_in_place():
    w = np.zeros((4, 4))[:, ::2]
    with pytest.raises(PlasticityError, match="contiguous"):
        Adam().step(1, [w], [np.ones(w.shape)], Adam().start([w]))


def golden(name):
    """Inputs, targets [5, steps, .], weights, feedback and losses of a published task."""
    if not GOLDEN.exists():
        pytest.skip("no eprop-golden.npz beside $PLASTICITY_DATA")
    data = np.load(GOLDEN)
    w_in, w_rec, w_out, b = (data[f"{name}_w_{of}"].astype(float) for of in ("in_rec", "rec_rec", "rec_out", "out_rec"))
    x, target = (data[f"{name}_{of}"] for of in ("input", "target"))
    x, target = x.reshape(5, -1, x.shape[-1]).copy(), target.reshape(5, -1, target.shape[-1]).astype(float)
    x[:, 0] = False  # nothing is integrated in the first step
    weights = Weights(*(np.ascontiguousarray(w.T) for w in (w_in, w_rec, w_out)))
    return x, target, weights, b, data[f"{name}_loss"]


def test_published_pattern_generation():
    x, target, weights, feedback, losses = golden("regression")
    layer = Layer(tau=30e-3, tau_out=30e-3, threshold=0.03, input_scale=1 - np.exp(-1 / 30))
    for k in range(5):
        found = gradient(layer, weights, x[k:k + 1], target[k:k + 1], loss="mse", feedback=feedback,
                         rate=Rate(300.0, 10.0))
        assert found.loss[0] == pytest.approx(losses[k], rel=1e-9)
        for w, g in zip(weights, found.gradient, strict=True):
            w -= 1e-4 * g


def test_published_evidence_accumulation():
    x, target, weights, feedback, losses = golden("classification")
    beta = np.zeros(100)
    beta[50:] = 1.7 * (1 - np.exp(-1 / 2000)) / (1 - np.exp(-1 / 20))
    layer = Layer(tau=20e-3, tau_out=20e-3, threshold=0.6, refractory=5e-3, tau_a=2.0, beta=beta)
    mask = (np.arange(2250) >= 2100) / 150
    adam = Adam(rate=5e-3, epsilon_outside=True)
    moments = adam.start(weights)
    for k in range(5):
        found = gradient(layer, weights, x[k:k + 1], target[k:k + 1], mask=mask, feedback=feedback,
                         rate=Rate(300.0 / 150, 10.0))
        assert found.loss[0] == pytest.approx(losses[k], rel=1e-9)
        adam.step(k + 1, weights, found.gradient, moments)
