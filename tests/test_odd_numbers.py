"""Odd numbers at every door: used, or refused in one line that names the argument; never another kind of error."""

import inspect
import itertools
import math

import numpy as np
import pytest
import torch

from plasticity import (
    Input,
    Network,
    Neuron,
    PlasticityError,
    Population,
    Projection,
    Trace,
    Window,
    build,
    networks,
    neurons,
    rules,
)
from plasticity._utils.catalogue import called
from plasticity._utils.memory import require_memory
from plasticity._utils.random import checked_seed
from plasticity.encoding import bernoulli, constant, from_events, poisson
from plasticity.encoding.augmentation.catalogue import catalogue as augmentations
from plasticity.encoding.catalogue import catalogue as encoders
from plasticity.engines.gradient import losses, surrogates
from plasticity.errors import NetworkWarning
from plasticity.learner.gradients.optimisers import OPTIMIZERS
from plasticity.learner.labels import as_labels
from plasticity.learner.samples import as_samples
from plasticity.readout.catalogue import READOUTS, fit_readout
from plasticity.readout.catalogue import catalogue as readouts
from plasticity.readout.leaky import LeakyReadout

ODD = (math.nan, math.inf, -math.inf, -1, -1.5, 0, 1e300, 2**64, 10**400, 10**12, "x", "", None, True, (), (1, 2),
       [math.nan], {}, np.ones(2), np.float32(0.5), b"x", 1j)
X = np.random.default_rng(0).random((3, 6))
COUNTS, LABELS = np.random.default_rng(1).integers(0, 5, (20, 6)), np.arange(20) % 3


def options_of(function):
    return [argument for argument in inspect.signature(function).parameters.values()
            if argument.kind is not inspect.Parameter.VAR_KEYWORD]


def make(function, argument, value):
    return function(value) if argument.kind is inspect.Parameter.VAR_POSITIONAL else function(**{argument.name: value})


def encode(function, argument, value):
    encoder = make(function, argument, value)
    encoder(X.reshape(3, 2, 3) if encoder.takes == "sequences" else X)


def augment(function, argument, value):
    make(function, argument, value)(X.reshape(3, 2, 3), 0, np.arange(3))


def step(function, argument, value):
    weights = torch.nn.Parameter(torch.ones(3))
    weights.grad = torch.ones(3)
    optimizer = called("optimizer", "it", function, ([weights],), {"lr": 1e-3, argument.name: value})
    optimizer.step()


def fit(function, argument, value):
    if argument.name not in ("samples", "responses"):
        function(COUNTS, LABELS, 3, **{argument.name: value})


DOORS = {
    "rule": (rules.catalogue, make), "neuron": (neurons.catalogue, make), "loss": (losses.catalogue, make),
    "surrogate": (surrogates.catalogue, make), "encoder": (encoders, encode),
    "augmentation": (augmentations, augment), "readout": (readouts, make),
    "optimizer": (OPTIMIZERS, step),
    "fit": ({name: kind.fit for name, kind in READOUTS.items() if kind.needs == "counts" and name != "logistic"}, fit)}
NAMES = [(door, name) for door, (catalogue, _) in DOORS.items() for name in catalogue]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("door", "name"), NAMES)
def test_every_option_of_every_name_takes_or_refuses_odd_values(door, name):
    catalogue, use = DOORS[door]
    options = [each for each in options_of(catalogue[name]) if each.name not in ("params", "labels", "n_classes")]
    for argument, value in itertools.product(options, ODD):
        try:
            use(catalogue[name], argument, value)
        except PlasticityError as error:
            assert "\n" not in str(error)


def network(n=2, inputs=3, neuron="lif", initial=(), dt=1e-3, **projection):
    return Network((Input("in", inputs),), (Population("out", n, neuron, dict(initial)),),
                   (Projection("in", "out", **{"weights": 0.5, "onto": "v", **projection}),), dt=dt)


CELL = {"equations": "dv/dt = -v/tau : 1", "reset": "v = 0", "params": {"tau": "20*ms"}}


