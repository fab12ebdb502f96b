"""The LSNN builder: who adapts, who is connected, what is refused."""

import numpy as np
import pytest
import torch

from plasticity.engines.gradient.network import GradientNetwork
from plasticity.errors import PlasticityError
from plasticity.network.builders import lsnn_network
from plasticity.network.network import weight_matrix
from plasticity.neurons import lif
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.readout.leaky import LeakyReadout


def test_the_last_neurons_adapt_and_none_hears_itself():
    network = lsnn_network(5, 3, 4, lsnn_neuron(beta=9.0), beta=0.7, recurrent_gain=0.5, seed=2)
    assert network.populations[0].initial["beta"].tolist() == [0, 0, 0, 0.7, 0.7, 0.7, 0.7]
    inward, within = (weight_matrix(network, projection) for projection in network.projections)
    assert inward.shape == (5, 7) and not np.diagonal(within).any() and np.count_nonzero(within) == 42
    large = lsnn_network(400, 100, 100, lsnn_neuron(), 0.1, gain=2.0, recurrent_gain=0.5)
    inward, within = (weight_matrix(large, projection) for projection in large.projections)
    assert inward.std() == pytest.approx(2 / 20, rel=0.02)
    assert within[~np.eye(200, dtype=bool)].std() == pytest.approx(0.5 / np.sqrt(200), rel=0.02)


def test_sparse_neurons_hear_as_much_from_fewer():
    sparse = lsnn_network(2, 200, 100, lsnn_neuron(), 0.1, connectivity=0.12, seed=1)
    within = weight_matrix(sparse, sparse.projections[1])
    exists = sparse.projections[1].mask
    assert exists.mean() == pytest.approx(0.12, rel=0.05) and not np.diagonal(exists).any()
    assert (within ** 2).sum(0).mean() == pytest.approx(1.0, rel=0.05)
    with pytest.raises(PlasticityError, match="connectivity"):
        lsnn_network(2, 3, 3, lsnn_neuron(), 0.1, connectivity=0.0)


def test_adapting_neurons_tire():
    network = lsnn_network(1, 1, 1, lsnn_neuron(tau_a=1.0, threshold=0.5), beta=0.3, recurrent_gain=0.0)
    net = GradientNetwork(network, LeakyReadout("rec", 2), dtype=torch.float64)
    with torch.no_grad():
        net.weights[network.projections[0].name].fill_(0.2)
    spikes = net(torch.ones(1, 200, 1, dtype=torch.float64)).spikes["rec"][0]
    early, late = spikes[:100].sum(0), spikes[100:].sum(0)
    assert abs(early[0] - late[0]) <= 1 and late[1] < early[1] < early[0]


@pytest.mark.parametrize("arguments, message", [
    ((0, 1, 1, lsnn_neuron()), "n_inputs must be"), ((3, 0, 0, lsnn_neuron()), "a network needs neurons"),
    ((3, -1, 2, lsnn_neuron()), "regular must be"), ((3, 1, 1, lif()), "no variable beta")])
def test_bad_values_are_refused(arguments, message):
    with pytest.raises(PlasticityError, match=message):
        lsnn_network(*arguments, beta=0.1)
