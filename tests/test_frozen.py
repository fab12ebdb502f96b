"""Projections that a network says are frozen: no rule that trains the whole network changes them."""

import json
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from plasticity import Input, Learner, Network, Population, Projection, RefusedError, build, neurons
from plasticity.comparison.job import Job
from plasticity.comparison.one import train_one
from plasticity.engines.gradient.network import GradientNetwork
from plasticity.errors import DataError, PlasticityError
from plasticity.networks.csnn import csnn
from plasticity.readout.counts import Counts
from plasticity.readout.leaky import LeakyReadout
from plasticity.runs import Run

X, Y = load_digits(return_X_y=True)
X, Y = X[:60] / 16, Y[:60]
LSNN = neurons.lsnn_neuron()


def network(frozen=True, rule=None):
    drawn = np.random.default_rng(0).normal
    return Network((Input("in", 64),), (Population("a", 12, LSNN), Population("b", 10, LSNN)),
                   (Projection("in", "a", drawn(size=(64, 12)) / 4, onto="x", frozen=frozen),
                    Projection("a", "b", drawn(size=(12, 10)) / 2, onto="x")), rule=rule)


def learner(described, rule="bptt", **more):
    return Learner(described, rule, encoder="latency(steps=6)", epochs=2, batch=20, **more)


@pytest.mark.parametrize("engine", ["autograd", "compiled"])
@pytest.mark.parametrize("rule", ["bptt", "eprop(feedback=random)", "dfa", "decolle"])
def test_gradients_leave_them_as_they_are(rule, engine):
    described = network()
    fitted = learner(described, rule, engine=engine).fit(X, Y)
    learned = fitted.network_
    np.testing.assert_array_equal(learned.projection("in->a").weights,
                                  described.projection("in->a").weights.astype("float32"))
    assert (learned.projection("a->b").weights != described.projection("a->b").weights).all()
    assert learned.projection("in->a").frozen and not learned.projection("a->b").frozen
    free = learner(network(frozen=False), rule, engine=engine).fit(X, Y).network_
    assert (free.projection("in->a").weights != described.projection("in->a").weights).any()


def test_online_gradients_leave_them_too():
    described = network()
    learned = learner(described, "eprop(online=True)").fit(X, Y).network_
    np.testing.assert_array_equal(learned.projection("in->a").weights,
                                  described.projection("in->a").weights.astype("float32"))


def test_it_is_what_the_argument_of_a_gradient_network_does():
    readout = LeakyReadout("b", 3)
    said, asked, both = (GradientNetwork(described, readout, "bptt", frozen=frozen, dtype=torch.float64, seed=2)
                         for described, frozen in ((network(), ()), (network(frozen=False), ("in->a",)),
                                                   (network(), ("a->b",))))
    x = (torch.rand(4, 9, 64, generator=torch.Generator().manual_seed(0)) < 0.3).double()
    for net in (said, asked, both):
        net(x).outputs.square().sum().backward()
    assert torch.equal(said.weights["a->b"].grad, asked.weights["a->b"].grad)
    assert said.weights["in->a"].grad is None and both.weights["a->b"].grad is None
    again = said.with_rule("eprop")
    assert not again.weights["in->a"].requires_grad and again.weights["a->b"].requires_grad


def test_a_frozen_convolution():
    described = csnn(64, 2, size=3, outputs=0)
    described = described.with_(projections=(replace(described.projections[0], frozen=True),
                                             *described.projections[1:]))
    fitted = learner(described).fit(X, Y)
    np.testing.assert_array_equal(fitted.network_.projections[0].weights,
                                  described.projections[0].weights.astype("float32"))
    assert len(set(fitted.losses_)) == 2  # its readout learns


def test_they_are_kept_and_compared(tmp_path):
    fitted = learner(network()).fit(X, Y)
    again = Learner.load(fitted.save(tmp_path / "learner"))
    again.partial_fit(X, Y)
    assert again.network_.projection("in->a").frozen
    np.testing.assert_array_equal(again.network_.projection("in->a").weights,
                                  network().projection("in->a").weights.astype("float32"))
    sizes = {"train_samples": 60, "test_samples": 20, "epochs": 1}
    jobs = [Job("digits", "bptt", network=network(frozen), **sizes) for frozen in (True, False)]
    assert jobs[0].digest != jobs[1].digest
    again = [Job.from_dict(json.loads(json.dumps(job.to_dict()))) for job in jobs]
    assert [job.network.projections[0].frozen for job in again] == [True, False]
    losses = [train_one(job)["losses"] for job in again]
    assert losses[0] != losses[1]


def test_the_fingerprint_tells_them_apart_and_old_files_are_read():
    assert network().fingerprint != network(frozen=False).fingerprint and network() != network(frozen=False)
    tree = json.loads(json.dumps(network().to_dict()))
    assert Network.from_dict(tree) == network()
    for projection in tree["projections"]:  # as files were before there was such a field
        del projection["frozen"]
    assert Network.from_dict(tree) == network(frozen=False)
    del tree["projections"][0]["onto"]
    with pytest.raises(DataError, match="lacks the field onto"):
        Network.from_dict(tree)


def test_a_run_goes_on_with_what_was_frozen(tmp_path):
    def stop(step, x, targets):
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        learner(network()).fit(X, Y, run=Run(tmp_path / "run", {}), callback=stop)
    with pytest.raises(PlasticityError, match="this checkpoint belongs to another network"):
        learner(network(frozen=False)).fit(X, Y, run=Run.resume(tmp_path / "run"))
    resumed = learner(network()).fit(X, Y, run=Run.resume(tmp_path / "run"))
    whole = learner(network()).fit(X, Y)
    assert all((values == whole.learned_[name]).all() for name, values in resumed.learned_.items())


def test_rules_of_synapses_go_to_the_others():
    described = network().with_(projections=(*network().projections, Projection("in", "b", 0.1, onto="x")))
    taught = described.with_rule("pair_stdp", clip=True)
    assert [each.name for each in taught.plastic] == ["in->b"] and taught.projections[0].frozen
    with pytest.raises(RefusedError, match="no projection that could learn"):
        network().with_rule("pair_stdp", clip=True)
    with pytest.raises(RefusedError, match="projection 'in->a' is frozen, so it cannot learn by rule 'pair_stdp'"):
        network().with_(projections=(Projection("in", "a", 0.1, onto="x", rule="pair_stdp", frozen=True),))
    back = taught.with_rule("eprop")
    assert [each.frozen for each in back.projections] == [True, False, False] and not back.plastic


@pytest.mark.parametrize("engine", ["torch", "event"])
def test_engines_send_over_them(engine):
    spikes = np.random.default_rng(1).random((2, 20, 64)) < 0.3
    counts = [build(network(frozen), engine, dtype="float64").run({"in": spikes}).counts["b"]
              for frozen in (True, False)]
    np.testing.assert_array_equal(*counts)
    assert counts[0].sum() > 0


def test_nothing_is_left_to_learn():
    both = network().with_(projections=tuple(replace(each, frozen=True) for each in network().projections))
    for readout in (None, Counts()):
        with pytest.raises(RefusedError, match="nothing is left to learn"):
            GradientNetwork(both, readout, "bptt")
