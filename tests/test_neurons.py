"""The neurons of the catalogue against closed forms and against Brian2's own NeuronGroup; and what is refused."""

import math
import pickle

import numpy as np
import pytest

from plasticity import (
    Input,
    LanguageError,
    Network,
    Neuron,
    PlasticityError,
    Population,
    Projection,
    Signal,
    build,
    neurons,
)
from plasticity.language.expressions import evaluate
from plasticity.neurons.discretise import brian2_equations, brian2_namespace, discretise, import_brian2
from plasticity.neurons.izhikevich import PATTERNS

DT = 1e-4


def constant(neuron, value, steps, dt=DT, record=("v",)):
    """One neuron under a constant I_ext on the torch engine: spike steps and recorded values [steps]."""
    network = Network(populations=(Population("N", 1, neuron),), dt=dt,
                      signals=(Signal("current", 1, drives="N.I_ext"),))
    found = build(network, "torch").run({}, steps=steps, signals={"current": np.full((1, steps, 1), value)},
                                        record=["N.spikes", *(f"N.{name}" for name in record)])
    return np.flatnonzero(found.spikes["N"].dense()[0, :, 0]), {n: found.values[f"N.{n}"][0, :, 0] for n in record}


def one_spike(neuron, onto, weight, steps, dt=DT, variable="v"):
    """The response of one neuron to a spike in step 0."""
    spikes = np.zeros((1, steps, 1), bool)
    spikes[0, 0, 0] = True
    network = Network((Input("in", 1),), (Population("N", 1, neuron),),
                      (Projection("in", "N", np.array([[weight]]), onto=onto),), dt=dt)
    return build(network, "torch").run({"in": spikes}, record=[f"N.{variable}"]).values[f"N.{variable}"][0, :, 0]


def by_brian2(neuron, variables, steps, dt, **initial):
    """Brian2's own simulation of the equations: values at the end of each step, and spike steps."""
    brian2 = import_brian2()
    brian2.prefs.codegen.target = "numpy"
    brian2.start_scope()
    brian2.defaultclock.dt = dt * brian2.second
    group = brian2.NeuronGroup(1, brian2_equations(neuron, refractory=True), threshold=neuron.threshold,
                               reset="\n".join(filter(None, (neuron.reset.replace(";", "\n"), neuron.adapt))),
                               refractory=(neuron.refractory - 1e-9) * brian2.second if neuron.refractory else False,
                               method=neuron.method, namespace=brian2_namespace(neuron))
    for name, value in {**neuron.start, **initial}.items():
        getattr(group, f"{name}_")[:] = value
    monitor = brian2.StateMonitor(group, variables, record=True, when="end")
    spikes = brian2.SpikeMonitor(group)
    brian2.Network(group, monitor, spikes).run(steps * dt * brian2.second)
    return {name: np.asarray(getattr(monitor, name))[0] for name in variables}, np.rint(np.asarray(spikes.t) / dt)


# Closed forms.

@pytest.mark.parametrize("refractory", [0.0, 4e-3])
def test_lif_fires_at_the_textbook_rate(refractory):
    neuron = neurons.lif(refractory=refractory, current=True)
    spikes, _ = constant(neuron, 20e-3, 9000, dt=2e-5)
    expected = refractory + 20e-3 * math.log(20 / (20 - 13))
    assert np.diff(spikes).mean() * 2e-5 == pytest.approx(expected, rel=3e-3)
    assert len(constant(neuron, 12.9e-3, 3000, dt=DT)[0]) == 0


def test_delta_synapse_decays_exactly():
    v = one_spike(neurons.lif(), "v", 5e-3, 400)
    np.testing.assert_allclose(v, -65e-3 + 5e-3 * np.exp(-np.arange(400) * DT / 20e-3), atol=1e-15)


def test_exponential_synapse_is_a_difference_of_exponentials():
    v = one_spike(neurons.lif("exponential", tau_s=4e-3), "I", 8e-3, 400)
    t = np.arange(400) * DT
    expected = 8e-3 * 4e-3 / (20e-3 - 4e-3) * (np.exp(-t / 20e-3) - np.exp(-t / 4e-3))
    np.testing.assert_allclose(v + 65e-3, expected, atol=1e-14)


def test_alpha_synapse_is_an_alpha_function():
    current = one_spike(neurons.lif("alpha", tau_s=4e-3), "g", 8e-3, 400, variable="I")
    t = np.arange(400) * DT
    np.testing.assert_allclose(current, 8e-3 * t / 4e-3 * np.exp(-t / 4e-3), atol=1e-14)


def test_conductances_pull_towards_their_reversal_potentials():
    for onto, reversal in (("ge", 0.0), ("gi", -80e-3)):
        neuron = neurons.lif("conductance", tau_e=1e6, tau_i=1e6, v_threshold=1.0)
        v = one_spike(neuron, onto, 3.0, 4000)
        assert v[-1] == pytest.approx((-65e-3 + 3.0 * reversal) / 4.0, abs=1e-6)


