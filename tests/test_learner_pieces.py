"""Batches that are too wide to be held at once are learned from in pieces: the gradient is that of the whole."""

from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plasticity import Input, Network, Population, Projection, neurons
from plasticity.encoding import catalogue as encoders
from plasticity.engines.gradient import losses
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.learner.gradients import presenting
from plasticity.learner.gradients.pieces import pieces
from plasticity.learner.gradients.presenting import Presented
from plasticity.learner.targets import Targets
from plasticity.readout.leaky import LeakyReadout

RNG = np.random.default_rng(0)
X, Y = RNG.random((10, 6)), RNG.integers(0, 3, 10)
NETWORK = Network((Input("in", 6),), (Population("p", 8, neurons.softlif(bias=1.0, amplitude=0.1, dropout=0.3)),),
                  (Projection("in", "p", RNG.normal(size=(6, 8)), onto="x"),))


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 5000))
def test_pieces_are_the_batch(samples, steps, largest):
    found = pieces(NETWORK, losses.mse(), samples, steps, largest)
    assert [n for piece in found for n in range(samples)[piece]] == list(range(samples))
    longest = max(piece.stop - piece.start for piece in found)
    assert longest == 1 or longest * steps * 8 <= largest + steps * 8
    assert pieces(NETWORK, lambda y, target: y.sum(), samples, steps, largest) == [slice(0, samples)]


@pytest.mark.parametrize("encoder", ["current(steps=4)", "rate(steps=4)", "flicker(steps=4)"])
@pytest.mark.parametrize("loss", ["cross_entropy", "cross_entropy(batch=sum)", "cumulative_cross_entropy"])
def test_gradients_of_pieces_add_up(monkeypatch, loss, encoder):
    """Noise, drawn inputs and the cost of rates included."""
    found = []
    for largest in (1 << 20, 4 * 8 * 3):  # all ten samples, and four pieces
        monkeypatch.setattr(presenting, "pieces", partial(pieces, largest=largest))
        net = GradientNetwork(NETWORK, LeakyReadout("p", 3), dtype=torch.float64, seed=1)
        told = Presented(net, encoders.make(encoder), losses.make(loss), rate=5.0, rate_strength=1e-3).gradient(
            X, Targets(Y), seed=7)
        found.append((told, {name: p.grad.clone() for name, p in net.named_parameters()}))
    (one, whole), (other, added) = found
    assert other == pytest.approx(one, rel=1e-12)
    for name, wanted in whole.items():
        assert wanted.abs().max() > 0
        torch.testing.assert_close(added[name], wanted, rtol=1e-10, atol=1e-12)
