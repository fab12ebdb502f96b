"""The convolutional spiking network: its sizes, its first weights, that it learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from plasticity import PlasticityError
from plasticity.engines.gradient.losses import spike_count_mse
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.surrogates import fast_sigmoid
from plasticity.networks.csnn import csnn
from plasticity.readout.leaky import LeakyReadout


def test_the_sizes_are_those_of_the_notation():
    """8C5-MP2-16C5-MP2-FC10 on 28 x 28: the last layer sees 256 values."""
    made = csnn()
    assert made.sizes == {"in": 784, "conv1": 8 * 24 * 24, "pool1": 8 * 12 * 12, "conv2": 16 * 8 * 8,
                          "pool2": 256, "out": 10}
    assert [np.shape(p.weights) for p in made.projections] == [(25, 8), (), (8 * 25, 16), (), (256, 10)]
    assert sum(np.size(p.weights) for p in made.projections if p.connect != "max_pool") == 200 + 3200 + 2560
    for projection in made.projections:
        if projection.connect != "max_pool":
            bound = 1 / np.sqrt(projection.weights.shape[0])
            assert 0.95 * bound < abs(projection.weights).max() <= bound
    colour = csnn(3 * 32 * 32, (12, 64), shape=(3, 32, 32), outputs=0)
    assert list(colour.sizes.values()) == [3072, 12 * 28 * 28, 12 * 14 * 14, 64 * 10 * 10, 64 * 5 * 5]


def test_seeds_and_mistakes():
    one, same, other = csnn(seed=1), csnn(seed=1), csnn(seed=2)
    assert np.array_equal(one.projections[2].weights, same.projections[2].weights)
    assert not np.array_equal(one.projections[2].weights, other.projections[2].weights)
    for wrong, message in ((lambda: csnn(785), "no square map"), (lambda: csnn(784, shape=(3, 28, 28)), "not 784"),
                           (lambda: csnn(16, padding=0), "does not fit")):
        with pytest.raises(PlasticityError, match=message):
            wrong()


def test_a_spike_takes_one_step_per_population():
    net = GradientNetwork(csnn(64, (2,), size=3, outputs=0, gain=30.0, seed=3), LeakyReadout("pool1", 2, 0.0),
                          backend="autograd", dtype=torch.float64)
    x = torch.zeros(1, 4, 64, dtype=torch.float64)
    x[0, 0, ::3] = 1
    spikes = net(x).spikes
    assert next(step for step in range(4) if spikes["conv1"][0, step].any()) == 1
    assert next(step for step in range(4) if spikes["pool1"][0, step].any()) == 2
    whole = torch.nn.functional.max_pool2d(spikes["conv1"][:, :-1].reshape(3, 2, 6, 6), 2).reshape(3, -1)
    assert torch.equal(spikes["pool1"][0, 1:], whole)


def test_it_learns_digits():
    """A small one, on 400 of scikit-learn's digits, the counts of ten output neurons; held-out digits are judged."""
    x, y = load_digits(return_X_y=True)
    x, y = torch.tensor(x / 16, dtype=torch.float32)[:, None].expand(-1, 12, -1), torch.tensor(y)
    net = GradientNetwork(csnn(64, (8,), size=3, gain=2.0), surrogate=fast_sigmoid(25), dtype=torch.float32)
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=1e-2)
    loss, draw = spike_count_mse(8, 2), torch.Generator().manual_seed(0)
    for _ in range(40):
        chosen = torch.randint(0, 400, (50,), generator=draw)
        optimiser.zero_grad()
        loss(net(x[chosen]).spikes["out"], y[chosen]).backward()
        optimiser.step()
    with torch.no_grad():
        counts = net(x[1000:1300]).spikes["out"].sum(1)
    assert (counts.argmax(1) == y[1000:1300]).float().mean() > 0.6
