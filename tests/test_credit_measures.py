"""Operations counted by hand, and updates followed over training."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from plasticity import Input, Learner, Network, Population, Projection, networks
from plasticity.comparison import counting
from plasticity.comparison.alignment import alignment, compare
from plasticity.comparison.operations import AlignmentRecorder, operations
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.learner import UnsupervisedClassifier
from plasticity.learner.gradient import GradientClassifier
from plasticity.learner.methods import MethodClassifier
from plasticity.learner.targets import Targets
from plasticity.network.builders import with_bias
from plasticity.network.window import Window
from plasticity.neurons.lsnn import lsnn_neuron
from plasticity.plots.alignment import alignment as drawn
from plasticity.readout.leaky import LeakyReadout
from plasticity.rules.credit import eprop

STEPS, SAMPLES, N_IN, A, B, OUT, BATCH = 12, 3, 5, 4, 3, 2, 10


def network(rule):
    rng = np.random.default_rng(0)
    mask = ~np.eye(A, dtype=bool)
    within = Projection("a", "a", rng.normal(size=(A, A)), onto="x", connect="sparse", mask=mask)
    described = Network(
        inputs=(Input("in", N_IN),), populations=(Population("a", A, lsnn_neuron()), Population("b", B, lsnn_neuron())),
        projections=(Projection("in", "a", rng.normal(0.5, 0.5, (N_IN, A)), onto="x"), within,
                     Projection("a", "b", rng.normal(0.5, 0.5, (A, B)), onto="x")))
    return GradientNetwork(described, LeakyReadout(("a", "b"), OUT), rule, seed=1)


def spikes():
    return torch.tensor(np.random.default_rng(1).random((SAMPLES, STEPS, N_IN)) < 0.4, dtype=torch.float32)


#: synapses that bring an error back in a step: readouts (or what stands for them), then open projections
BACK = {"bptt": OUT * (A + B) + A * B + A * (A - 1), "eprop": OUT * (A + B), "ottt": OUT * (A + B) + A * B,
        "dfa": OUT * (A + B) + A * (A - 1), "drtp": A + B + A * (A - 1), "decolle": OUT * (A + B)}


@pytest.mark.parametrize("rule", sorted(BACK))
def test_operations_by_hand(rule):
    net, x = network(rule), spikes()
    run = net(x)
    events = {"in": int(x.sum()), **{name: int(z.sum()) for name, z in run.spikes.items()}}
    assert all(events.values())
    passed = events["in"] * A + events["a"] * (A - 1) + events["a"] * B
    read = (events["a"] + events["b"]) * OUT
    weights = N_IN * A + A * A + A * B + OUT * (A + B)
    local = (events["a"] + events["b"]) * OUT if rule == "decolle" else 0
    found = operations(net, x, BATCH)
    assert found.inference == pytest.approx((passed + read) / SAMPLES)
    assert found.training == pytest.approx(
        2 * (passed + read) / SAMPLES + local / SAMPLES + STEPS * BACK[rule] + weights / BATCH)


def test_frozen_projections_and_silence_cost_less():
    net, x = network("eprop"), spikes()
    whole = operations(net, x)
    frozen = GradientNetwork(net.network, net.readout, net.rule, frozen=("in->a",), seed=1)
    assert whole.training - operations(frozen, x).training == pytest.approx(x.sum() * A / SAMPLES + N_IN * A)
    silent = operations(net, torch.zeros_like(x))
    assert silent.inference == 0
    assert silent.training == STEPS * BACK["eprop"] + sum(p.numel() for p in net.parameters() if p.requires_grad)


def test_a_convolution_counts_the_synapses_that_each_spike_meets():
    window = Window((1, 4, 4), 3, 2)
    net = GradientNetwork(Network(
        inputs=(Input("in", 16),), populations=(Population("a", window.n_post, lsnn_neuron()),),
        projections=(Projection("in", "a", np.ones((9, 2)), connect="convolution", window=window, onto="x"),)),
        LeakyReadout("a", 2), "bptt")
    corner, middle = torch.zeros(1, 1, 16), torch.zeros(1, 1, 16)
    corner[0, 0, 0], middle[0, 0, 5] = 1, 1
    assert operations(net, corner).inference == 1 * 2
    assert operations(net, middle).inference == 4 * 2  # it lies in all four patches


def test_methods_count_multiplications():
    x, y = np.random.default_rng(0).random((20, 6)).astype(np.float32), np.arange(20) % 2
    found = counting.method(MethodClassifier("mlp(hidden=(7,))", epochs=1, batch=10).fit(x, y), x)
    assert found["parameters"] == 6 * 7 + 7 + 7 * 2 + 2
    assert found["inference_synops_per_sample"] == 6 * 7 + 7 * 2
    # forward, the gradient of both layers' weights, and the error back through the second one; and the weights' change
    assert found["synops_per_sample"] == pytest.approx(2 * (6 * 7 + 7 * 2) + 7 * 2 + found["parameters"] / 10)


def test_the_stdp_network_is_counted_by_its_spikes():
    x, y = np.random.default_rng(0).random((20, 9)).astype(np.float32), np.arange(20) % 2
    n = 8
    learner = UnsupervisedClassifier(neurons=n, label_samples=20).fit(x, y)
    found = counting.stdp(learner, x)
    inputs, plastic = found["input_spikes_per_sample"], learner.model_.network.plastic
    assert [(part.pre, part.post) for part in plastic] == [(learner.model_.input, learner.model_.output)]
    assert found["parameters"] == 9 * n
    outputs = float(learner.responses(x).counts.sum()) / len(x)
    assert found["inference_synops_per_sample"] >= inputs * n
    assert found["synops_per_sample"] == pytest.approx(
        found["inference_synops_per_sample"] + inputs * n + outputs * 9 + 9 * n, rel=0.05)


def test_what_always_sends_is_counted_too():
    """Biases onto neurons that nothing changes: one operation per synapse and step."""
    x, y, n, steps = np.random.default_rng(0).random((20, 9)).astype(np.float32), np.arange(20) % 2, 8, 30

    def biased(n_inputs):
        model = networks.make(f"diehl_cook(neurons={n}, steps={steps})").build((n_inputs,), seed=0)
        return model.with_(network=with_bias(model.network, {model.output: np.zeros(n)}, "v"))

    plain, more = (counting.stdp(Learner(each, "pair_stdp", epochs=0).fit(x, y), x)
                   for each in (f"diehl_cook(neurons={n}, steps={steps})", biased))
    assert more["spikes_per_sample"] > 0
    inference = more["inference_synops_per_sample"] - more["input_spikes_per_sample"] * n
    assert inference == pytest.approx(more["spikes_per_sample"] * (n - 1) + steps * n)
    assert plain["input_spikes_per_sample"] == more["input_spikes_per_sample"]


def task(n=40):
    y = np.arange(n) % 2
    return (np.random.default_rng(0).random((n, STEPS, N_IN)) < 0.3 + 0.3 * y[:, None, None]), y


def test_the_recorder_sees_what_alignment_says_and_changes_nothing():
    x, y = task()
    options = {"network": (6, 5), "read": "all", "epochs": 2, "batch": 10, "seed": 3}
    plain = GradientClassifier(eprop("random"), **options).fit(x, y)
    watched = GradientClassifier(eprop("random"), **options)
    recorder, seen = AlignmentRecorder(watched, every=3), {}

    def watch(step, batch, labels):
        recorder(step, batch, labels)
        if step.epoch == 0 and step.batch == 3:
            seen.update(alignment(watched.network_, torch.as_tensor(batch),
                                  lambda run: watched.presented_.objective(run, Targets(labels))))

    watched.fit(x, y, watch=watch)
    np.testing.assert_array_equal(plain.decision_function(x), watched.decision_function(x))
    assert sorted({line["update"] for line in recorder.lines}) == [0, 3, 6]
    at = {line["parameter"]: (line["cosine"], line["norm"]) for line in recorder.lines if line["update"] == 3}
    assert at.keys() == seen.keys()
    for name, (cosine, norm) in at.items():
        assert cosine == pytest.approx(seen[name].cosine, abs=1e-6) and norm == pytest.approx(seen[name].norm, rel=1e-5)
    assert at["weights.layer1->layer2"][0] < 0.999


def test_backpropagation_is_in_line_with_itself_and_parts_of_batches_will_do():
    x, y = task()
    model = GradientClassifier("bptt", (6, 5), epochs=1, batch=20)
    recorder = AlignmentRecorder(model, every=1, most=7)
    model.fit(x, y, watch=recorder)
    assert set(recorder.mean("")) == {line["parameter"] for line in recorder.lines}
    for cosine, norm in recorder.mean("").values():
        assert cosine == pytest.approx(1, abs=1e-6) and norm == pytest.approx(1, abs=1e-5)


def test_two_updates():
    one = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    assert compare(one, 2 * one) == pytest.approx((1.0, 0.5))
    assert compare(one, torch.tensor([[1.0, 0.0], [0.0, -1.0]]))[0] == pytest.approx(0)
    assert np.isnan(compare(one, 0 * one).cosine)


def test_the_figure_has_a_column_per_parameter_and_a_line_per_rule():
    points = np.array([[0, 1.0, 1.0], [10, 0.5, 2.0]])
    axes = drawn({"weights.a": {"x": points, "y": points}, "weights.b": {"y": 2 * points}}).axes
    assert [len(part.lines) for part in axes] == [2, 1, 2, 1]
    assert axes[0].get_title(loc="left") == "a" and axes[2].get_yscale() == "log"
    np.testing.assert_array_equal(axes[2].lines[0].get_ydata(), [1, 2])
