"""Networks of rates as networks of spikes: the same currents, rates that come true, the same spikes on every engine."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from plasticity import (
    Input,
    Learner,
    Network,
    PlasticityError,
    Population,
    Projection,
    RefusedError,
    Window,
    build,
    convert,
    networks,
    neurons,
    stored,
)
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.network.builders import with_bias
from plasticity.network.folding import folded, matrix_of
from plasticity.neurons.twins import TWINS, twin_of
from plasticity.readout.leaky import LeakyReadout

AMPLITUDE = 0.02
UNIT = f"softlif(amplitude={AMPLITUDE}, bias=0.5, gamma=1e-3)"
POPULATIONS = ("a", "b")


def static():
    """Eight inputs, twelve units, six units, with biases; all currents are well above the threshold or below it."""
    rng = np.random.default_rng(0)
    first = np.where(np.arange(12) < 9, rng.uniform(0.3, 0.8, (8, 12)), -0.2)
    second = np.where(np.arange(6) < 5, rng.uniform(0.1, 0.4, (12, 6)), -0.1)
    plain = Network((Input("in", 8),), (Population("a", 12, UNIT), Population("b", 6, UNIT)), (
        Projection("in", "a", first, onto="x"), Projection("a", "b", second, onto="x", scale=0.5)))
    return with_bias(plain, {"a": np.full(12, 0.2), "b": np.full(6, 0.3)}, "x")


X = np.random.default_rng(1).uniform(0.2, 1.0, (4, 8))


def settled(network, x=X, steps=6):
    """population -> what its units send for ever, [samples, n]."""
    given = torch.as_tensor(np.asarray(x))[:, None].repeat(1, steps, 1)
    net = GradientNetwork(network, LeakyReadout(network.populations[-1].name, 1), dtype="float64")
    with torch.no_grad():
        return {name: z[:, -1].numpy() for name, z in net(given).spikes.items()}


def test_rates_come_true_as_time_grows():
    """A count is off by less than one spike at either end, which counts for less and less."""
    network = static()
    wanted, converted, errors = settled(network), convert(network, dt=0.05e-3, tau_s=15e-3), []
    for seconds in (0.2, 0.35, 1.0):
        rates = converted.run(X, seconds=seconds, last=seconds - 0.15, engine="event", batch=1).rates
        errors.append(max(np.abs(AMPLITUDE * rates[name] - wanted[name]).max() / wanted[name].max()
                          for name in POPULATIONS))
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.02, errors
    for name in POPULATIONS:
        assert (wanted[name] > 0.2).any() and not rates[name][wanted[name] < 1e-6].any()


def test_the_first_layer_fires_when_a_neuron_on_a_grid_does():
    """Under a constant current J a neuron crosses n steps after it was let go, and is held one step less than tau_ref:
    every spike is known."""
    network, dt, steps = static(), 0.25e-3, 2000
    converted = convert(network, dt=dt)
    ran = build(converted.network, "torch", batch=len(X)).run(signals=converted.signals(X, steps))
    current = X @ network.projection("in->a").weights + 0.2 + 0.5
    for j, count in zip(current.ravel(), ran.counts["a"].ravel(), strict=True):
        if j <= 1:
            assert count == 0
            continue
        n = math.floor(20e-3 / dt * math.log(j / (j - 1))) + 1
        assert count == (steps - n) // (n + round(2e-3 / dt) - 1) + 1


@pytest.mark.parametrize(("synapse", "engines"), [
    ("alpha", ("torch", "event", "brian2")), ("exponential", ("torch", "event"))])
def test_engines_agree_in_every_spike(synapse, engines):
    converted = convert(static(), dt=0.5e-3, synapse=synapse)
    signals = converted.signals(X[:2], 300)
    counts = [build(converted.network, engine).run(signals=signals).counts for engine in engines]
    for name in POPULATIONS:
        assert counts[0][name].max() > 5
        for other in counts[1:]:
            np.testing.assert_array_equal(counts[0][name], other[name])


@pytest.mark.parametrize("synapse", ["alpha", "exponential"])
def test_a_spike_brings_a_current_of_area_weight_times_amplitude(synapse):
    """One spike of a, and what flows into b from then on, added up."""
    w, dt, tau_s = 0.7, 2e-5, 2e-3
    network = Network((Input("in", 1),), (Population("a", 1, UNIT), Population("b", 1, "softlif")),
                      (Projection("in", "a", 1.0, onto="x"), Projection("a", "b", w, onto="x")))
    simulation = build(convert(network, dt, synapse, tau_s).network, "torch")
    current = np.zeros((1, 1500, 1))
    current[:, :10] = 200.0  # crosses once, then it is held for 2 ms, and nothing drives it any more
    ran = simulation.run(signals={"into a": current}, record=["b.I"])
    assert ran.counts["a"] == 1
    assert ran.values["b.I"].sum() * dt == pytest.approx(w * AMPLITUDE, rel=0.01)


def test_readouts_are_filtered_sums():
    network = static()
    w = np.random.default_rng(2).normal(size=(6, 3))
    for readout in (LeakyReadout("b", 3, tau=0.0, bias=True, weights=w), LeakyReadout("b", 3, scaled=False, weights=w)):
        net = GradientNetwork(network, readout, dtype="float64")
        if net.bias is not None:
            net.bias.data = torch.tensor([0.3, -0.2, 0.1], dtype=torch.float64)
        kappa, gain = readout.leak(network.dt)
        expected = settled(network)["b"] @ w * gain / (1 - kappa) + (0 if net.bias is None else net.bias.data.numpy())
        found = convert(net, tau_s=15e-3).run(X, seconds=0.5, last=0.3).outputs
        assert found.shape == (4, 3)
        np.testing.assert_allclose(found, expected, atol=0.05 * np.abs(expected).max())


def test_without_a_readout_the_last_population_answers():
    answer = convert(static()).run(X)
    np.testing.assert_array_equal(answer.outputs, AMPLITUDE * answer.rates["b"])


def test_batches_and_engines_change_no_answer():
    converted = convert(static(), dt=0.5e-3)
    whole = converted.run(X)
    for options in ({"batch": 3}, {"engine": "event", "batch": 1}):
        np.testing.assert_allclose(converted.run(X, **options).outputs, whole.outputs, rtol=1e-12)


def kinds():
    rng, window = np.random.default_rng(0), Window((1, 4, 4), (2, 2), channels=2, padding=1)
    pool = Window((2, 2, 4), (2, 2), stride=2, channels=2)
    return {
        "dense": Projection("in", "out", rng.normal(size=(16, 5)), onto="x", scale=0.3),
        "number": Projection("in", "out", 0.4, onto="x"),
        "sparse": Projection("in", "out", rng.normal(size=(16, 5)), "sparse", "x", mask=rng.random((16, 5)) < 0.4),
        "one_to_one": Projection("in", "out", rng.normal(size=16), "one_to_one", "x"),
        "all_but_self": Projection("in", "out", -0.2, "all_but_self", "x"),
        "convolution": Projection("in", "out", rng.normal(size=(4, 2)), "convolution", "x", window=window),
        "locally_connected": Projection("in", "out", rng.normal(size=(16, window.n_post)), "locally_connected", "x",
                                        window=window),
        "average_pool": Projection("in", "out", 0.7, "average_pool", "x", window=pool)}


@pytest.mark.parametrize("kind", kinds())
def test_currents_are_what_the_rate_network_brings(kind):
    projection = kinds()[kind]
    n = {"dense": 5, "number": 5, "sparse": 5, "one_to_one": 16, "all_but_self": 16}.get(kind)
    network = Network((Input("in", 16),), (Population("out", n or projection.window.n_post, "relay"),), (projection,))
    x = np.random.default_rng(3).normal(size=(3, 16))
    np.testing.assert_allclose(x @ matrix_of(network, projection), settled(network, x)["out"], atol=1e-12)


def test_several_inputs_are_given_by_name():
    rng = np.random.default_rng(0)
    network = Network((Input("one", 2), Input("two", 3)), (Population("a", 4, UNIT),), (
        Projection("one", "a", rng.random((2, 4)), onto="x"), Projection("two", "a", rng.random((3, 4)), onto="x")))
    x = {"one": rng.random((2, 2)), "two": rng.random((2, 3))}
    found = convert(network).signals(x, 7)["into a"]
    assert found.shape == (2, 7, 4)
    expected = sum(x[name] @ network.projection(f"{name}->a").weights for name in x) + 0.5
    np.testing.assert_allclose(found, np.repeat(expected[:, None], 7, 1))
    answers = [convert(network).run(x, seconds=0.02, last=0.02, batch=batch).outputs for batch in (1, 2)]
    assert answers[0].shape == (2, 4)
    np.testing.assert_array_equal(*answers)
    for strange in ({"one": x["one"]}, {"one": x["one"], "two": x["two"][:1]}):
        with pytest.raises(PlasticityError, match="must all have as many samples"):
            convert(network).signals(strange, 7)


def test_digits_cost_nothing_to_convert(tmp_path):
    """Trained as rates, answered by spikes; and again from a file, and from a memory."""
    x, y = load_digits(return_X_y=True)
    x = x / 16
    units = "softlif(amplitude=0.02, bias=1)"
    learner = Learner(f"layers(30, 20, neuron='{units}', bias=True)", "bptt", encoder="current(steps=4)", epochs=3,
                      readout="leaky(tau=0, read=last, last=1, bias=True)", lr=5e-3).fit(x[:1200], y[:1200])
    held, right = x[1200:1300], learner.score(x[1200:1300], y[1200:1300])
    answer = convert(learner).run(held, seconds=0.15)
    assert right > 0.85
    assert (learner.classes_[answer.outputs.argmax(1)] == y[1200:1300]).mean() > right - 0.03
    assert np.corrcoef(answer.outputs.ravel(), learner.decision_function(held).ravel())[0, 1] > 0.99
    assert 1 < answer.rates["layer1"].mean() < 150
    learner.save(tmp_path)
    again = convert(Learner.load(tmp_path)).run(held[:5], seconds=0.15).outputs
    np.testing.assert_array_equal(again, convert(learner).run(held[:5], seconds=0.15).outputs)
    assert np.abs(convert(stored(learner)).run(held[:5], seconds=0.15).outputs - again).max() > 1e-3


# ------------------------------------------------------------------ what is refused


def with_(**changes):
    """The static network with something else in it."""
    network = static()
    return network.with_(**{name: change(getattr(network, name)) for name, change in changes.items()})


def pooled():
    pool = Window((1, 4, 4), (2, 2), stride=2)
    return Network((Input("in", 16),), (Population("a", 16, UNIT), Population("b", 4, UNIT)), (
        Projection("in", "a", 1.0, onto="x"), Projection("a", "b", 1.0, "max_pool", "x", window=pool)))


@pytest.mark.parametrize(("network", "words"), [
    (lambda: with_(populations=lambda p: (p[0], Population("b", 6, "relay"))), "population 'b'.*'relay' has no spik"),
    (lambda: with_(populations=lambda p: (Population("a", 12, UNIT, winner="highest"), p[1])), "winner='highest'"),
    (lambda: with_(projections=lambda p: (p[0].__class__("in", "a", 1.0, onto="y"), *p[1:])), "drives 'y'"),
    (lambda: with_(projections=lambda p: (replace(p[0], normalize=3.0), *p[1:])), "is normalised"),
    (pooled, "max_pool")])
def test_what_spikes_cannot_do_is_named(network, words):
    with pytest.raises(RefusedError, match=words):
        convert(network())


@pytest.mark.parametrize(("options", "words"), [
    ({"synapse": "delta"}, "synapse"), ({"dt": 0.0}, "dt must be"), ({"tau_s": -1.0}, "tau_s must be")])
def test_values_that_cannot_be_are_named(options, words):
    with pytest.raises(PlasticityError, match=words):
        convert(static(), **options)


def test_samples_and_times_that_cannot_be_are_named():
    converted = convert(static())
    with pytest.raises(PlasticityError, match="input 'in' must have shape"):
        converted.run(np.zeros((2, 7)))
    with pytest.raises(PlasticityError, match="X holds no samples"):
        converted.run(np.zeros((0, 8)))
    for times in ({"seconds": 0.1, "last": 0.2}, {"last": 1e-5}):
        with pytest.raises(PlasticityError, match="last must be"):
            converted.run(X, **times)


def test_what_is_no_network_of_units_is_refused():
    with pytest.raises(PlasticityError, match="trained must be"):
        convert("layers(3)")
    with pytest.raises(NotFittedError):
        convert(Learner(f"layers(3, neuron='{UNIT}')", "bptt"))
    x, y = load_digits(return_X_y=True)
    with pytest.raises(RefusedError, match="spiking twin"):
        convert(Learner("mlp(5)", epochs=1).fit(x[:50], y[:50]))
    changing = Learner(f"layers(3, neuron='{UNIT}')", "bptt", encoder="rows(width=8)", epochs=1)
    changing.fit(x[:50] / 16, y[:50])
    with pytest.raises(RefusedError, match="constant currents"):
        convert(changing).run(x[:3] / 16)


@pytest.mark.parametrize("name", TWINS)
def test_every_twin_is_of_a_neuron_that_there_is(name):
    """Its variables exist, and its rate is the unit's, whatever the options."""
    unit = neurons.make(f"{name}(tau_rc=30e-3, tau_ref=1e-3, amplitude=0.5, bias=0.25, gamma=1e-3)")
    twin = twin_of(unit)
    assert {twin.spikes, twin.current} <= {*twin.neuron.variables} and twin.hears in unit.variables
    network = Network((Input("in", 1),), (Population("a", 1, unit),), (Projection("in", "a", 1.0, onto="x"),))
    x = np.array([[1.0], [2.0], [5.0]])
    counts = 0.9 * convert(network, dt=5e-5).run(x, seconds=1.0, last=0.9, engine="event").rates["a"]
    np.testing.assert_allclose(counts, 0.9 / 0.5 * settled(network, x)["a"], rtol=0.02, atol=1)


