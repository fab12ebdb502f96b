"""The table of rules and networks on the page is what is refused; what is not refused learns."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.gradient_cases import N_IN, N_OUT, NETWORKS, rules
from support.scripts import script

from plasticity.engines.gradient.exact import gradients
from plasticity.engines.gradient.losses import cross_entropy, spike_count_mse
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.support import refusal

ROOT = Path(__file__).parents[1]
X = (torch.rand(2, 14, N_IN, generator=torch.Generator().manual_seed(1)) < 0.4).double()
LABELS = torch.tensor([0, 2])


def objective(run):
    if run.outputs is not None:
        return run.error(LABELS, cross_entropy())
    (*_, last) = run.spikes.values()
    return spike_count_mse(4, 1)(last[..., :N_OUT], LABELS)


@pytest.mark.parametrize("kind", NETWORKS)
def test_what_is_accepted_learns(kind):
    """Some gradient for every weight that learns, under every rule of the table that accepts the network."""
    network, readout = NETWORKS[kind]()
    for name, rule in rules().items():
        if refusal(network, readout, rule):
            continue
        net = GradientNetwork(network, readout, rule, dtype=torch.float64)
        found = gradients(net, X, objective)
        learning = [connection.name for connection in net.connections if connection.operator.learns]
        assert {f"weights.{name}" for name in learning} <= found.keys()
        for part, g in found.items():
            assert torch.isfinite(g).all() and g.abs().max() > 0, (name, part)


def test_the_page_is_generated_from_the_code():
    table = script("gradient_table.py")
    page = table.TARGET.read_text(encoding="utf-8")
    assert page == table.page(page), "run python scripts/gradient_table.py"