@pytest.mark.parametrize(("make", "message"), [
    (lambda: network(dt=0.0), "dt of Network 'network' must be positive and finite"),
    (lambda: network(dt=math.inf), "dt of Network"),
    (lambda: network(n=10**12), "network 'network' would take .* GB, and .* GB are free"),
    (lambda: network(n=10**7, inputs=10**5, rule="pair_stdp"), "would take .* GB"),
    (lambda: network(weights=np.full((3, 2), np.nan)), "weights of Projection 'in->out' must be finite"),
    (lambda: network(weights=np.ma.masked_array(np.ones((3, 2)), mask=True)), "weights of Projection"),
    (lambda: network(weights=2.0, rule="pair_stdp"), "leave the bounds"),
    (lambda: network(scale=math.nan), "scale of Projection 'in->out' must be finite"),
    (lambda: network(normalize=-1.0), "normalize of Projection 'in->out' must be positive"),
    (lambda: network(normalize=math.nan), "normalize of Projection"),
    (lambda: network(axonal_delay=math.nan), "axonal_delay of Projection 'in->out' must be finite and not negative"),
    (lambda: network(dendritic_delay=-1e-3), "dendritic_delay of Projection 'in->out' must be finite and not negative"),
    (lambda: network(axonal_delay=1e300), "steps of dt=0.001 s, more than the 2,147,483,647 that engines count"),
    (lambda: network(initial={"v": np.array([0.0, np.inf])}), r"initial\['v'\] of Population 'out' must be finite"),
    (lambda: network(neuron=Neuron(**CELL | {"params": {"tau": "-20*ms"}})), "tau of neuron 'neuron' must be positive"),
    (lambda: Neuron(**CELL | {"params": {"tau": "0*ms"}}), "tau of neuron 'neuron' must be positive"),
    (lambda: Neuron(**CELL, refractory=math.nan), "refractory of Neuron 'neuron' must be finite and not negative"),
    (lambda: Neuron(**CELL, refractory=math.inf), "refractory of Neuron"),
    (lambda: Neuron(**CELL, initial={"v": math.nan}), r"initial\['v'\] of neuron 'neuron' must be finite"),
    (lambda: Neuron(**CELL, threshold="1 > 0"), "threshold='1 > 0' of neuron 'neuron' reads no variable"),
    (lambda: Trace(math.nan), "tau of Trace must be positive"),
    (lambda: Trace(20e-3, initial=math.inf), "initial of Trace must be finite"),
    (lambda: LeakyReadout("a", 2, math.inf), "tau of LeakyReadout must be finite and not negative"),
    (lambda: rules.pair_stdp(a_plus=math.inf), "a_plus must be finite, got inf"),
    (lambda: rules.pair_stdp(w_max=math.nan), "w_max must be a number, got nan"),
    (lambda: networks.make("layers(1000000, 1000000)").build((784,), seed=0), "network 'layers' would take .* GB"),
    (lambda: networks.make("diehl-cook(neurons=1000000000000)").build((784,), seed=0), "would take .* GB"),
    (lambda: networks.make("layers(4)").build((784,), seed=2**64), "seed must be a whole number"),
    (lambda: networks.make("rates(1000000000000)").build((784,)), "a layer of 1,000,000,000,000 units would take"),
    (lambda: Window((1, 10**6, 10**6), 5).patches, "a window with .* positions would take .* GB"),
    (lambda: build(network(), "torch", batch=0), "batch must be a whole number of at least 1, got 0"),
    (lambda: build(network(), "torch", batch=10**11), "in batches of 100,000,000,000 would take"),
    (lambda: poisson(X, 10**12, 1e-3), "spikes of 3 samples over 1,000,000,000,000 steps would take"),
    (lambda: bernoulli(X, 2**64), "steps must be a whole number of at least 0"),
    (lambda: constant(X, 10**12), "would take .* GB"),
    (lambda: from_events([0], [0], [0], 10**6, 10**6, 3), "would take .* GB"),
    (lambda: poisson(X, 5, 1e-3, seed=1.5), "seed must be a whole number"),
    (lambda: fit_readout("logistic", COUNTS, LABELS, 3, c=math.nan), "c must be positive and finite, got nan"),
])
def test_what_cannot_be_is_refused_before_anything_is_made(make, message):
    with pytest.raises(PlasticityError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("seed", [2**64, -1, 1.5, None, True, "1", np.float64(1), 10**400])
def test_seeds_are_whole_numbers_of_64_bits(seed):
    with pytest.raises(PlasticityError, match="seed must be a whole number of at least 0 and below"):
        checked_seed(seed)
    assert checked_seed(np.uint64(2**64 - 1)) == 2**64 - 1 and checked_seed(np.int8(3)) == 3


@pytest.mark.parametrize(("make", "message"), [
    (lambda: network(axonal_delay=1.5e-3), "is 0.0015 s, no multiple of dt=0.001 s; it is rounded to 0.002 s"),
    (lambda: network(dendritic_delay=np.full((3, 2), 2.2e-3)), "is 0.0022 s, no multiple of dt=0.001 s"),
    (lambda: network(neuron="lif(refractory=2.6e-3)"), "refractory of population 'out' is 0.0026 s, no multiple"),
    (lambda: network(neuron=Neuron(**CELL), rule=rules.clopath(lag=3.3e-3)), "delay of v in rule 'clopath'"),
    (lambda: Trace(20), "tau=20 is 20 s; did you mean 20e-3"),
    (lambda: rules.pair_stdp(tau_plus=20.0), "tau=20 is 20 s"),
    (lambda: neurons.lif(tau=20.0), "tau of neuron 'lif_delta'=20 is 20 s; did you mean 20e-3"),
    (lambda: neurons.lif(refractory=5.0), "refractory of neuron 'lif_delta'=5 is 5 s"),
    (lambda: Projection("a", "b", 1.0, axonal_delay=1.5), "axonal_delay of projection 'a->b'=1.5 is 1.5 s"),
    (lambda: LeakyReadout("a", 2, 20.0), "tau of a readout=20 is 20 s"),
    (lambda: network(dt=1.0), "dt=1 is 1 s, and tau of population 'out' is 0.02 s"),
])
def test_what_is_rounded_or_looks_like_milliseconds_is_named(make, message):
    with pytest.warns(NetworkWarning, match=message):
        make()


@pytest.mark.filterwarnings("error::plasticity.errors.NetworkWarning")
def test_no_preset_warns():
    for catalogue in (rules.catalogue, neurons.catalogue):
        for make in catalogue.values():
            make()
    for name in networks.catalogue:
        networks.make(name).build((28, 28), seed=0)


ARRAYS = {"big-endian": X.astype(">f8"), "reversed": X[:, ::-1][:, ::-1], "read-only": np.array(X),
          "objects": X.astype(object), "column order": np.asfortranarray(X), "unmasked": np.ma.masked_array(X, False)}
ARRAYS["read-only"].flags.writeable = False


@pytest.mark.parametrize("kind", ARRAYS)
def test_samples_of_any_layout_are_the_same_samples(kind):
    samples = as_samples(ARRAYS[kind], "Learner")
    assert samples.dtype == np.float64 and samples.dtype.isnative and samples.flags.c_contiguous
    np.testing.assert_array_equal(samples, X)
    assert as_samples(X.astype("float16"), "Learner").dtype == np.float32


@pytest.mark.parametrize(("values", "message"), [
    (np.ma.masked_array(X, mask=X > 0.5), "masked values"), (np.where(X > 0.9, None, X), "X"), (X + 0j, "X|Complex"),
    (np.full((2, 3), "a"), "X"), ([[1.0], [1.0, 2.0]], "X|inhomogeneous"), (np.full((2, 3), np.nan), "NaN"),
    (np.array([[10**400]], object), "X"), (3.0, "X|array")])
def test_what_are_no_samples_is_refused(values, message):
    with pytest.raises(PlasticityError, match=message):
        as_samples(values, "Learner")


def test_masked_labels_are_refused():
    with pytest.raises(PlasticityError, match="y is a masked array with masked values"):
        as_labels(np.ma.masked_array([1, 2, 3], mask=[0, 0, 1]), 3)


def test_memory_is_compared_with_what_is_free():
    require_memory(2**28 - 1, "nothing much")
    with pytest.raises(PlasticityError, match=r"this would take .* GB, and .* GB are free"):
        require_memory(1e300, "this")
