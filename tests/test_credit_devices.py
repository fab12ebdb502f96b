"""Gradient networks as torch modules on any device: every rule on every kind of network."""

from __future__ import annotations

import copy

import pytest
import torch
from safetensors.torch import load, save
from support.gradient_cases import N_IN, N_OUT, NETWORKS, rules

from plasticity.comparison.alignment import alignment
from plasticity.engines.gradient.exact import gradients, rtrl
from plasticity.engines.gradient.losses import (
    cross_entropy,
    cumulative_cross_entropy,
    mse,
    rate_regularisation,
    spike_count_mse,
)
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.engines.gradient.support import refusal
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import dfa

CUDA = pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"))
BATCH, STEPS = 2, 10
X = (torch.rand(BATCH, STEPS, N_IN, generator=torch.Generator().manual_seed(1)) < 0.4).double()
LABELS = torch.tensor([0, 2])
TRAINABLE = [(kind, name) for kind, make in NETWORKS.items() for name, rule in rules().items()
             if not refusal(*make(), rule)]


def built(kind, rule, dtype=torch.float64, **options):
    return GradientNetwork(*NETWORKS[kind](), rules().get(rule, rule), dtype=dtype, **options)


def objective(run):
    (*_, last) = run.spikes.values()
    labels = LABELS.to(last.device)
    regular = rate_regularisation(2.0, 20.0, 1e-3)(last)
    if run.outputs is None:
        return spike_count_mse(4, 1)(last[..., :N_OUT], labels) + regular
    return run.error(labels, cross_entropy()) + run.error(labels, cumulative_cross_entropy("softmax")) + regular


@pytest.mark.parametrize("kind", NETWORKS)
def test_nothing_waits_for_the_host(kind):
    """The meta device holds no values: a tensor of another device, or a question to a value, would be an error."""
    for name in (name for where, name in TRAINABLE if where == kind):
        net = built(kind, name, backend="autograd").to("meta")
        run = net(X[:, :6].to("meta"))
        error = sum(z.sum() for z in (*run.spikes.values(), *run.local.values())) + (
            0 if run.outputs is None else run.outputs.sum())
        found = torch.autograd.grad(error, [p for p in net.parameters() if p.requires_grad], allow_unused=True)
        assert {z.device.type for z in (*run.spikes.values(), *(g for g in found if g is not None))} == {"meta"}


@pytest.mark.parametrize("device", [CUDA])
@pytest.mark.parametrize("kind", NETWORKS)
def test_a_gpu_gives_the_same_gradients(kind, device):
    for name in (name for where, name in TRAINABLE if where == kind):
        here = built(kind, name, backend="autograd")
        there = copy.deepcopy(here).to(device)
        for population, z in there(X).spikes.items():
            torch.testing.assert_close(z.cpu(), here(X).spikes[population], rtol=0, atol=1e-12)
        expected = gradients(here, X, objective)
        for part, g in gradients(there, X.to(device), objective).items():
            assert g.device.type == device
            assert (g.cpu() - expected[part]).abs().max() <= 1e-10 * expected[part].abs().max(), (name, part)


@pytest.mark.parametrize("device", ["cpu", CUDA])
def test_training_on_a_device(device):
    """An optimiser, a scheduler, the oracle and the alignment of rules, where the parameters are."""
    net = built("convolutions and a pool", "bptt", dtype=torch.float32).to(device)
    optimiser = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], lr=0.1)
    scheduler, errors = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 20), []
    for _ in range(20):
        optimiser.zero_grad()
        error = objective(net(X))
        error.backward()
        optimiser.step()
        scheduler.step()
        errors.append(error.item())
    assert errors[-1] < 0.8 * errors[0], errors
    assert scheduler.get_last_lr()[0] < 1e-2
    assert net.weights["conv1->pool"].item() == 1.0 and {p.device.type for p in net.parameters()} == {device}
    net = built("recurrent", "bptt").to(device)
    loss = mse()
    found = alignment(net, X, lambda run: loss(run.outputs, torch.zeros_like(run.outputs)), dfa())
    assert found["readouts.a"].cosine == pytest.approx(1)
    exact, backwards = (how(net, X[:1, :4], lambda run: run.outputs.sum()) for how in (rtrl, gradients))
    for part, g in exact.items():
        torch.testing.assert_close(g, backwards[part], rtol=0, atol=1e-10 * g.abs().max().item())


@pytest.mark.parametrize("rule", ["bptt", "feedback_alignment", "drtp", '`eprop("random", broadcast=True)`'])
def test_a_state_dict_is_the_whole_network(rule):
    """Also through safetensors: with other seeds, so that fixed random weights are seen to travel."""
    net, other = (built("convolutions and a pool", rule, seed=seed) for seed in (1, 2))
    state = net.state_dict()
    assert state["weights.in->conv1"].shape == (9, 2) and state["weights.conv1->pool"].shape == ()
    other.load_state_dict(load(save(state)))
    for part, g in gradients(other, X, objective).items():
        assert torch.equal(g, gradients(net, X, objective)[part])
    given = GradientNetwork(*NETWORKS["layers, all are read"](), "dfa", feedback={"a": torch.ones(8, N_OUT).numpy().T})
    assert all(values.is_contiguous() for values in given.state_dict().values())
    with pytest.raises(RuntimeError, match="readouts"):
        built("layers, all are read", rule).load_state_dict(state)


def test_copies_are_independent_and_types_are_kept():
    net = built("convolutions and a pool", "bptt", dtype=torch.float32)
    twin = copy.deepcopy(net)
    assert torch.equal(twin(X).outputs, net(X).outputs) and net(X).outputs.dtype == torch.float32
    with torch.no_grad():
        twin.weights["in->conv1"] += 1
        before = net(X).outputs.clone()
    assert not torch.equal(twin(X).outputs, before) and torch.equal(net(X).outputs, before)
    wide = built("convolutions and a pool", "bptt", dtype=torch.float64)
    for part, g in gradients(net, X, objective).items():
        expected = gradients(wide, X, objective)[part]
        assert g.dtype == torch.float32 and (g - expected).abs().max() < 1e-4 * expected.abs().max()


def test_another_rule_keeps_what_is_frozen():
    network, _ = NETWORKS["layers, the last is read"]()
    net = GradientNetwork(network, LeakyReadout("b", N_OUT), "bptt", frozen=("in->a",), dtype=torch.float64)
    assert set(gradients(net.with_rule("eprop"), X, objective)) == {"weights.a->b", "readouts.b"}
