"""Every rule on every kind of projection that learns.

The event engine's programs run uncompiled here, so that each rule can run on each kind; compiled programs are compared
in test_rules.py and test_networks.py.
"""

import numpy as np
import pytest
from support.every_rule import DT, EVERY, learns, outside, reduces, spikes, within
from support.rule_cases import CASES
from support.step_loop import StepLoop

from plasticity import PlasticityError, engines, replay, rules
from plasticity.network.network import Input, Network, Projection, Signal
from plasticity.network.pairs import Pairs
from plasticity.network.window import Window

STEPS = 25
PADDED, BARE = Window((2, 3, 3), 2, 3, 1, (1, 0)), Window((2, 4, 3), (2, 3), 3, (2, 1))
ENGINES = ["torch", "event"]
#: cases whose changes do not depend on the weight, so that the papers' sums over spikes can be added up
ADDITIVE = ["pair", "triplet_visual_cortex", "triplet_hippocampus_nearest", "symmetric", "anti_hebbian_nearest",
            "vogels", "nearest_presynaptic_centred", "anti"]
IN_BATCHES = ["pair_soft", "nearest_presynaptic_centred", "mstdpet", "graupner_brunel", "sanger", "bcm"]
pytestmark = pytest.mark.usefixtures("interpreted_event")


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def given(rule, window, batch=1):
    lead = (STEPS, batch)
    return (spikes(lead, window.n_pre, 0.15, 1), spikes(lead, window.n_post, 0.12, 2),
            outside(rule, lead, window.n_pre, window.n_post))


def imposed(rule, engine, w, pre, post, read, **projection):
    """Final weights of one projection of any kind under imposed spikes [steps, 1, n]."""
    network = Network((Input("pre", pre.shape[2]), Input("post", post.shape[2])), dt=DT, signals=tuple(
        Signal(name, values.shape[2] if values.ndim == 3 else 0) for name, values in read.items()),
        projections=(Projection("pre", "post", w, rule=rule, label="synapses", **projection),))
    simulation = engines.build(network, engine)
    simulation.run({"pre": pre.swapaxes(0, 1), "post": post.swapaxes(0, 1)},
                   signals={name: values.swapaxes(0, 1) for name, values in read.items()})
    return simulation.get("synapses.w")


def test_the_table_holds_the_whole_catalogue():
    catalogue = [rules.make(name) for name in rules.KINDS["synapse"]]
    assert {make().name for make in EVERY.values()} >= {rule.name for rule in catalogue if learns(rule)}


@pytest.mark.parametrize("name", EVERY)
def test_convolution_is_dense_on_unfolded_input(name):
    """Each position of each sample as a sample of a dense projection."""
    rule, window = EVERY[name](), BARE
    pre, post, read = given(rule, window, batch=2)
    w = within(rule, (window.fan_in, window.channels))

    def apart(values, place):
        if place == "global":
            return np.repeat(values, window.positions, 1)
        values = values[..., window.patches] if place == "pre" else np.swapaxes(
            values.reshape(*values.shape[:2], window.channels, window.positions), 2, 3)
        return values.reshape(STEPS, -1, values.shape[-1])

    place = {**rule.reads, **rule.signals}
    dense = replay(rule, w, apart(pre, "pre"), apart(post, "post"), DT, "torch",
                   **{key: apart(values, place[key]) for key, values in read.items()})
    assert np.abs(dense.w - w).max() > 1e-6
    for engine in ("interpreter", *ENGINES):
        close(replay(rule, w, pre, post, DT, engine, window=window, **read).w, dense.w)


@pytest.mark.parametrize("name", ADDITIVE)
def test_convolution_sums_the_papers_changes_over_positions(name):
    case, window = CASES[name], PADDED
    pre, post = spikes((STEPS,), window.n_pre, 0.05, 3), spikes((STEPS,), window.n_post, 0.05, 4)
    expected = np.full((window.fan_in, window.channels), 0.5)
    for position, patch in enumerate(window.patches):
        for place, neuron in enumerate(patch):
            for channel in range(window.channels if neuron >= 0 else 0):
                after = post[:, [channel * window.positions + position]]
                alone = case.expected(np.full((1, 1), 0.5), pre[:, [neuron]], after, "strict")[0, 0]
                assert 0 < alone < 1, "at a bound of the formula, changes do not add up"
                expected[place, channel] += alone - 0.5
    rule = case.make(order="strict").with_(w_min=-100.0, w_max=100.0)
    assert np.abs(expected - 0.5).max() > 0.01
    close(replay(rule, np.full(expected.shape, 0.5), pre, post, DT, "torch", window=window).w, expected)


