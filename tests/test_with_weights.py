"""Weights and slow variables put into a description by the names under which simulations answer them."""

import numpy as np
import pytest
import torch
from support.feature_networks import FEATURES
from support.teacher_cases import PRESENTED

from plasticity import Input, Network, Population, Projection, Window, build, networks, neurons
from plasticity.errors import PlasticityError
from plasticity.network.network import weight_matrix

NETWORKS = {**{name: lambda make=make: make().network for name, make in FEATURES.items()},
            **{name: lambda name=name: networks.build(name, 9, 4).network for name in PRESENTED}}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_a_simulation_answers_is_what_the_description_has(name):
    """Of every kind of projection; the description is the same but for weights, down to its fingerprint."""
    network = NETWORKS[name]()
    drawn = network.with_weights({each.name: others(each) for each in network.projections})
    simulation = build(drawn, "torch")
    slow = [f"{each.name}.{variable}" for each in network.populations for variable in each.neuron.slow]
    for variable in slow:
        simulation.set(variable, np.linspace(0.1, 0.2, simulation.get(variable).size))
    names = [*slow, *(f"{each.name}.w" for each in network.projections)]
    again = network.with_weights({name: simulation.get(name) for name in names})
    assert again.fingerprint == network.fingerprint and (again != network) == bool(network.projections)
    for each in again.projections:
        np.testing.assert_allclose(weight_matrix(again, each), simulation.get(f"{each.name}.w"), rtol=1e-15)
    for variable in slow:
        np.testing.assert_array_equal(build(again, "torch").get(variable), simulation.get(variable))


def others(projection):
    """Other weights, as the projection may be given them, within the bounds of its rule."""
    w = np.asarray(projection.weights)
    return w * np.random.default_rng(1).uniform(0.7, 0.9, w.shape)


def small(**projection) -> Network:
    pre, post = projection.pop("sizes", (4, 4))
    return Network((Input("in", pre),), (Population("E", post, neurons.diehl_cook()),), (
        Projection("in", "E", **{"weights": 0.5, "onto": "v", **projection}),))


@pytest.mark.parametrize(("options", "w", "expected"), [
    ({}, 0.25, 0.25), ({}, np.full((4, 4), 0.25), np.full((4, 4), 0.25)),
    ({"connect": "one_to_one"}, np.diag([1.0, 2.0, 3.0, 4.0]), np.arange(1.0, 5.0)),
    ({"connect": "one_to_one"}, np.arange(4.0), np.arange(4.0)),
    ({"connect": "all_but_self"}, 2.0 * (1 - np.eye(4)), 2.0), ({"connect": "all_but_self"}, 3, 3.0),
    ({"connect": "average_pool", "window": Window((1, 4, 4), 2, stride=2), "sizes": (16, 4)},
     3 * Window((1, 4, 4), 2, stride=2).average(), 3.0),
    ({}, torch.full((4, 4), 0.25, requires_grad=True), np.full((4, 4), 0.25)),
])
def test_weights_are_kept_as_their_kind_has_them(options, w, expected):
    for name in ("in->E", "in->E.w"):
        (projection,) = small(**options).with_weights({name: w}).projections
        np.testing.assert_array_equal(projection.weights, expected)
        assert projection.connect == options.get("connect", "dense")


def test_synapses_that_shared_a_weight_and_differ_now_become_sparse():
    w = np.arange(16.0).reshape(4, 4)
    network = small(connect="all_but_self").with_weights({"in->E": w})
    (projection,) = network.projections
    assert projection.connect == "sparse"
    np.testing.assert_array_equal(projection.mask, ~np.eye(4, dtype=bool))
    np.testing.assert_array_equal(weight_matrix(network, projection), w * ~np.eye(4, dtype=bool))


def test_variables_become_initial_values():
    network = small().with_weights({"E.theta": np.arange(4), "E.v": -0.06})
    assert network.populations[0].initial["v"] == -0.06
    np.testing.assert_array_equal(build(network, "torch").get("E.theta"), np.arange(4.0))
    again = network.with_weights({"E.theta": 2.0})
    assert again.populations[0].initial == {"theta": 2.0, "v": -0.06}


@pytest.mark.parametrize(("values", "message"), [
    ({"in->e": 1.0}, r"unknown projection or variable of the network: 'in->e'; did you mean 'in->E'.*E.theta"),
    ({"E.thetas": 1.0}, "did you mean 'E.theta'"),
    ({"in->E.x": 1.0}, "unknown projection or variable"),
    ({"in->E": np.ones(4)}, r"weights of dense projection 'in->E' must have shape \(4, 4\) or \(\), got \(4,\)"),
    ({"in->E.w": np.full((4, 4), np.nan)}, "'in->E.w' holds NaN or infinity"),
    ({"in->E.w": "strong"}, "'in->E.w' must be an array of numbers, got 'strong'"),
    ({"E.theta": np.ones(3)}, r"initial 'theta' of population 'E' must be a number or have shape \(4,\), got \(3,\)"),
])
def test_what_does_not_fit_is_named(values, message):
    with pytest.raises(PlasticityError, match=message):
        small().with_weights(values)


@pytest.mark.parametrize("connect", ["average_pool", "max_pool"])
def test_a_pool_has_one_weight(connect):
    window = Window((1, 4, 4), 2, stride=2)
    network = small(connect=connect, window=window, sizes=(16, 4))
    with pytest.raises(PlasticityError, match=f"is {connect}, whose synapses have one weight; these differ"):
        network.with_weights({"in->E": window.average() * np.arange(1.0, 17)[:, None]})
    with pytest.raises(PlasticityError, match=r"must have shape \(16, 4\) or \(\), got \(4, 4\)"):
        network.with_weights({"in->E": np.ones((4, 4))})
