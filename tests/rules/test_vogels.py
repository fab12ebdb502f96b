"""Inhibitory plasticity in a network: whatever the excitation, the rate settles at rho0."""

import numpy as np
import pytest

from plasticity import engines, rules
from plasticity.network.network import Input, Network, Population, Projection
from plasticity.neurons import lif

N_EXC, N_INH, STEPS = 200, 300, 50_000


@pytest.mark.parametrize("rho0", [5.0, 12.0])
def test_rates_settle_at_rho0(rho0):
    neuron = lif("conductance", tau=20e-3, v_rest=-60e-3, v_reset=-60e-3, v_threshold=-50e-3, refractory=5e-3)
    network = Network(
        (Input("excitatory", N_EXC), Input("inhibitory", N_INH)), (Population("cell", 3, neuron),), dt=1e-3,
        projections=(
            Projection("excitatory", "cell", np.repeat([[0.03, 0.035, 0.04]], N_EXC, 0), onto="ge"),
            Projection("inhibitory", "cell", np.full((N_INH, 3), 0.2), onto="gi", scale=1 / 60,
                       rule=rules.vogels_istdp(1e-3, rho0, w_max=10.0))))
    simulation, rng = engines.build(network, "event"), np.random.default_rng(0)
    rates = []
    for _ in range(4):
        spikes = {"excitatory": rng.random((1, STEPS, N_EXC)) < 0.01,
                  "inhibitory": rng.random((1, STEPS, N_INH)) < 0.02}
        rates.append(simulation.run(spikes).counts["cell"][0] / (STEPS * 1e-3))
    assert rates[0][2] > 1.3 * rates[0][0]  # at first the rates follow the excitation
    np.testing.assert_allclose(np.mean(rates[1:], 0), rho0, rtol=0.07)
    assert (np.diff(simulation.get("inhibitory->cell.w").mean(0)) > 0.05).all()  # later the inhibition does