def test_theta_rises_while_learning_and_lives_on():
    neuron = neurons.diehl_cook(theta_plus=1e-3)
    network = Network((Input("in", 1),), (Population("N", 1, neuron),),
                      (Projection("in", "N", np.array([[30e-3]]), onto="v"),), dt=1e-3)
    simulation = build(network, "torch")
    always = np.ones((1, 50, 1), bool)
    first = simulation.run({"in": always}).counts["N"][0, 0]
    theta = simulation.get("N.theta").item()
    assert first > 3 and theta == pytest.approx(first * 1e-3, rel=1e-4)
    simulation.run({"in": always}, learn=False)
    assert simulation.get("N.theta").item() == theta


def test_alif_follows_its_recursion():
    neuron = neurons.alif(refractory=0.0, beta=0.5)
    spikes = np.random.default_rng(0).random((1, 300, 1)) < 0.3
    network = Network((Input("in", 1),), (Population("N", 1, neuron),),
                      (Projection("in", "N", np.array([[0.9]]), onto="v"),), dt=1e-3)
    found = build(network, "torch").run({"in": spikes}, record=["N.spikes", "N.a"])
    v = a = z = arriving = 0.0
    alpha, rho = math.exp(-1e-3 / 20e-3), math.exp(-1e-3 / 0.2)
    expected, adaptation = [], []
    for t in range(300):
        v, a = alpha * (v + arriving - z), rho * (a + z)
        z = float(v > 1 + 0.5 * a)
        arriving = 0.9 * spikes[0, t, 0]
        expected.append(z)
        adaptation.append(a)
    assert sum(expected) > 10
    np.testing.assert_array_equal(found.spikes["N"].dense()[0, :, 0], expected)
    np.testing.assert_allclose(found.values["N.a"][0, :, 0], adaptation, atol=1e-12)


@pytest.mark.parametrize(("activation", "g"), [("identity", lambda u: u), ("relu", lambda u: max(u, 0.0)),
                                               ("leaky_relu", lambda u: u if u > 0 else 0.1 * u)])
@pytest.mark.parametrize("graded", [False, True])
def test_snu_is_its_map(activation, g, graded):
    rng = np.random.default_rng(1)
    spikes, w = rng.random((1, 80, 4)) < 0.4, rng.normal(0.6, 0.6, (4, 1))
    unit = neurons.snu(0.8, activation=activation, graded=graded).with_(output="")  # engines send spikes
    network = Network((Input("in", 4),), (Population("N", 1, unit),),
                      (Projection("in", "N", w, onto="x"),), dt=1e-3)
    found = build(network, "torch").run({"in": spikes}, record=["N.s", "N.y", "N.spikes"])
    s = y = 0.0
    for t in range(80):
        x = float((spikes[0, t - 1] @ w)[0]) if t else 0.0
        s = g(x + 0.8 * s * (1 - y))
        y = 1 / (1 + math.exp(1.0 - s)) if graded else float(s > 1.0)
        assert found.values["N.s"][0, t, 0] == pytest.approx(s, abs=1e-12)
        assert found.values["N.y"][0, t, 0] == pytest.approx(y, abs=1e-12)
        assert found.spikes["N"].dense()[0, t, 0] == (s > 1.0)
    assert found.counts["N"].sum() > 5


# Brian2's own simulation of the same equations.

@pytest.mark.parametrize(("neuron", "dt", "variables", "drive"), [
    (neurons.lif(current=True, refractory=3e-3), 1e-4, ["v"], 20e-3),
    (neurons.lif("exponential", current=True), 1e-4, ["v", "I"], 20e-3),
    (neurons.lif("conductance", current=True, refractory=2e-3), 1e-4, ["v", "ge"], 20e-3),
    (neurons.adex(current=True), 1e-4, ["v", "w"], 0.8e-9),
    (neurons.adex(current=True, v_reset=-47.2e-3, refractory=1e-3), 5e-5, ["v", "w"], 0.8e-9),
    *((neurons.izhikevich(pattern, current=True), 2.5e-4, ["v", "u"], 10.0) for pattern in PATTERNS),
], ids=lambda value: value.name if isinstance(value, Neuron) else "")
def test_neurons_are_brian2s(neuron, dt, variables, drive):
    steps = round(0.12 / dt)
    expected, spike_steps = by_brian2(neuron, variables, steps, dt, I_ext=drive)
    spikes, values = constant(neuron, drive, steps, dt, variables)
    assert len(spikes) > 1
    np.testing.assert_array_equal(spikes, spike_steps)
    for name in variables:
        np.testing.assert_allclose(values[name], expected[name], rtol=1e-9, atol=1e-15, err_msg=name)


def test_adaptive_threshold_is_brian2s():
    neuron = neurons.diehl_cook(theta_plus=1e-3, v_rest=-45e-3)
    expected, spike_steps = by_brian2(neuron, ["v", "theta"], 2000, DT)
    network = Network(populations=(Population("N", 1, neuron),), dt=DT)
    found = build(network, "torch").run({}, steps=2000, record=["N.spikes", "N.v", "N.theta"])
    assert len(spike_steps) > 1
    np.testing.assert_array_equal(np.flatnonzero(found.spikes["N"].dense()[0, :, 0]), spike_steps)
    np.testing.assert_allclose(found.values["N.theta"][0, :, 0], expected["theta"], rtol=1e-9)


