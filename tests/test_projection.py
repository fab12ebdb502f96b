"""Kinds of projections: what a description checks, what engines keep of windows, and states that outlive a run."""

import numpy as np
import pytest
from support import interpreted_event
from support.feature_networks import FEATURES

from plasticity import Input, Network, Population, Projection, build, replay, rules
from plasticity._utils import generated
from plasticity.errors import PlasticityError
from plasticity.network.network import existing, weight_matrix
from plasticity.network.window import Window
from plasticity.neurons import lif

WINDOW, POOL = Window((1, 4, 4), 3, 2, padding=1), Window((2, 4, 4), 2, 2, stride=2)


def projected(n_pre, n_post, **projection):
    return Network((Input("in", n_pre),), (Population("E", n_post, lif()),),
                   (Projection("in", "E", **{"weights": 0.5, **projection}),))


@pytest.mark.parametrize(("n_pre", "n_post", "options", "message"), [
    (16, 32, {"connect": "convolution"}, "a window goes with connect = convolution"),
    (16, 32, {"window": WINDOW}, "a window goes with connect = convolution"),
    (16, 31, {"connect": "convolution", "window": WINDOW}, r"16 neurons \(1, 4, 4\) to 32 .*, but .* 16 and 31"),
    (16, 32, {"connect": "convolution", "window": WINDOW, "weights": np.ones((16, 32))}, r"shape \(9, 2\) or \(\)"),
    (16, 32, {"connect": "convolution", "window": WINDOW, "axonal_delay": np.zeros((16, 32))}, "has one delay"),
    (32, 8, {"connect": "max_pool", "window": POOL, "weights": np.ones((32, 8))}, r"must have shape \(\)"),
    (32, 8, {"connect": "max_pool", "window": POOL, "normalize": 1.0}, "max_pool, whose weights are fixed"),
    (32, 8, {"connect": "average_pool", "window": POOL, "rule": rules.pair_stdp()}, "average_pool and cannot learn"),
    (16, 32, {"connect": "average_pool", "window": WINDOW}, "pooling keeps its 1 maps"),
    (4, 5, {"connect": "one_to_one", "rule": rules.pair_stdp()}, "needs equal sizes"),
    (4, 4, {"connect": "one_to_one", "rule": rules.pair_stdp(), "weights": [2.0] * 4}, "leave the bounds of rule"),
    (4, 4, {"connect": "convolve"}, "did you mean"),
])
def test_what_does_not_fit_is_named(n_pre, n_post, options, message):
    with pytest.raises(PlasticityError, match=message):
        projected(n_pre, n_post, **options)


def test_weights_are_answered_in_the_shape_they_are_shared_in():
    network = projected(16, 32, connect="convolution", window=WINDOW, weights=0.25)
    assert weight_matrix(network, network.projections[0]).shape == (9, 2)
    assert build(network, "torch").get("in->E.w").shape == (9, 2)
    apart = projected(16, 32, connect="locally_connected", window=WINDOW)
    assert np.array_equal(existing(apart, apart.projections[0]), WINDOW.mask)
    pooled = projected(32, 8, connect="average_pool", window=POOL, weights=2.0)
    np.testing.assert_array_equal(build(pooled, "torch").get("in->E.w"), 2.0 * POOL.average())


def test_a_place_that_is_always_in_the_padding_has_no_weight():
    window = Window((1, 1, 1), 3, 2, padding=1)
    network = projected(1, 2, connect="convolution", window=window, weights=np.ones((9, 2)), normalize=3.0)
    for engine in ("torch", "event"):
        w = build(network, engine).get("in->E.w")
        assert w[4].tolist() == [3.0, 3.0]
        assert np.delete(w, 4, 0).any() == False  # noqa: E712
    found = replay(rules.vogels_istdp(0.01), np.ones((9, 2)) / 2, np.ones((5, 1), bool), np.ones((5, 2), bool),
                   window=window, engine="torch").w
    assert np.delete(found, 4, 0).any() == False and (found[4] != 0.5).all()  # noqa: E712