@pytest.mark.parametrize(("name", "reduce"), [*((name, "sum") for name in EVERY),
                                              *((name, "mean") for name in IN_BATCHES)])
def test_engines_agree_on_convolutions(name, reduce):
    """With padding and delays, weights, trajectories and traces; in a batch; and as a loop over every synapse."""
    rule, window, batch = EVERY[name](), PADDED, 2 if reduce == "mean" else 1
    pre, post, read = given(rule, window, batch)
    w = within(rule, (window.fan_in, window.channels))
    options = {"window": window, "axonal_delay": 2 * DT, "dendritic_delay": DT, "batch": reduce, "weights_every": 12}
    expected = replay(rule, w, pre, post, DT, "interpreter", **options, **read)
    for engine in ENGINES:
        found = replay(rule, w, pre, post, DT, engine, **options, **read)
        close(found.trajectory, expected.trajectory)
        for trace, values in expected.traces.items():
            close(found.traces[trace], values)
    if batch == 1 and not (reduces(rule) or rule.delayed or "noise" in rule.reads_names):
        network = Network((Input("pre", window.n_pre), Input("post", window.n_post)), dt=DT, signals=tuple(
            Signal(key, values.shape[2] if values.ndim == 3 else 0) for key, values in read.items()),
            projections=(Projection("pre", "post", w, "convolution", rule=rule, window=window, axonal_delay=2 * DT,
                                    dendritic_delay=DT, label="synapses"),))
        loop = StepLoop(network)
        loop.present({"pre": pre[:, 0], "post": post[:, 0]}, {key: values[:, 0] for key, values in read.items()}, STEPS)
        close(loop.weights["synapses"], expected.w)


@pytest.mark.parametrize("name", IN_BATCHES)
def test_delays_that_differ_in_a_batch(name):
    rule, shape, lead = EVERY[name](), (5, 4), (STEPS, 3)
    delays = DT * np.random.default_rng(6).integers(0, 5, (2, *shape))
    options = {"axonal_delay": delays[0], "dendritic_delay": delays[1], "batch": "mean", **outside(rule, lead, *shape)}
    pre, post, w = spikes(lead, shape[0], 0.15, 1), spikes(lead, shape[1], 0.12, 2), within(rule, shape)
    expected = replay(rule, w, pre, post, DT, "interpreter", **options)
    for engine in ENGINES:
        found = replay(rule, w, pre, post, DT, engine, **options)
        close(found.w, expected.w)
        for trace, values in expected.traces.items():
            close(found.traces[trace], values)


@pytest.mark.parametrize("name", EVERY)
def test_locally_connected_is_sparse(name):
    rule, window = EVERY[name](), PADDED
    pre, post, read = given(rule, window)
    w = within(rule, (window.n_pre, window.n_post))
    expected = replay(rule, w, pre, post, DT, "interpreter", mask=window.mask, **read).w
    assert not expected[~window.mask].any()
    for engine in ENGINES:
        close(imposed(rule, engine, w, pre, post, read, connect="locally_connected", window=window), expected)
        close(imposed(rule, engine, w, pre, post, read, connect="sparse", mask=window.mask), expected)


def listed(rule, w, mask):
    """A sparse projection as a list of its synapses: what `imposed` takes, and the list."""
    pairs = Pairs.of(mask)
    return {"w": w[pairs.pre, pairs.post], "connect": "pairs", "pairs": pairs}, pairs


