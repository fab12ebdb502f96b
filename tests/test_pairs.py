"""Projections that list their synapses: drawn, given, kept, and run without anything of the size of all pairs."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from plasticity import Input, Network, PlasticityError, Population, Projection, RefusedError, build, neurons
from plasticity.network import connecting
from plasticity.network.pairs import Pairs

SHAPE = (60, 40)


def drawn(text, shape=SHAPE, name="a->b"):
    return connecting.draw(text, shape, "connect", name)


def network(connect="random(p=0.2)", weights=0.5, n=20, **options):
    return Network((Input("in", 12),), (Population("E", n, neurons.lif()),), (
        Projection("in", "E", weights, connect, onto="v", scale=9e-3, rule="pair_stdp", **options),
        Projection("E", "E", 1e-3, "fixed_in_degree(k=4, itself=False)", onto="v")))


X = np.random.default_rng(0).random((2, 120, 12)) < 0.1


def test_what_is_drawn_is_as_it_says():
    within, out = drawn("fixed_in_degree(k=9)"), drawn("fixed_out_degree(9)")
    assert (np.bincount(within.post, minlength=40) == 9).all() and (np.diff(out.ptr) == 9).all()
    counts = [drawn(f"random(p=0.3, seed={seed})").size for seed in range(40)]
    share = np.mean(counts) / np.prod(SHAPE)
    assert share == pytest.approx(0.3, abs=4 * np.sqrt(0.21 / np.prod(SHAPE) / 40)) and len(set(counts)) > 5
    near = drawn("distance(sigma=0.05)", (200, 200))
    apart = np.abs(near.pre - near.post) / 200
    apart = np.minimum(apart, 1 - apart)
    assert apart.max() < 0.25 and np.sqrt((apart**2).mean()) == pytest.approx(0.05, rel=0.1)
    alone = drawn("random(p=0.5, itself=False)", (30, 30))
    assert (alone.pre != alone.post).all() and alone.size > 300
    assert drawn("random(p=0)").size == 0 and drawn("random(p=1)").size == 2400


def test_every_pair_is_as_likely():
    """Sets of different neurons are drawn evenly: over many seeds each pair comes up as often."""
    lists = (drawn(f"fixed_in_degree(k=3, seed={seed})", (6, 5)) for seed in range(900))
    total = sum(pairs.matrix(np.ones(15)).toarray() for pairs in lists)
    assert abs(total / 900 - 0.5).max() < 5 * np.sqrt(0.25 / 900)


@pytest.mark.parametrize(("text", "size"), [("random(p=1e-300)", 0), ("distance(sigma=1e-300)", 20),
                                            ("distance(sigma=1e300)", 2400)])
def test_numbers_at_the_edge_are_drawn_with(text, size):
    """Nearly never, only where places are the same, and everywhere."""
    assert drawn(text).size == size


def test_a_seed_draws_the_same_and_names_draw_others():
    assert drawn("random(p=0.2, seed=3)") == drawn("random(p=0.2, seed=3)")
    assert drawn("random(p=0.2)") == drawn("random(p=0.2)") != drawn("random(p=0.2)", name="b->a")


def test_a_list_is_that_of_a_matrix():
    mask = np.random.default_rng(1).random(SHAPE) < 0.2
    for form in (mask, sparse.coo_array(mask), sparse.csc_matrix(mask)):
        pairs = Pairs.of(form)
        np.testing.assert_array_equal(pairs.matrix(np.ones(pairs.size)).toarray(), mask)
    np.testing.assert_array_equal([*zip(pairs.pre, pairs.post, strict=True)], np.argwhere(mask))
    ptr, numbers = pairs.by_post
    np.testing.assert_array_equal(pairs.post[numbers], np.sort(pairs.post))
    np.testing.assert_array_equal(np.diff(ptr), mask.sum(0))


@pytest.mark.parametrize(("wrong", "words"), [
    (lambda: Pairs([0, 2], [1, 0], 3), "rise within"), (lambda: Pairs([0, 2], [1, 1], 3), "rise within"),
    (lambda: Pairs([0, 1], [3], 3), "0 to 3"), (lambda: Pairs([1, 1], [0], 3), "ptr must rise"),
    (lambda: Pairs([0, 2, 1], [0], 3), "ptr must rise"), (lambda: drawn("fixed_in_degree(k=99)"), "lower k"),
    (lambda: drawn("random(p=2)"), "p must be from 0 to 1"), (lambda: drawn("random(q=2)"), "random"),
    (lambda: network("dense(3)"), "did you mean 'dense'"),
    (lambda: network("randm(p=0.1)"), "did you mean 'random'"), (lambda: network("pairs"), "pairs"),
    (lambda: network(lambda n_pre, n_post: np.eye(3)), r"of \(3, 3\) neurons"),
    (lambda: network(lambda n_pre, n_post: None), "are a matrix"),
    (lambda: network(lambda n_pre, n_post: np.ones(3)), "are a matrix"),
    (lambda: network(weights=sparse.coo_array(np.ones(20)), connect="dense"), "are a matrix"),
    (lambda: network("random(p=0.1)", mask=np.ones((12, 20), bool)), "leave pairs and mask away"),
    (lambda: Projection("in", "E", sparse.eye_array(12, 20), "one_to_one"), "says itself"),
    (lambda: network(weights=np.ones((12, 20)) / 2), "must have shape"),
    (lambda: network(axonal_delay=np.zeros((12, 20))), "axonal_delay"),
    (lambda: Network((Input("in", 3),), (Population("E", 2, neurons.lif()),), (
        Projection("in", "E", 0.5, "random", rule="soft_hebb"),)), "with a mask")])
def test_what_is_wrong_is_said(wrong, words):
    with pytest.raises(PlasticityError, match=words):
        wrong()


def test_gradients_ask_for_a_mask():
    from plasticity.engines.gradient.network import GradientNetwork
    from plasticity.readout.leaky import LeakyReadout

    made = network()
    plain = made.with_(projections=tuple(Projection(each.pre, each.post, each.weights, "pairs", onto="v",
                                                    pairs=each.pairs) for each in made.projections))
    with pytest.raises(RefusedError, match="use connect='sparse' with a mask"):
        GradientNetwork(plain, LeakyReadout("E", 2), "bptt")


def test_it_is_kept_with_what_was_drawn():
    made = network()
    again = Network.from_dict(made.to_dict())
    assert again == made and again.projections[0].pairs == made.projections[0].pairs
    assert network(seed_of := "random(p=0.2, seed=4)") == network(seed_of) != made
    weights = np.linspace(0.1, 0.9, made.projections[0].pairs.size)
    np.testing.assert_array_equal(made.with_weights({"in->E": weights}).projections[0].weights, weights)


def test_a_matrix_that_is_given_stays_as_it_is():
    """One of which pairs come up twice, and not in order."""
    parts = np.array([0.1, 0.2, 0.3]), np.array([2, 0, 0]), np.array([0, 3, *[3] * 11])
    given = sparse.csr_array(tuple(part.copy() for part in parts), (12, 20))
    made = Projection("in", "E", given, onto="v")
    np.testing.assert_allclose(made.weights, [0.5, 0.1])
    for part, before in zip((given.data, given.indices, given.indptr), parts, strict=True):
        np.testing.assert_array_equal(part, before)


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_no_synapse_at_all_is_silent(engine):
    ran = build(network("random(p=0)"), engine).run({"in": X})
    assert not ran.counts["E"].any()


@pytest.mark.parametrize("engine", ["event", "torch", "brian2"])
def test_states_are_listed_and_go_on(engine):
    made = network(normalize=0.8)
    pairs, first = made.projections[0].pairs, build(made, engine)
    sums = pairs.sums(first.get("in->E.w"))
    np.testing.assert_allclose(sums[sums > 0], 0.8)
    first.run({"in": X})
    kept, other = first.state(), build(made, engine)
    other.restore(kept)
    for simulation in (first, other):
        simulation.run({"in": X})
    assert first.get("in->E.w").shape == (pairs.size,)
    np.testing.assert_array_equal(first.get("in->E.w"), other.get("in->E.w"))
    first.set("in->E.w", np.full(pairs.size, 0.25))
    np.testing.assert_array_equal(first.get("in->E.w"), 0.25)
    with pytest.raises(PlasticityError, match=rf"shape \({pairs.size},\)"):
        first.set("in->E.w", np.zeros((12, 20)))


def test_what_a_projection_was_given_stays_as_it_was():
    """Weights that learn are the simulation's own, one of one synapse, too."""
    pairs, weights = Pairs.of(np.ones((12, 20))), np.full(240, 0.5)
    made = network("pairs", weights, pairs=pairs)
    simulation = build(made, "event")
    simulation.run({"in": X})
    assert (weights == 0.5).all() and (simulation.get("in->E.w") != 0.5).any()
    one = Network((Input("in", 1),), (Population("E", 1, neurons.lif()),), (
        Projection("in", "E", 0.5, "random(p=1)", onto="v", scale=30e-3, rule="pair_stdp"),))
    simulation = build(one, "event")
    simulation.run({"in": np.random.default_rng(0).random((1, 50, 1)) < 0.5})
    assert simulation.get("in->E.w").item() != 0.5


def test_nothing_of_the_size_of_all_pairs_is_made():
    """20,000 by 20,000 neurons and 100,000 synapses: all pairs would be 3.2 GB."""
    tracemalloc.start()
    made = Network((Input("in", 20000),), (Population("E", 20000, neurons.lif()),), (
        Projection("in", "E", 0.5, "fixed_in_degree(k=5)", onto="v", rule="pair_stdp", axonal_delay=1e-3),))
    simulation = build(made, "event", dtype="float32")
    simulation.state()
    simulation.get("in->E.w")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6
