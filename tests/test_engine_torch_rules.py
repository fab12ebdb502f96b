"""The torch engine's rules against the interpreter: batches, precisions, delays, masks, devices."""

from __future__ import annotations

import numpy as np
import pytest
from support.torch_cases import DT, SPIKE_RULES, STEP_RULES, X, agree, both, on_each_device, trains

from plasticity.engines.replay import replay
from plasticity.language.rule import ORDERS, Rule


@pytest.mark.parametrize("batch, reduce", [(1, "sum"), (4, "sum"), (4, "mean")])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", SPIKE_RULES)
def test_spike_rules_equal_the_interpreter(name, order, batch, reduce):
    rule = SPIKE_RULES[name].with_(order=order)
    pre, post, w = trains(batch=batch)
    agree(rule, *both(rule, pre, post, w, reduce=reduce))


@pytest.mark.parametrize("batch, reduce", [(1, "sum"), (3, "sum"), (3, "mean")])
@pytest.mark.parametrize("name", STEP_RULES)
def test_clocked_rules_equal_the_interpreter(name, batch, reduce):
    rule = STEP_RULES[name]
    pre, post, w = trains(batch=batch)
    agree(rule, *both(rule, pre, post, w, reduce=reduce))


@on_each_device
@pytest.mark.parametrize("delays", [{}, {"axonal_delay": 3e-3, "dendritic_delay": np.arange(30).reshape(6, 5) * 3e-4}],
                         ids=["together", "delayed"])
@pytest.mark.parametrize("name", [*SPIKE_RULES, *STEP_RULES])
def test_rules_equal_the_interpreter_on_each_device(name, delays, device):
    rule = {**SPIKE_RULES, **STEP_RULES}[name]
    if device != "cpu" and "noise" in rule.reads_names:
        pytest.skip("noise on a GPU is the device's own")
    pre, post, w = trains(batch=3)
    agree(rule, *both(rule, pre, post, w, device, reduce="mean", **delays))


@pytest.mark.parametrize("name", [*SPIKE_RULES, *(name for name in STEP_RULES if name not in ("krotov", "calcium"))])
def test_float32_equals_the_interpreter(name):
    rule = {**SPIKE_RULES, **STEP_RULES}[name]
    pre, post, w = trains(batch=3)
    agree(rule, *both(rule, pre, post, w, dtype="float32", reduce="mean"), tolerance=1e-4)


@pytest.mark.parametrize("ends", ["axonal", "dendritic", "both"])
@pytest.mark.parametrize("kind", ["scalar", "per synapse"])
@pytest.mark.parametrize("name", [*SPIKE_RULES, "noisy", "calcium"])
def test_delays_equal_the_interpreter(name, kind, ends):
    rule = {**SPIKE_RULES, **STEP_RULES}[name].with_(order="inclusive")
    pre, post, w = trains(batch=2)
    draws = np.random.default_rng(5).uniform(0, 12e-3, (2, *w.shape))
    values = draws if kind == "per synapse" else (4e-3, 7e-3)
    delays = dict(zip(("axonal_delay", "dendritic_delay"), values, strict=True))
    given = {key: value for key, value in delays.items() if ends == "both" or key.startswith(ends)}
    agree(rule, *both(rule, pre, post, w, **given))


@pytest.mark.parametrize("name", [*SPIKE_RULES, *STEP_RULES])
def test_masks_equal_the_interpreter(name):
    rule = {**SPIKE_RULES, **STEP_RULES}[name]
    pre, post, w = trains(batch=2)
    mask = np.random.default_rng(3).random(w.shape) < 0.6
    mask[0] = mask[:, 0] = True  # traces are compared as the first synapses see them
    found, expected = both(rule, pre, post, np.where(mask, w, 0.0), mask=mask)
    np.testing.assert_allclose(found.w[mask], expected.w[mask], atol=1e-10)
    assert not found.w[~mask].any()
    for key, trace in expected.traces.items():
        np.testing.assert_allclose(found.traces[key], trace, atol=1e-10)


@on_each_device
def test_what_is_infinite_where_nobody_spikes_does_not_spread(device):
    """Divisions by zero in samples and neurons that take no part leave the others' sums finite."""
    rule = Rule(pre={"x": X}, on_post={"w": "0.01 / x + 0.02 * x / r"}, signals={"r": "post"})
    pre, post = np.zeros((9, 2, 3), bool), np.zeros((9, 2, 4), bool)
    pre[0, 0], post[4, 0, :2], r = True, True, np.zeros((9, 2, 4))
    r[4, 0, :2] = 0.5
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = replay(rule, np.ones((3, 4)), pre, post, DT, engine="interpreter", r=r)
    assert np.isfinite(expected.w).all() and (expected.w[:, :2] > 1.01).all()
    found = replay(rule, np.ones((3, 4)), pre, post, DT, engine="torch", device=device, r=r)
    np.testing.assert_allclose(found.w, expected.w, atol=1e-12)


def test_many_spikes_take_the_dense_path_with_the_same_result():
    """Above and below the densities at which sums over spikes are replaced by matrix products."""
    for density in (0.002, 0.02, 0.3):
        rng = np.random.default_rng(1)
        pre, post = (rng.random((12, 8, n)) < density for n in (90, 60))
        pre[3], post[4] = True, True
        rule = SPIKE_RULES["triplet"]
        found, expected = both(rule, pre, post, rng.random((90, 60)), reduce="mean")
        np.testing.assert_allclose(found.w, expected.w, atol=1e-10)