@pytest.mark.parametrize("name", [name for name in EVERY if not EVERY[name]().reduces])
def test_listed_synapses_are_sparse_ones(name):
    """Noise is drawn for each synapse that there is, so it is another on a list: the same on both engines."""
    rule, shape = EVERY[name](), (7, 5)
    mask = np.random.default_rng(8).random(shape) < 0.4
    mask[2], mask[:, 1] = False, False  # neurons without synapses
    pre, post, read = spikes((STEPS, 1), 7, 0.15, 1), spikes((STEPS, 1), 5, 0.12, 2), outside(rule, (STEPS, 1), 7, 5)
    (options, pairs), delays = listed(rule, within(rule, shape), mask), DT * np.random.default_rng(9).integers(
        0, 4, (2, *shape))
    w = np.zeros(shape)
    w[pairs.pre, pairs.post] = options["w"]
    for late in ({}, {"axonal_delay": 2 * DT, "dendritic_delay": DT},
                 {"axonal_delay": delays[0], "dendritic_delay": delays[1]}):
        own = {side: values[pairs.pre, pairs.post] if np.ndim(values) else values for side, values in late.items()}
        torch, event = (imposed(rule, engine, pre=pre, post=post, read=read, **options, **own) for engine in ENGINES)
        close(event, torch)
        if "noise" not in rule.reads_names:
            expected = replay(rule, w, pre, post, DT, "interpreter", mask=mask, **late, **read).w
            close(pairs.matrix(event).toarray(), expected)
            assert np.abs(expected - w).max() > 1e-9


@pytest.mark.parametrize("name", EVERY)
def test_one_to_one_is_the_diagonal(name):
    """Of a dense projection, unless the rule reads other synapses: then of one whose other synapses are missing."""
    rule, n = EVERY[name](), 5
    pre, post, read = spikes((STEPS, 1), n, 0.15, 1), spikes((STEPS, 1), n, 0.12, 2), outside(rule, (STEPS, 1), n, n)
    w = within(rule, (n,))
    mask = np.eye(n, dtype=bool) if reduces(rule) else None
    expected = replay(rule, np.diag(w) if mask is not None else np.broadcast_to(w[:, None], (n, n)), pre, post, DT,
                      "interpreter", mask=mask, **read).w
    for engine in ENGINES:
        close(imposed(rule, engine, w, pre, post, read, connect="one_to_one"), np.diag(np.diag(expected)))


@pytest.mark.parametrize("name", ["pair_soft", "mstdpet", "oja"])
def test_brian2(name):
    rule, window = EVERY[name](), PADDED
    pre, post, read = given(rule, window)
    w = within(rule, (window.fan_in, window.channels))
    expected = replay(rule, w, pre, post, DT, "interpreter", window=window, weights_every=12, **read)
    found = replay(rule, w, pre, post, DT, "brian2", window=window, weights_every=12, **read)
    close(found.trajectory, expected.trajectory)
    for trace, values in expected.traces.items():
        close(found.traces[trace], values)
    w = within(rule, (window.n_pre, window.n_post))
    close(imposed(rule, "brian2", w, pre, post, read, connect="locally_connected", window=window),
          replay(rule, w, pre, post, DT, "interpreter", mask=window.mask, **read).w)
    options, pairs = listed(rule, w, window.mask)
    if not rule.reduces:
        close(pairs.matrix(imposed(rule, "brian2", pre=pre, post=post, read=read, **options)).toarray(),
              replay(rule, np.where(window.mask, w, 0.0), pre, post, DT, "interpreter", mask=window.mask, **read).w)
    n = window.n_pre
    pre, post, read, w = pre, post[:, :, :n], outside(rule, (STEPS, 1), n, n), within(rule, (n,))
    close(imposed(rule, "brian2", w, pre, post, read, connect="one_to_one"),
          imposed(rule, "torch", w, pre, post, read, connect="one_to_one"))


def test_compiled_brian2_refuses_shared_weights_by_name():
    with pytest.raises(PlasticityError, match=r"'synapses' \(convolution\) adds up the changes of shared weights"):
        imposed(rules.pair_stdp(), "brian2_cpp", 0.5, np.zeros((3, 1, 18), bool), np.zeros((3, 1, 24), bool), {},
                connect="convolution", window=PADDED)