@pytest.mark.parametrize("engine", ["torch", "event"])
def test_normalisation_of_a_convolution_is_per_channel(engine):
    w = np.random.default_rng(0).random((9, 2))
    simulation = build(projected(16, 32, connect="convolution", window=WINDOW, weights=w, normalize=2.0), engine)
    np.testing.assert_allclose(simulation.get("in->E.w"), 2.0 * w / w.sum(0))


@pytest.mark.parametrize(("engine", "batch"), [("torch", 1), ("torch", 2), ("event", 1), ("event", 2)])
def test_a_convolution_goes_on_and_is_restored(engine, batch, monkeypatch):
    monkeypatch.setattr(generated, "load", interpreted_event.load)
    feature = FEATURES["convolution"]()
    network = feature.network.with_(projections=[
        Projection(**{**vars(p), "normalize": None}) for p in feature.network.projections])
    spikes = feature.spikes["in"][:batch]
    whole, cut, fresh = (build(network, engine, batch=batch) for _ in range(3))
    whole.run({"in": spikes})
    cut.run({"in": spikes[:, :70]})
    fresh.restore(cut.state())
    for other in (cut, fresh):
        other.run({"in": spikes[:, 70:]}, reset=False)
        for name in ("feed.w", "feed.x", "E->F.e", "E->F.w", "F.v"):
            np.testing.assert_allclose(other.get(name), whole.get(name), rtol=0, atol=1e-12)
    assert whole.get("E->F.e").shape[-3:] == (1, 8, 3)


def test_fewer_samples_than_the_batch_leave_the_other_rows():
    feature = FEATURES["convolution"]()
    simulation = build(feature.network, "torch", batch=2)
    simulation.run(feature.spikes)
    before = simulation.get("feed.x"), simulation.get("E->F.e")
    simulation.run({"in": feature.spikes["in"][:1, :50]})
    for old, new in zip(before, (simulation.get("feed.x"), simulation.get("E->F.e")), strict=True):
        assert (new[0] != old[0]).any()
        np.testing.assert_array_equal(new[1], old[1])


@pytest.mark.parametrize("engine", ["torch", "event"])
def test_what_a_spike_sends_over_a_convolution(engine, monkeypatch):
    """As over the dense projection that it amounts to."""
    monkeypatch.setattr(generated, "load", interpreted_event.load)
    w, rule = np.random.default_rng(0).random((9, 2)), rules.tsodyks_markram()
    spikes = np.random.default_rng(1).random((1, 60, 16)) < 0.1
    found = []
    for options in ({"connect": "convolution", "window": WINDOW, "weights": w}, {"weights": WINDOW.dense(w)}):
        network = projected(16, 32, onto="v", rule=rule, scale=1e-4, **options)
        found.append(build(network, engine).run({"in": spikes}, record=["E.v"]).values["E.v"])
    assert np.ptp(found[0]) > 1e-5
    np.testing.assert_allclose(*found, rtol=0, atol=1e-14)


def test_what_a_spike_sends_when_delays_differ():
    delays = np.random.default_rng(2).integers(0, 9, (16, 5)) * 1e-3
    network = projected(16, 5, onto="v", rule=rules.tsodyks_markram(), scale=1e-4, axonal_delay=delays)
    spikes = np.random.default_rng(1).random((1, 60, 16)) < 0.1
    found = [build(network, engine).run({"in": spikes}, record=["E.v"]).values["E.v"] for engine in ("torch", "brian2")]
    assert np.ptp(found[0]) > 1e-5
    np.testing.assert_allclose(*found, rtol=0, atol=1e-14)


def test_weights_of_pools_are_fixed():
    simulation = build(projected(32, 8, connect="max_pool", window=POOL), "torch")
    with pytest.raises(PlasticityError, match="max_pool: its weights are fixed"):
        simulation.set("in->E.w", np.ones((32, 8)))
    shared = build(projected(16, 32, connect="convolution", window=WINDOW), "torch")
    shared.set("in->E.w", np.ones((9, 2)))
    assert shared.get("in->E.w").min() == 1.0
    with pytest.raises(PlasticityError, match=r"must have shape \(9, 2\)"):
        shared.set("in->E.w", np.ones((16, 32)))