def test_a_unit_that_is_only_called_so_has_no_twin():
    """A neuron of one's own with the name of one that has."""
    own = neurons.make("unit").with_(name="softlif")
    with pytest.raises(RefusedError, match="no parameter 'amplitude', so it is not the unit of that name"):
        twin_of(own)


def test_with_its_inputs_it_answers_alike_and_learns_on():
    """Values that arrive in every step bring the currents that signals do, once the filters have risen."""
    converted, steps = convert(static(), dt=0.25e-3), 1200
    ran = build(converted.network, "torch", batch=len(X)).run(signals=converted.signals(X, steps),
                                                                   record=[f"{name}.spikes" for name in POPULATIONS])
    given = torch.as_tensor(X)[:, None].repeat(1, steps, 1)
    net = GradientNetwork(converted.hearing, LeakyReadout("b", 1), dtype="float64")
    with torch.no_grad():
        heard = net(given).spikes
    for name in POPULATIONS:
        late = ran.spikes[name].dense()[:, steps // 3:].sum(1)
        np.testing.assert_allclose(heard[name][:, steps // 3:].sum(1).numpy(), late, atol=1)
        assert late.max() > 5
    learner = Learner(converted.hearing, rule="eprop", encoder="current(steps=60)", epochs=1,
                      lr=1e-3).fit(X, [0, 1, 2, 3])
    changed = learner.network_.projection("a->b").weights - converted.hearing.projection("a->b").weights
    assert np.abs(changed).max() > 0 and learner.predict(X).shape == (4,)


@pytest.mark.parametrize("pooled", ["spikes", "currents"])
def test_relays_are_folded_and_the_rates_come_true(pooled):
    """Average pools before or behind the units: the spiking network has no relay and sends what the units do."""
    network = networks.make(f"csnn(2, 3, size=3, pooled={pooled}, pooling=average, bias=True, outputs=0, gain=4.0, "
                            f"neuron='{UNIT.replace('0.5', '1.3')}')").build((10, 10), seed=2)
    x = np.random.default_rng(3).uniform(0.2, 1.0, (2, 100))
    units, last = {"spikes": (["conv1", "conv2"], "pool2"), "currents": (["pool1", "pool2"], "pool2")}[pooled]
    weights = np.random.default_rng(4).normal(size=(network.sizes[last], 4))
    net = GradientNetwork(network, LeakyReadout(last, 4, 0.0), dtype="float64")
    with torch.no_grad():
        net.readouts[last].copy_(torch.as_tensor(weights))
    converted, wanted = convert(net, dt=0.05e-3, tau_s=15e-3), settled(network, x, 10)
    assert [part.name for part in converted.network.populations] == [*units, "readout"]
    answer = converted.run(x, seconds=0.55, last=0.4, engine="event", batch=1)
    for name in units:
        assert (wanted[name] > 0.1).mean() > 0.2
        assert np.abs(AMPLITUDE * answer.rates[name] - wanted[name]).max() < 0.1 * wanted[name].max()
    outputs = wanted[last] @ weights
    assert np.abs(answer.outputs - outputs).max() < 0.05 * np.abs(outputs).max()


def test_a_relay_beside_a_direct_way_brings_the_sum():
    rng = np.random.default_rng(5)
    w = {name: rng.normal(size=shape) for name, shape in {"ar": (4, 3), "rb": (3, 2), "ab": (4, 2)}.items()}
    network = Network((Input("a", 4),), (Population("r", 3, "relay"), Population("b", 2, UNIT)), (
        Projection("a", "r", w["ar"], onto="x", scale=2.0), Projection("r", "b", w["rb"], onto="x"),
        Projection("a", "b", w["ab"], onto="x")))
    alone, readout = folded(network, {"r": w["rb"], "b": np.eye(2)})
    (only,) = alone.projections
    np.testing.assert_allclose(matrix_of(alone, only).toarray(), 2 * w["ar"] @ w["rb"] + w["ab"], rtol=1e-12)
    np.testing.assert_allclose(readout["a"], 2 * w["ar"] @ w["rb"], rtol=1e-12)
    np.testing.assert_array_equal(readout["b"], np.eye(2))