def test_patterns_differ_as_in_the_paper():
    """Fast spiking outpaces regular spiking, which adapts; chattering comes in bursts."""
    steps = 2000
    regular, fast, chattering = (constant(neurons.izhikevich(pattern, current=True), 10.0, steps, 2.5e-4)[0]
                                 for pattern in ("regular_spiking", "fast_spiking", "chattering"))
    assert len(fast) > 2 * len(regular) > 4
    gaps = np.diff(chattering)
    assert gaps.max() > 5 * gaps.min()
    assert np.diff(regular)[0] < np.diff(regular)[-1]


# What is refused, and the catalogue.

@pytest.mark.parametrize("name", neurons.catalogue)
def test_every_neuron_works_without_arguments_and_survives_pickling(name):
    neuron = neurons.make(name)
    assert pickle.loads(pickle.dumps(neuron)) == neuron and neuron.source
    known = {*neuron.variables, *neuron.constants, *neuron.subexpressions, "dt"}
    for line in discretise(neuron):
        known.add(line.target)
        named = {n: 0.1 for n in (*known, *neuron.drawn) if n.startswith("_") or n in neuron.drawn}
        namespace = {**neuron.constants, **neuron.start, "dt": 1e-4, **named}
        assert np.isfinite(evaluate(neuron.inlined(line.expr), namespace))


@pytest.mark.parametrize(("call", "complaint"), [
    (lambda: neurons.make("liff"), "did you mean 'lif'"),
    (lambda: neurons.make("lif", speed=1), "neuron 'lif': .*speed"),
    (lambda: neurons.lif("alhpa"), "did you mean 'alpha'"),
    (lambda: neurons.lif(tau=0.0), "tau must be positive"),
    (lambda: neurons.lif(v_rest="-65*mV"), "v_rest must be a number, got '-65"),
    (lambda: neurons.lif("alpha", tau=5e-3), "tau_s must differ"),
    (lambda: neurons.lif(refractory=-1.0), "refractory"),
    (lambda: neurons.izhikevich("regular"), "did you mean 'regular_spiking'"),
    (lambda: neurons.snu(decay=1.5), "decay"),
    (lambda: neurons.snu(activation="gelu"), "activation"),
    (lambda: neurons.snu(current_noise=-1.0), "current_noise"),
    (lambda: neurons.snu(dropout=0.5), "graded=True"),
    (lambda: neurons.snu(graded=True, dropout=1.0), "dropout"),
])
def test_bad_arguments_are_named(call, complaint):
    with pytest.raises(PlasticityError, match=complaint):
        call()


@pytest.mark.parametrize(("equations", "complaint"), [
    ("dv/dt = (v_rest - v)/tau : 1", "units of neuron 'bad'"),
    ("dv/dt = (v_rest - v) : volt", "units of neuron 'bad'"),
    ("dv/dt = (v_rest - v + 3*amp)/tau : volt", "units of neuron 'bad'"),
])
def test_wrong_units_are_named(equations, complaint):
    neuron = Neuron(equations, threshold="v > v_rest", params={"tau": "20*ms", "v_rest": "-65*mV"}, name="bad")
    with pytest.raises(PlasticityError, match=complaint) as error:
        discretise(neuron)
    assert "\n" not in str(error.value).split(complaint)[0]


def test_equations_that_have_no_exact_solution_ask_for_another_method():
    neuron = Neuron("dv/dt = (v**2 - v)/tau : 1", params={"tau": "20*ms"}, name="square")
    with pytest.raises(PlasticityError, match="method='exact' cannot integrate"):
        discretise(neuron)
    assert discretise(neuron.with_(method="rk4"))


@pytest.mark.parametrize(("change", "complaint"), [
    ({"threshold": "u > 1"}, "unknown name 'u'"), ({"reset": "v == 0"}, "not an assignment"),
    ({"equations": "dv = -v/tau"}, "not an equation"), ({"slow": ("theta",)}, "not a variable"),
    ({"params": {"tau": "20 ms"}}, "arithmetic"), ({"params": {"tau": "20*mss"}}, "did you mean 'ms'"),
    ({"method": "eulr"}, "did you mean 'euler'"), ({"reset_delay": 2}, "reset_delay"),
])
def test_neurons_outside_the_language_are_refused(change, complaint):
    good = {"equations": "dv/dt = -v/tau : 1", "params": {"tau": "20*ms"}, "reset": "v = 0"}
    with pytest.raises(PlasticityError, match=complaint) as error:
        neuron = Neuron(**{**good, **change})
        neuron.constants, neuron.at_reset  # noqa: B018  (texts are read when first used)
    assert isinstance(error.value, LanguageError) or "value" in str(error.value) or "reset_delay" in str(error.value)
